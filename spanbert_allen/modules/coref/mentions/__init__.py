"""Candidate spans, their vectors and scores, and which are kept."""
