"""A question on a passage as the question answering model's input."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from allennlp.data import Instance
from allennlp.data.fields import Field, MetadataField, TensorField

from spanbert_allen.common.errors import ConfigError
from spanbert_allen.common.spans import PieceSpan
from spanbert_allen.data.piece_document import IntArray
from spanbert_allen.data.pieces import SpecialPieces
from spanbert_allen.data.qa.passage import Passage
from spanbert_allen.data.qa.windows import NUM_SPECIAL, best_windows, window_spans
from spanbert_allen.formats.qa.question import Question

NO_SPAN = PieceSpan(-1, -1)
"""The label of a question that the passage does not answer."""

_PADDING = {"segment_ids": -1, "passage_pieces": -1}


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
    overlap : `int`, optional (default = `None`)
        Instead of the stride: how many pieces neighbouring windows share.
    """

    max_length: int
    stride: int
    max_question_length: int
    fixed_length: bool = False
    overlap: int | None = None

    def __post_init__(self) -> None:
        if self.stride < 1 or self.max_question_length < 0:
            raise ConfigError("`stride` must be 1 or more, `max_question_length` 0 or more")
        room = self.max_length - self.max_question_length - NUM_SPECIAL
        if room < 1:
            raise ConfigError(
                f"`max_length` {self.max_length} leaves no room for the passage beside a question "
                f"of {self.max_question_length} pieces and {NUM_SPECIAL} special ones; raise it or "
                "lower `max_question_length`"
            )
        if self.overlap is not None and not 0 <= self.overlap < room:
            raise ConfigError(
                f"`doc_stride` is {self.overlap}: it must be 0 or more, and less than the {room} "
                "pieces of the passage that a window has room for"
            )


@dataclass(frozen=True)
class Decoding:
    """
    What a user asks for beside the question; `None` leaves a setting to the model.

    # Parameters

    n_best : `int`, optional
        How many answers, at least.
    max_answer_length : `int`, optional
        In word pieces.
    impossible_answers : `bool`, optional
        Whether there may be no answer.
    threshold : `float`, optional
        If the no-answer score is above it, there is none.
    """

    n_best: int | None = None
    max_answer_length: int | None = None
    impossible_answers: bool | None = None
    threshold: float | None = None


@dataclass(frozen=True)
class QuestionInput:
    """
    What the answers to a question are decoded with.

    # Parameters

    question : `Question`
        The question.
    passage : `Passage`
        Its context.
    decoding : `Decoding`, optional (default = `None`)
        How, if not as the model does it for all.
    """

    question: Question
    passage: Passage
    decoding: Decoding | None = None


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
        stride = shape.stride if shape.overlap is None else room - shape.overlap
        self.spans = window_spans(len(passage), room, stride)

    def columns(self, number: int) -> dict[str, np.ndarray]:
        """The tensors of a window, each of shape (num_pieces,): see `question_instance`."""
        start, end = self.spans[number]
        first = len(self._head)
        last = first + end - start  # the final [SEP]
        length = self._shape.max_length if self._shape.fixed_length else last + 1
        columns: dict[str, np.ndarray] = {
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
    windows: QuestionWindows,
    question: Question,
    answer: PieceSpan | None = None,
    decoding: Decoding | None = None,
) -> Instance:
    """
    One instance with all windows of a question, one after the other. P counts pieces of all
    windows, W windows.

    # Parameters

    windows : `QuestionWindows`
        The windows.
    question : `Question`
        The question.
    answer : `PieceSpan`, optional (default = `None`)
        The answer that is learnt, for the loss: `NO_SPAN` for none, `None` if that is not known.
    decoding : `Decoding`, optional (default = `None`)
        What the user asks for.

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
    fields["question"] = MetadataField(QuestionInput(question, windows.passage, decoding))
    return Instance(fields)


def _joined(parts: Sequence[dict[str, np.ndarray]]) -> dict[str, np.ndarray]:
    if len(parts) == 1:
        return parts[0]
    if not parts:  # a passage without pieces
        empty = np.zeros(0, np.int32)
        names = ("token_ids", "segment_ids", "type_ids", "passage_pieces")
        return dict.fromkeys(names, empty) | {"max_context": empty.astype(bool)}
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
