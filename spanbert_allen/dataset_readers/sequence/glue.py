"""Read GLUE."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from allennlp.data import DatasetReader, TokenIndexer

from spanbert_allen.common.errors import OnProblem
from spanbert_allen.dataset_readers.sequence.reader import TextPairReader
from spanbert_allen.formats.sequence.glue import read_glue
from spanbert_allen.formats.sequence.glue_tasks import glue_task
from spanbert_allen.formats.sequence.text_pair import Label, TextPair


@DatasetReader.register("spanbert_glue")
class GlueReader(TextPairReader):
    """
    Read the files of a task of GLUE (Wang et al., 2019), plain or `.gz`.

    The first line of a file
    tells which columns it has, and whether there are labels. To score the two halves of MNLI's
    validation data in one run, give both: `{"matched": ..., "mismatched": ...}`.

    Registered as a `DatasetReader` with name "spanbert_glue".

    # Parameters

    indexer : `TokenIndexer`
        As for `TextPairReader`.
    task : `str`
        CoLA, SST-2, MRPC, STS-B, QQP, MNLI, QNLI, RTE, WNLI or AX, in any case.
    max_length, fixed_length, strict
        As for `TextPairReader`.
    """

    file_suffixes = (".tsv",)

    def __init__(self, indexer: TokenIndexer, task: str, **kwargs: Any):
        super().__init__(indexer, **kwargs)
        self.task = glue_task(task)

    def examples_of(self, path: str | Path, on_problem: OnProblem) -> Iterator[TextPair]:
        """Read the rows of a file."""
        return read_glue(path, self.task, on_problem=on_problem)

    def output_of(self, pair: TextPair, label: Label) -> int | float:
        """Return the number of the class in the task's order, or the number to predict."""
        return float(str(label)) if self.task.is_regression else self.task.labels.index(str(label))
