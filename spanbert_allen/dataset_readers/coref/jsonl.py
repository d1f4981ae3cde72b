"""The reader of coreference documents as JSON lines."""

from collections.abc import Sequence
from typing import ClassVar

from allennlp.data import DatasetReader

from spanbert_allen.dataset_readers.coref.any_format import CorefFormatReader


@DatasetReader.register("spanbert_coref_jsonl")
class CorefJsonlReader(CorefFormatReader):
    """
    Read this project's JSON lines, plain or `.gz`.

    The module `formats.coref.jsonl` says what a record holds. A folder stands for all files in it
    whose names end in `.jsonl`.

    # Parameters

    indexer : `TokenIndexer`
        The token indexer `spanbert`.
    language, keep_singletons, strict
        See `CorefFilesReader`.
    """

    file_suffixes: ClassVar[Sequence[str]] = (".jsonl",)
    format_name: ClassVar[str] = "jsonl"
