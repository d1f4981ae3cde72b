"""Decoders, from scores of starts and ends to answers."""
