"""Heads and poolings of classifiers."""
