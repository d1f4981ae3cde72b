"""Batch samplers that can go on where they stopped."""
