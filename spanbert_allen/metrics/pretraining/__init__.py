"""Scores of pre-training; `metric` needs torch."""
