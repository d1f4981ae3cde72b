"""spaCy's documents as input."""
