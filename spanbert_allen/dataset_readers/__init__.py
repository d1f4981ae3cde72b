"""Files to documents, documents to instances."""

import spanbert_allen.compat  # noqa: F401  AllenNLP is mended first
from spanbert_allen.dataset_readers.coref_conll import CorefConllReader
from spanbert_allen.dataset_readers.coref_instance import document_to_instance
from spanbert_allen.dataset_readers.coref_jsonl import CorefJsonlReader
from spanbert_allen.dataset_readers.coref_reader import CorefReader

__all__ = ["CorefConllReader", "CorefJsonlReader", "CorefReader", "document_to_instance"]
