"""Readers of relation examples."""
