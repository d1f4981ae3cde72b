"""Everything that several models find in one text."""
