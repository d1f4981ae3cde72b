"""Files to documents, documents to instances."""
