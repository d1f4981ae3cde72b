"""The answers that the question answering pipeline of the transformers library gives."""

from collections.abc import Iterator, Sequence

import numpy as np

from spanbert_allen.common.spans import CharSpan
from spanbert_allen.data.piece_document import IntArray
from spanbert_allen.data.qa.passage import Passage
from spanbert_allen.modules.qa.decoder import (
    AnswerDecoder,
    DecodedAnswers,
    RankedAnswer,
    WindowScores,
)
from spanbert_allen.modules.qa.exact import largest, log_sum_exp, span_scores


@AnswerDecoder.register("pipeline")
class PipelineAnswers(AnswerDecoder):
    """
    What `QuestionAnsweringPipeline` of transformers 4.49 gives with a fast tokenizer: to compare
    with it, or to take its place.

    As in `exact`, every span of up to `max_answer_length` pieces is looked at. But first and last
    pieces get probabilities in each window by itself, [CLS] counted, and an answer's is the product
    of both; windows are compared by them, although a span may have a high one because the rest of
    its window has little to offer. A span in two windows is there twice. Answers are widened to
    whole parts of text between white space and punctuation, as far as these are in the window, and
    the same text may come more than once. The probability of there being no answer is the lowest of
    all windows, and can be missing among the `n_best` best.

    The logits of the answers are logarithms of their probabilities, so that the no-answer score is
    above 0 where the pipeline would give no answer. The pipeline's own defaults are `n_best` 1 and
    `max_answer_length` 15. If a window has fewer spans than it is to give, the pipeline fills up
    with impossible ones of probability 0, which are left out here.

    Registered as an `AnswerDecoder` with name "pipeline".

    # Parameters

    n_best, max_answer_length : `int`, optional
        See `AnswerDecoder`.
    align_to_words : `bool`, optional (default = `True`)
        Whether answers are widened.
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
        # Shape: (num_pieces, 2)
        parts = _parts(passage, whole=self.align_to_words)
        answers: list[RankedAnswer] = []
        nulls: list[RankedAnswer] = []
        for window in windows:
            # Shape: (num_pieces,) both
            starts = _log_probabilities(window.start_logits, window.passage_pieces)
            ends = _log_probabilities(window.end_logits, window.passage_pieces)
            nulls.append(_answer("", None, starts[0], ends[0]))
            for start, end in self._spans(starts, ends, window.passage_pieces):
                chars = _chars(passage, parts, window.passage_pieces, start, end)
                text = passage.text[chars.start : chars.end]
                answers.append(_answer(text, chars, starts[start], ends[end]))
        null = min(nulls, key=lambda one: one.score, default=None) if impossible else None
        if null is not None:
            answers.append(null)
        answers.sort(key=lambda one: -one.score)
        return DecodedAnswers(tuple(answers[: self.n_best]), None if null is None else null.score)

    def _spans(
        self, starts: np.ndarray, ends: np.ndarray, passage_pieces: np.ndarray
    ) -> Iterator[tuple[int, int]]:
        """First and last piece of the best spans of a window, counted in it."""
        is_passage = passage_pieces >= 0
        # Shape: (num_pieces, max_answer_length)
        scores = span_scores(
            np.where(is_passage, starts, -np.inf),
            np.where(is_passage, ends, -np.inf),
            self.max_answer_length,
        )
        for place in largest(scores.ravel(), self.n_best).tolist():
            start, length = divmod(place, self.max_answer_length)
            yield start, start + length


def _log_probabilities(logits: np.ndarray, passage_pieces: np.ndarray) -> np.ndarray:
    """Over the passage and [CLS], -inf elsewhere. Shape: (num_pieces,)"""
    counts = passage_pieces >= 0
    counts[0] = True
    # Shape: (num_pieces,)
    scores = np.where(counts, logits, -np.inf).astype(np.float64)
    log_probabilities: np.ndarray = scores - log_sum_exp(scores)
    return log_probabilities


def _answer(text: str, chars: CharSpan | None, start: float, end: float) -> RankedAnswer:
    return RankedAnswer(text, chars, float(start), float(end), float(np.exp(start + end)))


def _parts(passage: Passage, *, whole: bool) -> IntArray:
    """
    First and last piece of the part that each piece belongs to, or, if that is not to be whole, the
    piece itself. Shape: (num_pieces, 2)
    """
    goes_on = [whole and piece.startswith("##") for piece in passage.pieces()]
    # Shape: (num_parts,) both
    begins = np.flatnonzero(np.logical_not(goes_on))
    lengths = np.diff(np.append(begins, len(passage)))
    # Shape: (num_pieces,)
    firsts = np.repeat(begins, lengths)
    return np.stack([firsts, firsts + np.repeat(lengths, lengths) - 1], axis=1)


def _chars(
    passage: Passage, parts: IntArray, passage_pieces: np.ndarray, start: int, end: int
) -> CharSpan:
    """The characters of a window's span, widened to the parts as far as the window holds them."""
    # Shape: (num_window_pieces,)
    inside = passage_pieces[passage_pieces >= 0]
    first, last = parts[passage_pieces[start], 0], parts[passage_pieces[end], 1]
    return passage.chars(max(first, inside[0]), min(last, inside[-1]))
