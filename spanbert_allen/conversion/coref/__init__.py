"""Published coreference models to archives of ours: one format a file."""
