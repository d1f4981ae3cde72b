"""Readers of questions with their contexts."""
