"""Read the data of the MRQA 2019 shared task as instances."""

from collections.abc import Iterator
from pathlib import Path

from allennlp.data import DatasetReader

from spanbert_allen.common.errors import OnProblem
from spanbert_allen.dataset_readers.qa.reader import QuestionReader
from spanbert_allen.formats.qa.any_layout import read_questions
from spanbert_allen.formats.qa.question import Question


@DatasetReader.register("spanbert_mrqa")
class MrqaReader(QuestionReader):
    """
    Read files of MRQA 2019 (Fisch et al., 2019), plain or `.gz`.

    A folder is read as all files in it that end in `.jsonl`. Files of SQuAD are read as well: see
    `read_questions`. The earliest detected answer is the one that is learnt.

    Registered as a `DatasetReader` with name "spanbert_mrqa".

    # Parameters

    indexer, training, max_length, stride, max_question_length, impossible_answers, fixed_length,
    strict, name_left_out, question_piece
        As for `QuestionReader`.
    """

    file_suffixes = (".jsonl",)
    drops_lost_answers = False

    def examples_of(self, path: str | Path, on_problem: OnProblem) -> Iterator[Question]:
        """Read the questions of a file."""
        return read_questions(path, expected="mrqa", on_problem=on_problem)
