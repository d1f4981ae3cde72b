"""What every answer decoder takes and gives."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import ClassVar, NamedTuple

import numpy as np
from allennlp.common import Registrable
from numpy.lib.stride_tricks import sliding_window_view

from spanbert_allen.common.errors import ConfigError
from spanbert_allen.common.spans import CharSpan
from spanbert_allen.data.qa.passage import Passage
from spanbert_allen.modules.qa.pair_terms import PairTerms


@dataclass(frozen=True)
class WindowScores:
    """
    Hold what the model says of one window of a passage.

    # Parameters

    start_logits, end_logits : `np.ndarray`
        The scores of each piece of the window as the first and the last of the answer; the first
        piece is [CLS]. Shape: (num_pieces,)
    passage_pieces : `np.ndarray`
        The index of each piece in the passage, -1 for the question, special pieces and padding.
        Shape: (num_pieces,)
    max_context : `np.ndarray`
        Whether this is the window in which the piece has most context. Shape: (num_pieces,)
    pairs : `PairTerms`, optional (default = `None`)
        What is added for spans, if the model looks at both ends together.
    """

    start_logits: np.ndarray
    end_logits: np.ndarray
    passage_pieces: np.ndarray
    max_context: np.ndarray
    pairs: PairTerms | None = None

    @property
    def is_finite(self) -> bool:
        """Return whether all scores are numbers, but for spans that are none."""
        ends = np.isfinite(self.start_logits).all() and np.isfinite(self.end_logits).all()
        if self.pairs is None:
            return bool(ends)
        return bool(ends and np.isfinite(self.pairs.null) and (self.pairs.terms < np.inf).all())

    @property
    def null(self) -> NullScore:
        """Return what the score of "no answer" is made of."""
        term = 0.0 if self.pairs is None else self.pairs.null
        return NullScore(float(self.start_logits[0]), float(self.end_logits[0]), term)

    def at_temperature(self, temperature: float) -> WindowScores:
        """Return the window with all scores divided by a temperature."""
        if temperature == 1.0:
            return self
        pairs = self.pairs
        if pairs is not None:
            pairs = pairs._replace(terms=pairs.terms / temperature, null=pairs.null / temperature)
        return replace(
            self,
            start_logits=self.start_logits / temperature,
            end_logits=self.end_logits / temperature,
            pairs=pairs,
        )

    def terms(self, firsts: np.ndarray, lasts: np.ndarray) -> np.ndarray:
        """Return what is added for spans between pieces of the window: see `PairTerms.of`."""
        if self.pairs is None:
            return np.zeros(np.broadcast_shapes(firsts.shape, lasts.shape))
        return self.pairs.of(firsts, lasts)

    def span_scores(self, starts: np.ndarray, ends: np.ndarray, max_length: int) -> np.ndarray:
        """Return the scores of spans as `span_scores`, with what is added for each."""
        scores = span_scores(starts, ends, max_length)
        if self.pairs is None:
            return scores
        # Shape: (num_pieces, 1), (num_pieces, longest)
        firsts = np.arange(len(scores))[:, None]
        lasts = firsts + np.arange(scores.shape[1])
        joint: np.ndarray = scores + self.pairs.of(firsts, lasts)
        return joint


class NullScore(NamedTuple):
    """Hold the score of "no answer" in a window: that of [CLS] as both ends, and what is added."""

    start: float
    end: float
    term: float


def lowest_null(windows: Sequence[WindowScores]) -> NullScore | None:
    """Return the lowest score of "no answer" of all windows; `None` if there are none."""
    return min((window.null for window in windows), key=sum, default=None)


@dataclass(frozen=True)
class RankedAnswer:
    """
    Hold one answer of a list of answers; an empty text stands for "no answer".

    # Parameters

    text : `str`
        As it stands in the context; `original` puts single spaces between words.
    chars : `CharSpan`, optional
        Its characters in the context; `None` for no answer, and for the word "empty" of `original`.
    start_logit, end_logit : `float`
        The scores of its first and last piece; their sum is the answer's score. `pipeline` gives
        logarithms of probabilities here.
    probability : `float`
        From 0 to 1. What it is a share of depends on the decoder.
    pair_term : `float`, optional (default = `0.0`)
        What the score has beside, if the model looks at both ends together.
    """

    text: str
    chars: CharSpan | None
    start_logit: float
    end_logit: float
    probability: float
    pair_term: float = 0.0

    @property
    def score(self) -> float:
        """Return the sum of both logits and of what is added for the pair."""
        return self.start_logit + self.end_logit + self.pair_term


@dataclass(frozen=True)
class DecodedAnswers:
    """
    Hold the answers to one question.

    # Parameters

    answers : `tuple[RankedAnswer, ...]`
        Best first. If the question may have no answer, one entry with an empty text stands for
        that; `pipeline` lists it only if it is among the best.
    null_score : `float`, optional (default = `None`)
        The score of "no answer"; `None` if the question must have one.
    unlisted : `RankedAnswer`, optional (default = `None`)
        The best answer with a text, where `answers` has no room for any.
    """

    answers: tuple[RankedAnswer, ...]
    null_score: float | None = None
    unlisted: RankedAnswer | None = None

    @property
    def best(self) -> RankedAnswer | None:
        """Return the best answer with a text; `None` if there is none."""
        return next((answer for answer in self.answers if answer.text), self.unlisted)

    @property
    def no_answer_score(self) -> float | None:
        """Return the score of "no answer" minus that of the best answer, both sums of logits."""
        if self.null_score is None:
            return None
        return self.null_score - self.best.score if self.best is not None else np.inf


class AnswerDecoder(Registrable):
    """
    Choose answers by the scores of their first and last pieces.

    There are three ways to do so:

    |                 | `exact`           | `original`              | `pipeline`               |
    |-----------------|-------------------|-------------------------|--------------------------|
    | looks at        | all spans         | spans between the best  | all spans                |
    |                 |                   | firsts and lasts        |                          |
    | a first piece   | in its best       | in its best window      | in each window           |
    |                 | window            |                         |                          |
    | text            | widened to whole  | cut out of its words    | widened to whole parts   |
    |                 | words             |                         |                          |
    | same text again | left out, its     | left out                | stays                    |
    |                 | probability added |                         |                          |
    | ranks by        | sum of logits     | sum of logits           | product of probabilities |
    |                 |                   |                         | in a window              |
    | probability     | among all spans   | among the answers given | that product             |
    | no answer       | is listed         | is listed               | is listed if it is among |
    |                 |                   |                         | the best                 |
    | nothing left    | no answers        | the word "empty"        | no answers               |

    # Parameters

    n_best : `int`, optional (default = `20`)
        How many answers to give.
    max_answer_length : `int`, optional (default = `30`)
        The most word pieces of an answer.
    """

    default_implementation = "exact"

    cuts_as_pipeline: ClassVar[bool] = False
    """Whether windows are cut as the pipeline of transformers cuts them; see `PipelineAnswers`."""

    def __init__(self, *, n_best: int = 20, max_answer_length: int = 30) -> None:
        if n_best < 1 or max_answer_length < 1:
            raise ConfigError(
                "`n_best` and `max_answer_length` of the answer decoder must be 1 or more"
            )
        self.n_best = n_best
        self.max_answer_length = max_answer_length

    def changed(
        self,
        *,
        n_best: int | None = None,
        max_answer_length: int | None = None,
        align_to_words: bool | None = None,
    ) -> AnswerDecoder:
        """
        Return a copy with other settings; `None` leaves a setting as it is.

        # Parameters

        n_best : `int`, optional (default = `None`)
            How many answers to give at least.
        max_answer_length : `int`, optional (default = `None`)
            The most word pieces of an answer.
        align_to_words : `bool`, optional (default = `None`)
            Whether answers are widened to whole words; a `ConfigError` is raised if the decoder
            has no such setting.
        """
        other = copy.copy(self)
        if n_best is not None:
            other.n_best = max(self.n_best, n_best)
        if max_answer_length is not None:
            other.max_answer_length = max_answer_length
        if align_to_words is not None:
            if not hasattr(self, "align_to_words"):
                raise ConfigError(
                    "`align_to_words` means nothing to this model's answer decoder, which always "
                    "cuts answers out of whole words; leave it out"
                )
            other.align_to_words = align_to_words
        return other

    def decode(
        self, windows: Sequence[WindowScores], passage: Passage, *, impossible: bool
    ) -> DecodedAnswers:
        """
        Return the answers to one question.

        # Parameters

        windows : `Sequence[WindowScores]`
            All windows of the passage, in order; none for a passage without pieces.
        passage : `Passage`
            The context.
        impossible : `bool`
            Whether the question may have no answer.
        """
        raise NotImplementedError


def span_scores(starts: np.ndarray, ends: np.ndarray, max_length: int) -> np.ndarray:
    """
    Return the score of each span: that of its first piece plus that of its last.

    # Parameters

    starts, ends : `np.ndarray`
        -inf where no span may begin or end. Shape: (num_pieces,)
    max_length : `int`
        The most pieces of a span.

    # Returns

    `np.ndarray`
        By the first piece and the length less 1, -inf where there is no such span.
        Shape: (num_pieces, longest), where `longest` is at most `num_pieces`
    """
    longest = max(min(max_length, len(ends)), 1)
    padded = np.concatenate([ends, np.full(longest - 1, -np.inf)], dtype=np.float64)
    scores: np.ndarray = starts[:, None] + sliding_window_view(padded, longest)
    return scores


def largest(scores: np.ndarray, count: int) -> np.ndarray:
    """
    Return the places of the largest scores, best first, earlier ones first among equals.

    # Parameters

    scores : `np.ndarray`
        Those of -inf are passed over. Shape: (num_scores,)
    count : `int`
        How many to give at most.

    # Returns

    `np.ndarray`
        Shape: (at most count,)
    """
    if len(scores) > count:
        limit = np.partition(scores, -count)[-count]
        places = np.flatnonzero((scores >= limit) & np.isfinite(scores))
    else:
        places = np.flatnonzero(np.isfinite(scores))
    best: np.ndarray = places[np.argsort(-scores[places], kind="stable")]
    return best[:count]


def log_sum_exp(scores: np.ndarray) -> float:
    """Return the logarithm of the sum of exponentials of some scores, -inf for none."""
    top = scores.max(initial=-np.inf)
    return float(top + np.log(np.exp(scores - top).sum())) if np.isfinite(top) else -np.inf
