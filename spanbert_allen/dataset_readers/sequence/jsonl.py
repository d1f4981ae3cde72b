"""The reader of one's own texts and labels."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from allennlp.data import DatasetReader, TokenIndexer

from spanbert_allen.common.errors import DataError, OnProblem
from spanbert_allen.common.record_checks import shown
from spanbert_allen.dataset_readers.sequence.reader import TextPairReader
from spanbert_allen.formats.sequence.jsonl import read_text_pairs
from spanbert_allen.formats.sequence.text_pair import Label, TextPair


@DatasetReader.register("spanbert_text_pairs_jsonl")
class TextPairsJsonlReader(TextPairReader):
    """
    Reads JSON lines `{"text": ..., "text_pair": ..., "label": ..., "id": ...}`, of which only
    `text` must be there, and `label` for training; a folder is read as all files in it that end in
    `.jsonl`. The labels of the training data are the classes, the most frequent first.

    Registered as a `DatasetReader` with name "spanbert_text_pairs_jsonl".

    # Parameters

    indexer : `TokenIndexer`
        As for `TextPairReader`.
    regression : `bool`, optional (default = `False`)
        Whether labels are numbers that are to be predicted. Otherwise they are names of classes,
        and a whole number is taken for one.
    max_length, fixed_length, strict
        As for `TextPairReader`.
    """

    file_suffixes = (".jsonl",)

    def __init__(self, indexer: TokenIndexer, *, regression: bool = False, **kwargs: Any):
        super().__init__(indexer, **kwargs)
        self.regression = regression

    def examples_of(self, path: str | Path, on_problem: OnProblem) -> Iterator[TextPair]:
        """The texts of a file."""
        return read_text_pairs(path, on_problem=on_problem)

    def output_of(self, pair: TextPair, label: Label) -> str | float:
        """The name of the class, or the number to predict."""
        if self.regression:
            if isinstance(label, (str, tuple)):
                raise DataError(f"{pair.place}: `label` is {shown(label)}; it must be a number")
            return float(label)
        if isinstance(label, tuple):
            raise DataError(f"{pair.place}: `label` is a list; it must be one name")
        if isinstance(label, float):
            raise DataError(
                f"{pair.place}: `label` is {label}, which names no class; give a string, or set "
                "`regression` of the reader and the model to predict numbers"
            )
        return str(label)
