"""Read SQuAD 1.1 and 2.0 as instances."""

from collections.abc import Iterator
from pathlib import Path

from allennlp.data import DatasetReader

from spanbert_allen.common.errors import OnProblem
from spanbert_allen.dataset_readers.qa.reader import QuestionReader
from spanbert_allen.formats.qa.any_layout import read_questions
from spanbert_allen.formats.qa.question import Question


@DatasetReader.register("spanbert_squad")
class SquadReader(QuestionReader):
    """
    Read files in the layout of SQuAD 1.1 and 2.0, plain or `.gz`, an article at a time.

    A folder is read as all files in it that end in `.json` or `.jsonl`. Flat records and files of
    MRQA are read as well: see `read_questions`. The first answer is the one that is learnt; in
    training a question is left out if that answer does not stand in the words at its place.

    Registered as a `DatasetReader` with name "spanbert_squad".

    # Parameters

    indexer, training, max_length, stride, max_question_length, impossible_answers, fixed_length,
    strict, name_left_out, question_piece
        As for `QuestionReader`.
    """

    file_suffixes = (".json", ".jsonl")

    def examples_of(self, path: str | Path, on_problem: OnProblem) -> Iterator[Question]:
        """Read the questions of a file."""
        return read_questions(path, expected="squad", on_problem=on_problem)
