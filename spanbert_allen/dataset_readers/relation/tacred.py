"""Read TACRED."""

from collections.abc import Iterator
from pathlib import Path

from allennlp.data import DatasetReader

from spanbert_allen.common.errors import OnProblem
from spanbert_allen.dataset_readers.relation.reader import RelationReader
from spanbert_allen.formats.relation.example import RelationExample
from spanbert_allen.formats.relation.tacred import read_tacred


@DatasetReader.register("spanbert_tacred")
class TacredReader(RelationReader):
    """
    Read files in the layout of TACRED, plain or `.gz`, an example at a time.

    `spanbert_allen.formats.relation.tacred` says what a file holds. A folder is read as all files
    in it that end in
    `.json`.

    Registered as a `DatasetReader` with name "spanbert_tacred".

    # Parameters

    indexer, mode, max_length, window, fixed_length, strict, unknown_type
        As for `RelationReader`.
    """

    file_suffixes = (".json",)

    def examples_of(self, path: str | Path, on_problem: OnProblem) -> Iterator[RelationExample]:
        """Read the examples of a file."""
        return read_tacred(path, on_problem=on_problem)
