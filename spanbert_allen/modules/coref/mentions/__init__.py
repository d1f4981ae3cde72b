"""Candidate spans, their vectors and scores, and the top spans among them."""
