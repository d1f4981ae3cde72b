"""Several tasks in one training: their vocabularies side by side."""
