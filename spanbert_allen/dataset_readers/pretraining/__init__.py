"""The reader of corpora for pre-training."""
