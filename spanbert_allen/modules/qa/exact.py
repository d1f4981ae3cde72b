"""The best of all answers that are possible."""

from collections.abc import Sequence

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from spanbert_allen.data.qa.passage import Passage
from spanbert_allen.modules.qa.decoder import (
    AnswerDecoder,
    DecodedAnswers,
    RankedAnswer,
    WindowScores,
)


@AnswerDecoder.register("exact")
class ExactAnswers(AnswerDecoder):
    """
    Looks at every span of the passage that may be an answer: up to `max_answer_length` pieces,
    counted in the window in which its first piece has most context. The original programs take the
    best first and last pieces before they look at what is possible, and so can miss the best. Texts
    are the context's own characters, and the probability of an answer is its share among all
    possible ones. Where there may be none, its score is the lowest of all windows' [CLS], as in the
    original.

    Registered as an `AnswerDecoder` with name "exact".
    """

    def decode(
        self, windows: Sequence[WindowScores], passage: Passage, *, impossible: bool
    ) -> DecodedAnswers:
        """See `AnswerDecoder`."""
        null = min(
            (
                (float(window.start_logits[0]), float(window.end_logits[0]))
                for window in windows
                if impossible
            ),
            key=sum,
            default=None,
        )
        # Shape: (num_windows, num_pieces, max_answer_length), ragged
        bands = [self._band(window) for window in windows]
        scores = np.concatenate([band.ravel() for band in bands] or [np.empty(0)])
        # Shape: (num_candidates,): the same text may stand there twice, so some more than asked for
        best = largest(scores, 4 * self.n_best)
        everything = scores if null is None else np.append(scores, sum(null))
        log_total = log_sum_exp(everything)
        answers: list[RankedAnswer] = []
        seen = set()
        for place in best:
            if len(answers) == self.n_best:
                break
            first, last, start, end = self._locate(int(place), bands, windows)
            chars = passage.chars(first, last)
            text = passage.text[chars.start : chars.end]
            if text not in seen:
                seen.add(text)
                share = float(np.exp(scores[place] - log_total))
                answers.append(RankedAnswer(text, chars, start, end, share))
        if null is not None:
            share = float(np.exp(sum(null) - log_total))
            answers.append(RankedAnswer("", None, *null, share))
            answers.sort(key=lambda answer: -answer.score)
        return DecodedAnswers(tuple(answers), None if null is None else sum(null))

    def _band(self, window: WindowScores) -> np.ndarray:
        """
        The score of each span by its first piece and its length less 1, -inf where there is none.
        Shape: (num_pieces, max_answer_length)
        """
        is_passage = window.passage_pieces >= 0
        # Shape: (num_pieces,) both
        starts = np.where(is_passage & window.max_context, window.start_logits, -np.inf)
        ends = np.where(is_passage, window.end_logits, -np.inf)
        return span_scores(starts, ends, self.max_answer_length)

    def _locate(
        self, place: int, bands: Sequence[np.ndarray], windows: Sequence[WindowScores]
    ) -> tuple[int, int, float, float]:
        """First and last piece in the passage, and their logits, of a place in all bands."""
        number = 0
        while place >= bands[number].size:
            place -= bands[number].size
            number += 1
        window = windows[number]
        start, length = divmod(place, self.max_answer_length)
        end = start + length
        return (
            int(window.passage_pieces[start]),
            int(window.passage_pieces[end]),
            float(window.start_logits[start]),
            float(window.end_logits[end]),
        )


def span_scores(starts: np.ndarray, ends: np.ndarray, max_length: int) -> np.ndarray:
    """
    The score of each span: that of its first piece and that of its last.

    # Parameters

    starts, ends : `np.ndarray`
        -inf where no span may begin or end. Shape: (num_pieces,)
    max_length : `int`
        The most pieces of a span.

    # Returns

    `np.ndarray`
        By the first piece and the length less 1. Shape: (num_pieces, max_length)
    """
    padding = np.full(max_length - 1, -np.inf)
    padded = np.concatenate([ends, padding], dtype=np.float64)
    scores: np.ndarray = starts[:, None] + sliding_window_view(padded, max_length)
    return scores


def largest(scores: np.ndarray, count: int) -> np.ndarray:
    """
    The places of the largest scores, best first and earlier ones first among equals; none of -inf.

    # Parameters

    scores : `np.ndarray`
        Shape: (num_scores,)
    count : `int`
        The most to give.

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
    """The logarithm of the sum of exponentials, 0 if all scores are -inf. Shape: (num_scores,)"""
    top = scores.max(initial=-np.inf)
    return float(top + np.log(np.exp(scores - top).sum())) if np.isfinite(top) else 0.0
