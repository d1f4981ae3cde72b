"""Scores of coreference: `metric` and `mention_recall` need torch, all else does not."""
