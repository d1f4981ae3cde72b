"""GLUE's files and JSON lines of texts and pairs."""
