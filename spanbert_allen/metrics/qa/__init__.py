"""Scores of answers: `metric` needs torch, all else does not."""
