"""Relation examples to the pieces of a model's input, and its labels and markers."""
