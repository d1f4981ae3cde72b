"""Trained models of others to archives of ours, and archives to folders of transformers."""
