"""Questions about a block: pieces that stand for spans whose text is found elsewhere in it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from allennlp.common import Registrable

from spanbert_allen.common.errors import ConfigError
from spanbert_allen.data.pieces import PieceTokenizer
from spanbert_allen.data.pretraining.draws import Draws
from spanbert_allen.data.pretraining.masking.masking import Rows
from spanbert_allen.data.question_piece import question_piece_id

BoolArray = npt.NDArray[np.bool_]
IntArray = npt.NDArray[np.integer[Any]]


class Answers(NamedTuple):
    """
    Where the answers to questions are in the blocks that the model reads.

    # Parameters

    rows : `IntArray`
        The row of each question, in order. Shape: (num_questions,)
    columns : `IntArray`
        The place of the question piece. Shape: (num_questions,)
    starts, ends : `IntArray`
        The first and the last piece of the answer. Shape: (num_questions,)
    """

    rows: IntArray
    columns: IntArray
    starts: IntArray
    ends: IntArray


@dataclass(frozen=True, kw_only=True)
class Questions:
    """
    Spans to be replaced by a question piece each, and the spans that answer them.

    No two spans of a row overlap, but several questions may have the same answer.

    # Parameters

    rows : `IntArray`
        The row of each question. Shape: (num_questions,)
    starts, ends : `IntArray`
        The first piece of the replaced span, and the one behind its last. Shape: (num_questions,)
    answer_starts, answer_ends : `IntArray`
        The same of the span that answers it. Shape: (num_questions,)
    """

    rows: IntArray
    starts: IntArray
    ends: IntArray
    answer_starts: IntArray
    answer_ends: IntArray

    def ask(self, ids: IntArray, rows: Rows, piece: int) -> tuple[IntArray, Rows, Answers]:
        """
        Put the question piece in the place of each span, which makes a row shorter.

        # Parameters

        ids : `IntArray`
            The pieces. Shape: (num_rows, longest)
        rows : `Rows`
            What is known of them.
        piece : `int`
            The id of the question piece.

        # Returns

        `tuple[IntArray, Rows, Answers]`
            Shorter rows, in which neither a question nor an answer may be masked, and where the
            answers are in them.
        """
        num_rows, longest = ids.shape
        ids = ids.copy()
        ids[self.rows, self.starts] = piece
        # Shape: (num_rows, longest)
        is_left = np.arange(longest) < rows.lengths[:, None]
        is_left &= ~_covered(ids.shape, self.rows, self.starts + 1, self.ends)
        is_closed = _covered(ids.shape, self.rows, self.answer_starts, self.answer_ends)
        is_closed[self.rows, self.starts] = True
        places = is_left.cumsum(axis=1) - 1
        lengths = is_left.sum(axis=1)
        row, old = is_left.nonzero()
        new = places[row, old]

        def moved(table: npt.NDArray[Any]) -> npt.NDArray[Any]:
            # Shape: (num_rows, longest that is left)
            target = np.zeros((num_rows, int(lengths.max())), table.dtype)
            target[row, new] = table[row, old]
            return target

        answers = Answers(
            rows=self.rows,
            columns=places[self.rows, self.starts],
            starts=places[self.rows, self.answer_starts],
            ends=places[self.rows, self.answer_ends - 1],
        )
        changed = Rows(
            lengths=lengths,
            starts_word=moved(rows.starts_word),
            tagged=None if rows.tagged is None else moved(rows.tagged),
            may_be_masked=moved(~is_closed),
        )
        return moved(ids), changed, answers


class Questioner(ABC):
    """Find questions in rows of pieces of one vocabulary."""

    @abstractmethod
    def __call__(self, ids: IntArray, rows: Rows, draws: Draws) -> Questions:
        """
        Find questions.

        # Parameters

        ids : `IntArray`
            The pieces. Shape: (num_rows, longest)
        rows : `Rows`
            What is known of them.
        draws : `Draws`
            The random numbers.

        # Returns

        `Questions`
            In the order of the rows and, in a row, of the replaced spans.
        """


class QuestionSpans(Registrable, ABC):
    """
    Choose spans that a question piece stands for, to be found elsewhere in the block.

    # Parameters

    max_questions : `int`, optional (default = `30`)
        The most questions of a block.
    rate : `float`, optional (default = `0.15`)
        The most questions for each piece of a block, so that short blocks have fewer.
    piece : `str`, optional (default = `None`)
        The question piece. `None` is the first of `[QUESTION]`, `[unused100]` and `[MASK]` that the
        vocabulary has.
    """

    def __init__(
        self, *, max_questions: int = 30, rate: float = 0.15, piece: str | None = None
    ) -> None:
        if max_questions < 1:
            raise ConfigError(
                f"`max_questions` of the questions is {max_questions}: it must be 1 or more"
            )
        if not 0 < rate <= 1:
            raise ConfigError(
                f"`rate` of the questions is {rate}: it must be above 0, and 1 at most"
            )
        self._max_questions, self._rate, self._piece = max_questions, rate, piece

    @abstractmethod
    def of_vocabulary(self, tokenizer: PieceTokenizer) -> Questioner:
        """
        Prepare for the pieces of a vocabulary.

        # Parameters

        tokenizer : `PieceTokenizer`
            Cuts words into those pieces.
        """

    def piece_id(self, tokenizer: PieceTokenizer) -> int:
        """Return the id of the question piece."""
        if self._piece is None:
            return question_piece_id(tokenizer.vocabulary)
        if self._piece not in tokenizer.vocabulary:
            raise ConfigError(
                f"`piece` of the questions is {self._piece!r}, which the encoder's vocabulary does "
                "not have: name a piece that no text has, such as [unused1], or leave it out"
            )
        return tokenizer.id_of(self._piece)

    def budgets(self, lengths: IntArray) -> IntArray:
        """
        Return how many questions there may be in rows of given lengths.

        # Parameters

        lengths : `IntArray`
            Shape: (num_rows,)

        # Returns

        `IntArray`
            Shape: (num_rows,)
        """
        wanted = np.rint(lengths * self._rate).astype(np.int64)
        return wanted.clip(1, self._max_questions)


def _covered(shape: tuple[int, ...], rows: IntArray, starts: IntArray, ends: IntArray) -> BoolArray:
    """Return which places lie in spans, of shape (num_rows, longest)."""
    edges = np.zeros((shape[0], shape[1] + 1), np.int64)
    np.add.at(edges, (rows, starts), 1)
    np.add.at(edges, (rows, ends), -1)
    covered: BoolArray = edges.cumsum(axis=1)[:, :-1] > 0
    return covered
