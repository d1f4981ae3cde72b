"""Trained models to and from the Hugging Face hub."""
