"""Read SemEval-2010 Task 8."""

from collections.abc import Iterator
from pathlib import Path

from allennlp.data import DatasetReader

from spanbert_allen.common.errors import OnProblem
from spanbert_allen.dataset_readers.relation.reader import RelationReader
from spanbert_allen.formats.relation.example import RelationExample
from spanbert_allen.formats.relation.semeval import read_semeval


@DatasetReader.register("spanbert_semeval2010")
class SemevalReader(RelationReader):
    """
    Read the files of SemEval-2010 Task 8 as released, such as `TRAIN_FILE.TXT`, plain or `.gz`.

    `spanbert_allen.formats.relation.semeval` says what a file holds. A folder is read as all files
    in it that end in
    `.TXT`. The negative label is `Other`, and all entities have the type `ENTITY`.

    Registered as a `DatasetReader` with name "spanbert_semeval2010".

    # Parameters

    indexer, mode, max_length, window, fixed_length, strict, unknown_type
        As for `RelationReader`. The modes with `ner` hide what an entity is, or add nothing.
    """

    file_suffixes = (".TXT",)

    def examples_of(self, path: str | Path, on_problem: OnProblem) -> Iterator[RelationExample]:
        """Read the examples of a file."""
        return read_semeval(path, on_problem=on_problem)
