"""Turn a question on a passage into the input of the question answering model."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from allennlp.data import Instance
from allennlp.data.fields import Field, MetadataField, TensorField

from spanbert_allen.common.errors import ConfigError, DataError
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
    Hold how passages are cut into windows.

    # Parameters

    max_length : `int`
        The most pieces of a window, those of the question and three special ones counted.
    stride : `int`
        How many pieces after the start of a window the next one begins.
    max_question_length : `int`, optional
        Pieces of a question beyond so many are cut off; `None` cuts nothing.
    fixed_length : `bool`, optional (default = `False`)
        Whether every window is padded to `max_length`.
    overlap : `int`, optional (default = `None`)
        Instead of the stride: how many pieces neighbouring windows share.
    may_shrink_overlap : `bool`, optional (default = `False`)
        Whether windows share fewer pieces where a long question leaves too little room for so many,
        instead of raising an error.
    question_piece : `int`, optional (default = `None`)
        The id of a piece to put behind each question, which is never cut off.
    """

    max_length: int
    stride: int
    max_question_length: int | None
    fixed_length: bool = False
    overlap: int | None = None
    may_shrink_overlap: bool = False
    question_piece: int | None = None

    def check(self) -> None:
        """Raise a `ConfigError` if the longest questions would leave no room for the passage."""
        if self.stride < 1 or (self.max_question_length or 0) < 0:
            raise ConfigError("`stride` must be 1 or more, `max_question_length` 0 or more")
        if self.room(self.max_question_length or 0) < 1:
            raise ConfigError(
                f"`max_length` {self.max_length} leaves no room for the passage beside a question "
                f"of {self.max_question_length} pieces and {NUM_SPECIAL} special ones; raise it or "
                "lower `max_question_length`"
            )

    def room(self, question_length: int) -> int:
        """Return how many pieces of the passage a window takes beside so many of the question."""
        return self.max_length - question_length - NUM_SPECIAL - (self.question_piece is not None)

    def stride_of(self, room: int) -> int:
        """Return the stride of windows with room for so many pieces of the passage."""
        if self.overlap is None:
            return self.stride
        if self.overlap >= room and not self.may_shrink_overlap:
            raise DataError(
                f"`doc_stride` is {self.overlap}, but the question leaves room for {room} pieces "
                "of the context in a window, and windows cannot share as many; lower `doc_stride` "
                "or raise `max_seq_len`"
            )
        return room - min(self.overlap, room - 1)


@dataclass(frozen=True)
class Decoding:
    """
    Hold what a user asks for beside the question; `None` leaves a setting to the model.

    # Parameters

    n_best : `int`, optional (default = `None`)
        How many answers to give at least.
    max_answer_length : `int`, optional (default = `None`)
        The most word pieces of an answer.
    impossible_answers : `bool`, optional (default = `None`)
        Whether the question may have no answer.
    threshold : `float`, optional (default = `None`)
        The question counts as unanswerable if the no-answer score is above it.
    align_to_words : `bool`, optional (default = `None`)
        Whether answers are widened to whole words.
    """

    n_best: int | None = None
    max_answer_length: int | None = None
    impossible_answers: bool | None = None
    threshold: float | None = None
    align_to_words: bool | None = None


@dataclass(frozen=True)
class QuestionInput:
    """
    Hold what the answers to a question are decoded with.

    # Parameters

    question : `Question`
        The question.
    passage : `Passage`
        The passage of its context.
    decoding : `Decoding`, optional (default = `None`)
        What the user asks for; by default nothing that differs from the model's settings.
    """

    question: Question
    passage: Passage
    decoding: Decoding | None = None


