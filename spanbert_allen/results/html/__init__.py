"""Results as self-contained pages and in notebooks."""
