"""CoNLL-2012 and CoNLL-U."""
