"""Texts with masked spans in, pieces that fill them out."""
