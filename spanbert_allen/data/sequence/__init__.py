"""Texts and pairs to instances."""
