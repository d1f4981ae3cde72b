"""From scores of first and last pieces to answers: what every way of decoding takes and gives."""

import copy
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from allennlp.common import Registrable

from spanbert_allen.common.errors import ConfigError
from spanbert_allen.common.spans import CharSpan
from spanbert_allen.data.qa.passage import Passage


@dataclass(frozen=True)
class WindowScores:
    """
    What the model says of one window of a passage.

    # Parameters

    start_logits, end_logits : `np.ndarray`
        For each piece of the window, [CLS] being the first. Shape: (num_pieces,)
    passage_pieces : `np.ndarray`
        The number of each piece in the passage, -1 outside of it. Shape: (num_pieces,)
    max_context : `np.ndarray`
        Whether this is the window in which the piece has most context. Shape: (num_pieces,)
    """

    start_logits: np.ndarray
    end_logits: np.ndarray
    passage_pieces: np.ndarray
    max_context: np.ndarray


@dataclass(frozen=True)
class RankedAnswer:
    """
    An answer, or with an empty text none.

    # Parameters

    text : `str`
        As it stands in the context; `original` puts single spaces between words.
    chars : `CharSpan`, optional
        Where; `None` for no answer, and for the word "empty" of `original`.
    start_logit, end_logit : `float`
        The scores of its first and last piece; their sum is the answer's. In `pipeline` logarithms
        of probabilities.
    probability : `float`
        From 0 to 1.
    """

    text: str
    chars: CharSpan | None
    start_logit: float
    end_logit: float
    probability: float

    @property
    def score(self) -> float:
        """The sum of both logits."""
        return self.start_logit + self.end_logit


@dataclass(frozen=True)
class DecodedAnswers:
    """
    The answers to one question.

    # Parameters

    answers : `tuple[RankedAnswer, ...]`
        Best first; that there is none is among them if that is allowed, but in `pipeline` only if
        it is one of the best.
    null_score : `float`, optional
        The score of there being none; `None` if that is not allowed.
    """

    answers: tuple[RankedAnswer, ...]
    null_score: float | None = None

    @property
    def best(self) -> RankedAnswer | None:
        """The best answer that is one."""
        return next((answer for answer in self.answers if answer.text), None)

    @property
    def no_answer_score(self) -> float | None:
        """The score of there being none less that of the best answer: a difference of logits."""
        if self.null_score is None:
            return None
        return self.null_score - self.best.score if self.best is not None else np.inf


class AnswerDecoder(Registrable):
    """
    Chooses answers by the scores of their first and last pieces. The ways to do so:

    |                 | `exact`           | `original`              | `pipeline`               |
    |-----------------|-------------------|-------------------------|--------------------------|
    | looks at        | all spans         | spans of the best       | all spans                |
    |                 |                   | firsts and lasts        |                          |
    | a first piece   | in its best       | in its best window      | in each window           |
    |                 | window            |                         |                          |
    | text            | of its pieces     | cut out of its words    | widened to whole parts   |
    | same text again | left out          | left out                | stays                    |
    | ranks by        | sum of logits     | sum of logits           | product of probabilities |
    |                 |                   |                         | in a window              |
    | probability     | among all spans   | among the answers given | that product             |
    | no answer       | is listed         | is listed               | is listed if one of the  |
    |                 |                   |                         | best                     |
    | nothing left    | no answers        | the word "empty"        | no answers               |

    # Parameters

    n_best : `int`, optional (default = `20`)
        How many to give.
    max_answer_length : `int`, optional (default = `30`)
        In word pieces.
    """

    default_implementation = "exact"

    def __init__(self, *, n_best: int = 20, max_answer_length: int = 30) -> None:
        if n_best < 1 or max_answer_length < 1:
            raise ConfigError(
                "`n_best` and `max_answer_length` of the answer decoder must be 1 or more"
            )
        self.n_best = n_best
        self.max_answer_length = max_answer_length

    def changed(
        self, *, n_best: int | None = None, max_answer_length: int | None = None
    ) -> "AnswerDecoder":
        """A copy that gives so many answers at least, or has another limit to their length."""
        other = copy.copy(self)
        if n_best is not None:
            other.n_best = max(self.n_best, n_best)
        if max_answer_length is not None:
            other.max_answer_length = max_answer_length
        return other

    def decode(
        self, windows: Sequence[WindowScores], passage: Passage, *, impossible: bool
    ) -> DecodedAnswers:
        """
        The answers to one question.

        # Parameters

        windows : `Sequence[WindowScores]`
            All windows of the passage, in order; none for a passage without pieces.
        passage : `Passage`
            The context.
        impossible : `bool`
            Whether there may be no answer.
        """
        raise NotImplementedError
