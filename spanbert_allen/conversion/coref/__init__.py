"""Published coreference models to archives of ours: one format a file."""

from spanbert_allen.conversion.coref.importing import FORMATS, import_coref

__all__ = ["FORMATS", "import_coref"]
