"""Readers of texts and pairs to classify."""
