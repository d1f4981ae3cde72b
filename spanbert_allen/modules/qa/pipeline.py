"""Decode the answers that the question answering pipeline of transformers gives."""

from collections.abc import Sequence
from dataclasses import replace
from typing import ClassVar

import numpy as np

from spanbert_allen.common.spans import CharSpan
from spanbert_allen.data.piece_document import IntArray
from spanbert_allen.data.qa.passage import Passage, joined_parts
from spanbert_allen.modules.qa.decoder import (
    AnswerDecoder,
    DecodedAnswers,
    RankedAnswer,
    WindowScores,
    largest,
    log_sum_exp,
    lowest_null,
)


@AnswerDecoder.register("pipeline")
class PipelineAnswers(AnswerDecoder):
    """
    Give the answers of `QuestionAnsweringPipeline`, to compare with it or to take its place.

    They are those of transformers 4.49 with a fast tokenizer.

    As in `exact`, every span of up to `max_answer_length` pieces is looked at. But first and last
    pieces get probabilities in each window by itself, [CLS] counted, and an answer's is the product
    of both; windows are compared by them, although a span may have a high one because the rest of
    its window has little to offer. A span in two windows is there twice. Answers are widened to
    whole parts of text between white space and punctuation, as far as these are in the window, and
    the same text may come more than once. The probability of "no answer" is the lowest of all
    windows, and may be missing among the `n_best` best.

    Predictors cut windows as the pipeline does, too: the question is never cut, and neighbouring
    windows share half a window or 128 pieces, whichever is less, unless `doc_stride` says how many.

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

    cuts_as_pipeline: ClassVar[bool] = True

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
        normalized = [_normalized(window) for window in windows]
        found = [np.empty((0, 5)), *(self._best(window, parts) for window in normalized)]
        # Start's and end's logarithm of probability, what is added for the pair, first and last
        # piece. Shape: (num_spans, 5)
        spans = np.concatenate(found)
        chosen = spans[np.argsort(-spans[:, :3].sum(1), kind="stable")[: self.n_best]]
        answers = [_answer(passage, *row) for row in chosen.tolist()]
        best = answers[0] if answers else None
        null = lowest_null(normalized) if impossible else None
        if null is not None:
            share = float(np.exp(sum(null)))
            answers.append(RankedAnswer("", None, null.start, null.end, share, null.term))
            answers.sort(key=lambda one: -one.score)
        # With room for one, "no answer" may be all that is listed; a threshold needs the text, too.
        return DecodedAnswers(
            tuple(answers[: self.n_best]), None if null is None else sum(null), unlisted=best
        )

    def _best(self, window: WindowScores, parts: IntArray) -> np.ndarray:
        """
        Return the best spans of a window whose scores are logarithms of probabilities.

        # Returns

        `np.ndarray`
            The logarithms of the probabilities of first and last pieces, what is added for the
            pair, and these pieces, widened to parts as far as the window holds them.
            Shape: (num_spans, 5)
        """
        is_passage = window.passage_pieces >= 0
        # Shape: (num_pieces, longest)
        scores = window.span_scores(
            np.where(is_passage, window.start_logits, -np.inf),
            np.where(is_passage, window.end_logits, -np.inf),
            self.max_answer_length,
        )
        # Shape: (num_spans,) all
        firsts, lengths = np.divmod(largest(scores.ravel(), self.n_best), scores.shape[1])
        lasts = firsts + lengths
        inside = window.passage_pieces[is_passage]
        if not len(inside):
            return np.empty((0, 5))
        widened = (
            parts[window.passage_pieces[firsts], 0].clip(min=inside[0]),
            parts[window.passage_pieces[lasts], 1].clip(max=inside[-1]),
        )
        logits = (window.start_logits[firsts], window.end_logits[lasts])
        return np.stack([*logits, window.terms(firsts, lasts), *widened], axis=1)


def _normalized(window: WindowScores) -> WindowScores:
    """
    Return a window with logarithms of probabilities in place of logits.

    Those of first and last pieces are normalised over the passage and [CLS] and -inf elsewhere. If
    the model looks at both ends together, the sums of three are normalised over all of its spans
    and "no answer".
    """
    counts = window.passage_pieces >= 0
    counts[0] = True
    # Shape: (num_pieces,) both
    starts, ends = (
        np.where(counts, logits, -np.inf).astype(np.float64)
        for logits in (window.start_logits, window.end_logits)
    )
    if window.pairs is None:
        return replace(
            window, start_logits=starts - log_sum_exp(starts), end_logits=ends - log_sum_exp(ends)
        )
    pairs = window.pairs
    joint = starts[pairs.firsts][:, None] + ends[pairs.lasts] + pairs.terms
    total = log_sum_exp(np.append(joint.ravel(), sum(window.null)))
    return replace(window, start_logits=starts - total, end_logits=ends)


def _answer(
    passage: Passage,
    start_logit: float,
    end_logit: float,
    pair_term: float,
    first: float,
    last: float,
) -> RankedAnswer:
    chars: CharSpan = passage.chars(int(first), int(last))
    probability = float(np.exp(start_logit + end_logit + pair_term))
    text = passage.text[chars.start : chars.end]
    return RankedAnswer(text, chars, start_logit, end_logit, probability, pair_term)


def _parts(passage: Passage, *, whole: bool) -> IntArray:
    """
    Return the first and last piece of the part that each piece belongs to.

    If parts are not to be whole, each piece is one. Shape: (num_pieces, 2)
    """
    return joined_parts([whole and piece.startswith("##") for piece in passage.pieces()])
