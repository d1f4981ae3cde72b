"""Scores of relations: `metric` needs torch, all else does not."""
