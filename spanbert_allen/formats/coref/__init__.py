"""Coreference formats, one a file; `registry` lists them."""
