"""spaCy: a pipeline component, and documents of spaCy as input."""
