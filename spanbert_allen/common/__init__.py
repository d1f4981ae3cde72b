"""Spans, documents, text and errors: nothing here imports torch or AllenNLP."""
