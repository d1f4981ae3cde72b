"""Checkpoints that a training continues from exactly."""
