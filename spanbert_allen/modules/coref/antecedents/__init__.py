"""Scorers of pairs of a mention and an antecedent."""
