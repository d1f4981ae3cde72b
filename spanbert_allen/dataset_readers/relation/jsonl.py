"""Read a user's own relations from JSON lines."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from allennlp.data import DatasetReader, TokenIndexer

from spanbert_allen.common.errors import OnProblem
from spanbert_allen.common.text import checked_language
from spanbert_allen.dataset_readers.relation.reader import RelationReader
from spanbert_allen.formats.relation.example import RelationExample
from spanbert_allen.formats.relation.jsonl import read_relation_jsonl


@DatasetReader.register("spanbert_relation_jsonl")
class RelationJsonlReader(RelationReader):
    """
    Read JSON lines with a `text` or `tokens`, two entities and a label.

    `spanbert_allen.formats.relation.jsonl` says what a line holds. A folder is read as all files in
    it that end in
    `.jsonl`.

    Registered as a `DatasetReader` with name "spanbert_relation_jsonl".

    # Parameters

    indexer, mode, max_length, window, fixed_length, strict, unknown_type
        As for `RelationReader`; `window` is `entities` by default.
    language : `str`, optional (default = `"en"`)
        spaCy's code of the language, to split `text` into words.
    """

    file_suffixes = (".jsonl",)
    default_window = "entities"

    def __init__(self, indexer: TokenIndexer, *, language: str = "en", **kwargs: Any):
        super().__init__(indexer, **kwargs)
        self.language = checked_language(language)

    def examples_of(self, path: str | Path, on_problem: OnProblem) -> Iterator[RelationExample]:
        """Read the examples of a file."""
        return read_relation_jsonl(path, language=self.language, on_problem=on_problem)
