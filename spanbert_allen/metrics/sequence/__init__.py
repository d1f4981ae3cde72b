"""Scores of texts and pairs: `metric` needs torch, all else does not."""
