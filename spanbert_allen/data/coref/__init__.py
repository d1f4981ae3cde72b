"""Coreference documents to instances."""
