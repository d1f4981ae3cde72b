"""The best of all answers that are possible."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from spanbert_allen.data.piece_document import IntArray
from spanbert_allen.data.qa.passage import Passage
from spanbert_allen.modules.qa.decoder import (
    AnswerDecoder,
    DecodedAnswers,
    RankedAnswer,
    WindowScores,
    largest,
    log_sum_exp,
    lowest_null,
)
from spanbert_allen.modules.qa.span_texts import SpanTexts

# A span whose score is so far below that of the last answer given adds nothing to a probability:
# not even a billion of them would.
_NEGLIGIBLE = 50.0


class _WindowSpans(NamedTuple):
    """
    Hold the spans of a window that may be answers.

    # Parameters

    starts : `np.ndarray`
        The pieces that a span may begin at, counted in the window. Shape: (num_starts,)
    scores : `np.ndarray`
        By first piece and length less 1; -inf where there is no span. Shape: (num_starts, longest)
    """

    starts: np.ndarray
    scores: np.ndarray

    def places(self, window: WindowScores, cells: IntArray) -> tuple[IntArray, IntArray]:
        """Return the first and last pieces, counted in the passage, of cells of `scores`."""
        rows, lengths = np.divmod(cells, self.scores.shape[1])
        firsts = window.passage_pieces[self.starts[rows]].astype(np.int64)
        return firsts, firsts + lengths


class _Candidates(NamedTuple):
    """
    Hold the best spans so far, best first, no two of the same text.

    # Parameters

    keys : `np.ndarray`
        As `SpanTexts.keys` gives them. Shape: (num_candidates,)
    scores : `np.ndarray`
        Sums of logits and of what is added for a pair. Shape: (num_candidates,)
    firsts, lasts : `np.ndarray`
        Pieces of the passage. Shape: (num_candidates,)
    start_logits, end_logits, pair_terms : `np.ndarray`
        Shape: (num_candidates,)
    """

    keys: np.ndarray
    scores: np.ndarray
    firsts: np.ndarray
    lasts: np.ndarray
    start_logits: np.ndarray
    end_logits: np.ndarray
    pair_terms: np.ndarray

    def distinct(self, count: int) -> "_Candidates":
        """Return the best of each text, and of these the best `count`."""
        order = np.argsort(-self.scores, kind="stable")
        _, first_places = np.unique(self.keys[order], return_index=True)
        chosen = order[np.sort(first_places)[:count]]
        return _Candidates(*(column[chosen] for column in self))

    def joined(self, other: "_Candidates") -> "_Candidates":
        """Return these and the others, which count as later ones among equals."""
        return _Candidates(*(np.concatenate(columns) for columns in zip(self, other, strict=True)))


_NO_CANDIDATES = _Candidates(
    np.empty(0, np.uint64), *(np.empty(0, kind) for kind in (float, int, int, float, float, float))
)


@AnswerDecoder.register("exact")
class ExactAnswers(AnswerDecoder):
    """
    Look at every span of the passage that may be an answer.

    A span has up to `max_answer_length` pieces and is scored in the window in which its first piece
    has most context. The original programs take the best first and last pieces before they look at
    what is possible, and so can miss the best answer.

    Answers are the context's own characters, widened to whole words. Spans of the same text are one
    answer: it has the place and the logits of the best of them, and its probability is the share of
    all of them among all spans that are possible, "no answer" included. So the first answer is that
    of the best span, and another one may be more probable that stands in the text more often. If a
    question may have no answer, the score of that is the lowest of all windows' [CLS], as in the
    original.

    One window is looked at after the other: memory grows neither with their number nor with
    `max_answer_length`.

    Registered as an `AnswerDecoder` with name "exact".

    # Parameters

    n_best, max_answer_length : `int`, optional
        See `AnswerDecoder`.
    align_to_words : `bool`, optional (default = `True`)
        Whether answers are widened to whole words, and those that differ in nothing but case, white
        space and punctuation around them count as the same text. `False` gives spans of word pieces
        as they are.
    """

    def __init__(
        self, *, n_best: int = 20, max_answer_length: int = 30, align_to_words: bool = True
    ) -> None:
        super().__init__(n_best=n_best, max_answer_length=max_answer_length)
        self.align_to_words = align_to_words

    def decode(
        self, windows: Sequence[WindowScores], passage: Passage, *, impossible: bool
    ) -> DecodedAnswers:
        """See `AnswerDecoder`."""
        null = lowest_null(windows) if impossible else None
        texts = SpanTexts(passage, align_to_words=self.align_to_words)
        best = _NO_CANDIDATES
        totals = [] if null is None else [sum(null)]
        for window in windows:
            spans = self._spans(window)
            totals.append(log_sum_exp(spans.scores.ravel()))
            best = self._updated(best, window, spans, texts)
        log_total = log_sum_exp(np.array(totals))
        answers = list(_ranked(best, self._probabilities(best, windows, texts, log_total), texts))
        if null is not None:
            share = float(np.exp(sum(null) - log_total))
            answers.append(RankedAnswer("", None, null.start, null.end, share, null.term))
            answers.sort(key=lambda answer: -answer.score)
        return DecodedAnswers(tuple(answers), None if null is None else sum(null))

    def _spans(self, window: WindowScores) -> _WindowSpans:
        """Return the spans of a window that may be answers."""
        is_passage = window.passage_pieces >= 0
        ends = np.where(is_passage, window.end_logits, -np.inf)
        length = min(self.max_answer_length, int(is_passage.sum()))
        # Shape: (num_starts,)
        starts = np.flatnonzero(is_passage & window.max_context)
        scores = window.span_scores(window.start_logits, ends, length)
        return _WindowSpans(starts, scores[starts])

    def _updated(
        self, best: _Candidates, window: WindowScores, spans: _WindowSpans, texts: SpanTexts
    ) -> _Candidates:
        """Return the best candidates, those of one more window among them."""
        scores = spans.scores.ravel()
        floor = best.scores[-1] if len(best.scores) == self.n_best else -np.inf
        # Only better ones can change anything. Shape: (num_better,)
        better = np.flatnonzero(scores > floor)
        found = _NO_CANDIDATES
        # Most often the first few are enough; where a text repeats itself, all have to be seen.
        for count in (4 * self.n_best, len(better)):
            cells = better[largest(scores[better], count)]
            found = _candidates(cells, window, spans, texts).distinct(self.n_best)
            if len(found.keys) == self.n_best or len(cells) == len(better):
                break
        return best.joined(found).distinct(self.n_best)

    def _probabilities(
        self,
        best: _Candidates,
        windows: Sequence[WindowScores],
        texts: SpanTexts,
        log_total: float,
    ) -> np.ndarray:
        """
        Return the share of each candidate's text among all spans, from 0 to 1.

        # Parameters

        best : `_Candidates`
            The candidates.
        windows : `Sequence[WindowScores]`
            All windows of the passage.
        texts : `SpanTexts`
            The texts of their spans.
        log_total : `float`
            The logarithm of the sum over everything that is possible.

        # Returns

        `np.ndarray`
            Shape: (num_candidates,)
        """
        shares = np.zeros(len(best.keys))
        if not len(shares):
            return shares
        order = np.argsort(best.keys)
        sorted_keys = best.keys[order]
        floor = best.scores[-1] - _NEGLIGIBLE
        for window in windows:
            spans = self._spans(window)
            scores = spans.scores.ravel()
            # Shape: (num_relevant,) all
            cells = np.flatnonzero(scores >= floor)
            keys = texts.keys(*spans.places(window, cells))
            ranks = np.searchsorted(sorted_keys, keys).clip(max=len(sorted_keys) - 1)
            is_given = sorted_keys[ranks] == keys
            weights = np.exp(scores[cells[is_given]] - log_total)
            shares[order] += np.bincount(ranks[is_given], weights, len(shares))
        return shares.clip(max=1.0)


def _candidates(
    cells: IntArray, window: WindowScores, spans: _WindowSpans, texts: SpanTexts
) -> _Candidates:
    """Return the candidates in some cells of a window's scores."""
    firsts, lasts = spans.places(window, cells)
    rows, lengths = np.divmod(cells, spans.scores.shape[1])
    starts = spans.starts[rows]
    return _Candidates(
        keys=texts.keys(firsts, lasts),
        scores=spans.scores.ravel()[cells],
        firsts=firsts,
        lasts=lasts,
        start_logits=window.start_logits[starts].astype(float),
        end_logits=window.end_logits[starts + lengths].astype(float),
        pair_terms=window.terms(starts, starts + lengths),
    )


def _ranked(
    best: _Candidates, probabilities: np.ndarray, texts: SpanTexts
) -> Sequence[RankedAnswer]:
    """Return the candidates as answers, in their order."""
    logits = (best.start_logits, best.end_logits)
    columns = (best.firsts, best.lasts, *logits, probabilities, best.pair_terms)
    answers = []
    for first, last, *scores in zip(*(column.tolist() for column in columns), strict=True):
        chars = texts.chars(first, last)
        answers.append(RankedAnswer(texts.text(chars), chars, *scores))
    return answers
