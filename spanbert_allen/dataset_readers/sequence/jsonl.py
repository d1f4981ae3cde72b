"""Read a user's own texts and labels from JSON lines."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from allennlp.data import DatasetReader, TokenIndexer

from spanbert_allen.common.errors import ConfigError, DataError, OnProblem
from spanbert_allen.common.record_checks import shown
from spanbert_allen.data.sequence.instance import Output
from spanbert_allen.dataset_readers.sequence.reader import TextPairReader
from spanbert_allen.formats.sequence.jsonl import read_text_pairs
from spanbert_allen.formats.sequence.text_pair import Label, TextPair


@DatasetReader.register("spanbert_text_pairs_jsonl")
class TextPairsJsonlReader(TextPairReader):
    """
    Read JSON lines `{"text": ..., "text_pair": ..., "label": ..., "id": ...}`.

    Only `text` must be there, and `label` for training. A folder is read as all files in it that
    end in
    `.jsonl`. The labels of the training data are the classes, the most frequent first.

    Registered as a `DatasetReader` with name "spanbert_text_pairs_jsonl".

    # Parameters

    indexer : `TokenIndexer`
        As for `TextPairReader`.
    regression : `bool`, optional (default = `False`)
        Whether labels are numbers that are to be predicted. Otherwise they are names of classes,
        and a whole number is taken for one.
    multi_label : `bool`, optional (default = `False`)
        Whether a text may have any number of classes: its label is a list of names then, or one
        name. The model must have `multi_label` set as well.
    max_length, fixed_length, strict
        As for `TextPairReader`.
    """

    file_suffixes = (".jsonl",)

    def __init__(
        self,
        indexer: TokenIndexer,
        *,
        regression: bool = False,
        multi_label: bool = False,
        **kwargs: Any,
    ):
        super().__init__(indexer, **kwargs)
        if regression and multi_label:
            raise ConfigError("dataset_reader.multi_label: a number is no class; set one of both")
        self.regression = regression
        self.multi_label = multi_label

    def examples_of(self, path: str | Path, on_problem: OnProblem) -> Iterator[TextPair]:
        """Read the texts of a file."""
        return read_text_pairs(path, on_problem=on_problem)

    def output_of(self, pair: TextPair, label: Label) -> Output:
        """Return the name of the class, the names of all classes, or the number to predict."""
        if self.regression:
            if isinstance(label, (str, tuple)):
                raise DataError(f"{pair.place}: `label` is {shown(label)}; it must be a number")
            return float(label)
        if isinstance(label, tuple) and not self.multi_label:
            raise DataError(
                f"{pair.place}: `label` is the list {shown(list(label))}; give one name, or set "
                "`multi_label` of the reader and the model"
            )
        if isinstance(label, tuple):
            return label
        if isinstance(label, float):
            raise DataError(
                f"{pair.place}: `label` is {label}, which names no class; give a string, or set "
                "`regression` of the reader and the model to predict numbers"
            )
        return (str(label),) if self.multi_label else str(label)
