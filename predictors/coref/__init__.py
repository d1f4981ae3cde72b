"""Coreference: texts, words and documents in, clusters out."""
