"""A question on a passage as the question answering model's input."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from allennlp.data import Instance
from allennlp.data.fields import Field, MetadataField, TensorField

from spanbert_allen.common.questions import Question
from spanbert_allen.common.spans import PieceSpan
from spanbert_allen.data.passage import Passage
from spanbert_allen.data.piece_document import IntArray
from spanbert_allen.data.qa_windows import NUM_SPECIAL, best_windows, window_spans

NO_SPAN = PieceSpan(-1, -1)
"""The label of a question that the passage does not answer."""

_PADDING = {"segment_ids": -1, "passage_pieces": -1}


class SpecialPieces(NamedTuple):
    """Their ids in the vocabulary."""

    cls: int
    sep: int


@dataclass(frozen=True)
class WindowShape:
    """
    How passages are cut.

    # Parameters

    max_length : `int`
        The most pieces of a window, those of the question and three special ones counted.
    stride : `int`
        How many pieces after a window the next one begins.
    max_question_length : `int`
        The pieces of a question beyond so many are cut off.
    fixed_length : `bool`, optional (default = `False`)
        Whether every window is padded to `max_length`.
    """

    max_length: int
    stride: int
    max_question_length: int
    fixed_length: bool = False


@dataclass(frozen=True)
class QuestionInput:
    """What the answers to a question are decoded with."""

    question: Question
    passage: Passage


class QuestionWindows:
    """
    The windows of a question: [CLS] question [SEP] window [SEP], in that order.

    # Parameters

    question_ids : `Sequence[int]`
        The pieces of the question.
    passage : `Passage`
        What it is asked on.
    special : `SpecialPieces`
        The special pieces.
    shape : `WindowShape`
        How to cut.
    """

    def __init__(
        self,
        question_ids: Sequence[int],
        passage: Passage,
        special: SpecialPieces,
        shape: WindowShape,
    ):
        self.passage = passage
        self._shape = shape
        kept = question_ids[: shape.max_question_length]
        # Shape: (num_question_pieces + 2,)
        self._head = np.array([special.cls, *kept, special.sep], np.int32)
        self._sep = special.sep
        room = shape.max_length - len(kept) - NUM_SPECIAL
        self.spans = window_spans(len(passage), room, shape.stride)

    def columns(self, number: int) -> dict[str, np.ndarray]:
        """The tensors of a window, each of shape (num_pieces,): see `question_instance`."""
        start, end = self.spans[number]
        first = len(self._head)
        last = first + end - start  # the final [SEP]
        length = self._shape.max_length if self._shape.fixed_length else last + 1
        columns = {
            "token_ids": np.zeros(length, np.int32),
            "segment_ids": np.full(length, number, np.int16),
            "type_ids": np.zeros(length, np.int8),
            "passage_pieces": np.full(length, -1, np.int32),
        }
        columns["token_ids"][:first] = self._head
        columns["token_ids"][first:last] = self.passage.piece_ids[start:end]
        columns["token_ids"][last] = self._sep
        columns["type_ids"][first : last + 1] = 1
        columns["passage_pieces"][first:last] = np.arange(start, end)
        if self._shape.fixed_length:
            columns["attended"] = np.arange(length) <= last
        return columns

    def max_context(self, number: int, best: IntArray) -> np.ndarray:
        """Whether the window is the best one of its pieces. Shape: (num_pieces,)"""
        pieces = self.columns(number)["passage_pieces"]
        return (pieces >= 0) & (best[pieces] == number)

    def label(self, number: int, answer: PieceSpan) -> tuple[int, int]:
        """
        First and last piece of the answer, counted in the window; [CLS], which is 0, if it is not
        wholly inside.
        """
        start, end = self.spans[number]
        if answer.start < start or answer.end >= end:
            return 0, 0
        offset = len(self._head) - start
        return answer.start + offset, answer.end + offset


def window_instances(windows: QuestionWindows, answer: PieceSpan) -> Iterator[Instance]:
    """
    An instance for each window of a question, for training.

    # Parameters

    windows : `QuestionWindows`
        The windows.
    answer : `PieceSpan`
        The answer in pieces of the passage, or `NO_SPAN`.

    # Returns

    `Iterator[Instance]`
        Without `max_context` and `question`, the fields of `question_instance` for one window.
    """
    for number in range(len(windows.spans)):
        columns = windows.columns(number)
        columns["segment_ids"][:] = 0
        yield Instance(_fields(columns) | _label_fields([windows.label(number, answer)]))


def question_instance(
    windows: QuestionWindows, question: Question, answer: PieceSpan | None
) -> Instance:
    """
    One instance with all windows of a question, one after the other. P counts pieces of all
    windows, W windows.

    # Parameters

    windows : `QuestionWindows`
        The windows.
    question : `Question`
        The question.
    answer : `PieceSpan`, optional
        The answer that is learnt, for the loss: `NO_SPAN` for none, `None` if that is not known.

    # Returns

    `Instance`
        `token_ids (P,)`; `segment_ids (P,)`, the number of the window; `type_ids (P,)`: 0 to the
        first [SEP], 1 for the passage and the final one; `passage_pieces (P,)`: the place of a
        piece in the passage, -1 outside of it; `max_context (P,)`: whether this is the window in
        which the piece has most context; with a fixed length, `attended (P,)`: false for padding
        inside of a window; with an answer, `answer_starts` and `answer_ends (W,)`, counted in the
        window, where 0 is [CLS]; `question`, a `QuestionInput`.
    """
    best = best_windows(windows.spans, len(windows.passage))
    numbers = range(len(windows.spans))
    parts = [
        windows.columns(number) | {"max_context": windows.max_context(number, best)}
        for number in numbers
    ]
    fields = _fields(_joined(parts))
    if answer is not None:
        fields |= _label_fields([windows.label(number, answer) for number in numbers])
    fields["question"] = MetadataField(QuestionInput(question, windows.passage))
    return Instance(fields)


def _joined(parts: Sequence[dict[str, np.ndarray]]) -> dict[str, np.ndarray]:
    if len(parts) == 1:
        return parts[0]
    if not parts:  # a passage without pieces
        empty = np.zeros(0, np.int32)
        names = ("token_ids", "segment_ids", "type_ids", "passage_pieces")
        return {name: empty for name in names} | {"max_context": empty.astype(bool)}
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def _fields(columns: dict[str, np.ndarray]) -> dict[str, Field[Any]]:
    return {
        name: TensorField(column, padding_value=_PADDING.get(name, 0))
        for name, column in columns.items()
    }


def _label_fields(labels: Sequence[tuple[int, int]]) -> dict[str, Field[Any]]:
    # Shape: (num_windows, 2)
    table = np.array(labels, np.int64).reshape(-1, 2)
    return {
        "answer_starts": TensorField(table[:, 0], padding_value=-1),
        "answer_ends": TensorField(table[:, 1], padding_value=-1),
    }