class QuestionWindows:
    """
    Cut a passage into the windows of a question: [CLS] question [SEP] window [SEP], in that order.

    The question ends with the shape's question piece, if there is one.

    # Parameters

    question_ids : `Sequence[int]`
        The ids of the question's pieces.
    passage : `Passage`
        The passage of the question's context.
    special : `SpecialPieces`
        The special pieces of the vocabulary.
    shape : `WindowShape`
        How to cut. A `DataError` is raised if the question leaves no room for the passage.
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
        marks = (
            [special.sep] if shape.question_piece is None else [shape.question_piece, special.sep]
        )
        # Shape: (num_question_pieces + 2,), with a question piece 1 more
        self._head = np.array([special.cls, *kept, *marks], np.int32)
        self._sep = special.sep
        room = shape.room(len(kept))
        if room < 1:
            raise DataError(
                f"the question has {len(kept)} pieces, which leave no room for the context in a "
                f"window of {shape.max_length}; raise `max_seq_len` or lower `max_question_len`"
            )
        self.spans = window_spans(len(passage), room, shape.stride_of(room))

    @property
    def fixed_length(self) -> bool:
        """Return whether every window is padded to the longest length."""
        return self._shape.fixed_length

    def columns(self, number: int) -> dict[str, np.ndarray]:
        """Return the columns of a window, each of shape (num_pieces,): see `question_instance`."""
        start, end = self.spans[number]
        first = len(self._head)
        last = first + end - start  # the final [SEP]
        length = self._shape.max_length if self._shape.fixed_length else last + 1
        columns: dict[str, np.ndarray] = {
            "token_ids": np.zeros(length, np.int32),
            "segment_ids": np.full(length, number, np.int32),
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
        """
        Return for each piece whether this window is its best one.

        # Parameters

        number : `int`
            The number of the window.
        best : `IntArray`
            As `best_windows` gives it. Shape: (num_passage_pieces,)

        # Returns

        `np.ndarray`
            False outside of the passage. Shape: (num_pieces,)
        """
        pieces = self.columns(number)["passage_pieces"]
        return (pieces >= 0) & (best[pieces] == number)

    def label(self, number: int, answer: PieceSpan) -> tuple[int, int]:
        """
        Return the first and last piece of the answer, counted in the window.

        Both are 0, which is [CLS], if the answer is not wholly inside.
        """
        start, end = self.spans[number]
        if answer.start < start or answer.end >= end:
            return 0, 0
        offset = len(self._head) - start
        return answer.start + offset, answer.end + offset


def window_instances(windows: QuestionWindows, answer: PieceSpan) -> Iterator[Instance]:
    """
    Yield an instance for each window of a question, for training.

    # Parameters

    windows : `QuestionWindows`
        The windows of the question.
    answer : `PieceSpan`
        The answer in pieces of the passage, or `NO_SPAN`.

    # Returns

    `Iterator[Instance]`
        The fields of `question_instance` for one window, without `max_context` and `question`.
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
    Return one instance with all windows of a question, one after the other.

    # Parameters

    windows : `QuestionWindows`
        The windows of the question.
    question : `Question`
        The question.
    answer : `PieceSpan`, optional (default = `None`)
        The answer that is learnt, for the loss: `NO_SPAN` for an unanswerable question, `None` if
        the answer is not known.
    decoding : `Decoding`, optional (default = `None`)
        What the user asks for.

    # Returns

    `Instance`
        With P for the pieces of all windows and W for the windows: `token_ids (P,)`;
        `segment_ids (P,)`, the number of the window; `type_ids (P,)`, 0 up to the first [SEP] and 1
        for the passage and the final [SEP]; `passage_pieces (P,)`, the index of a piece in the
        passage, -1 outside of it; `max_context (P,)`, whether this is the window in which the piece
        has most context; with a fixed length, `attended (P,)`, false for padding inside a window;
        with an answer, `answer_starts (W,)` and `answer_ends (W,)`, counted in the window, where 0
        is [CLS]; and `question`, a `QuestionInput`.
    """
    best = best_windows(windows.spans, len(windows.passage))
    numbers = range(len(windows.spans))
    parts = [
        windows.columns(number) | {"max_context": windows.max_context(number, best)}
        for number in numbers
    ]
    fields = _fields(_joined(parts, fixed_length=windows.fixed_length))
    if answer is not None:
        fields |= _label_fields([windows.label(number, answer) for number in numbers])
    fields["question"] = MetadataField(QuestionInput(question, windows.passage, decoding))
    return Instance(fields)


def _joined(parts: Sequence[dict[str, np.ndarray]], *, fixed_length: bool) -> dict[str, np.ndarray]:
    if len(parts) == 1:
        return parts[0]
    if not parts:  # a passage without pieces
        empty = np.zeros(0, np.int32)
        names = ("token_ids", "segment_ids", "type_ids", "passage_pieces")
        flags = ("max_context", "attended") if fixed_length else ("max_context",)
        return dict.fromkeys(names, empty) | dict.fromkeys(flags, empty.astype(bool))
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
