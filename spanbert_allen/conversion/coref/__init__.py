"""Published coreference models to archives of ours: one format a file."""

from spanbert_allen.conversion.coref.importing import import_coref

__all__ = ["import_coref"]
