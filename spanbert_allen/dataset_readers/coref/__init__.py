"""Readers of coreference documents."""
