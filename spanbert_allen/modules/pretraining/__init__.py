"""The heads of pre-training."""
