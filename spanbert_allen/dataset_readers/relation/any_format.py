"""Read relations in any of the layouts that the project knows."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from allennlp.data import DatasetReader, TokenIndexer

from spanbert_allen.common.errors import OnProblem
from spanbert_allen.common.text import checked_language
from spanbert_allen.dataset_readers.relation.reader import RelationReader
from spanbert_allen.formats.relation.detection import SUFFIXES, read_relations
from spanbert_allen.formats.relation.example import RelationExample


@DatasetReader.register("spanbert_relation")
class AnyRelationReader(RelationReader):
    """
    Read files of relations in any layout, told by their first record.

    Layouts are TACRED's, SemEval-2010's, JSON lines of a user's own, brat's `.ann` with its `.txt`,
    WebAnno TSV 3 of INCEpTION with a relation layer, and what doccano, Label Studio, SpERT and
    DyGIE write. Texts with entities and relations give an
    example for each relation, and one with the label `no_relation` for every other ordered pair of
    entities of a sentence.

    Registered as a `DatasetReader` with name "spanbert_relation".

    # Parameters

    indexer, mode, max_length, window, fixed_length, strict, unknown_type
        As for `RelationReader`; `window` is `entities` by default.
    language : `str`, optional (default = `"en"`)
        spaCy's code of the language, to split texts into words.
    """

    file_suffixes = SUFFIXES
    default_window = "entities"

    def __init__(self, indexer: TokenIndexer, *, language: str = "en", **kwargs: Any):
        super().__init__(indexer, **kwargs)
        self.language = checked_language(language)

    def examples_of(self, path: str | Path, on_problem: OnProblem) -> Iterator[RelationExample]:
        """Read the examples of a file."""
        return read_relations(path, language=self.language, on_problem=on_problem)
