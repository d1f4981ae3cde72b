"""Compute the official scores of a file of predictions."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from spanbert_allen.formats.qa.question import Question
from spanbert_allen.metrics.qa.squad_scores import QuestionScore, squad1_scores, squad2_scores
from spanbert_allen.metrics.qa.text_scores import Flavour, question_scores


class FileScores(NamedTuple):
    """
    Hold scores, and what did not match.

    # Parameters

    scores : `dict[str, float]`
        In percent, and numbers of questions.
    missing : `list[str]`
        The ids of questions without a prediction.
    unknown : `list[str]`
        The ids of predictions without a question.
    always_answers : `bool`
        Whether no prediction is empty, and there are no no-answer scores to empty one by.
    """

    scores: dict[str, float]
    missing: list[str]
    unknown: list[str]
    always_answers: bool


def score_predictions(
    questions: Iterable[Question],
    predictions: Mapping[str, str],
    no_answer_scores: Mapping[str, float] | None = None,
    *,
    flavour: Flavour = "squad",
    threshold: float | None = 0.0,
    answered_only: bool = False,
) -> FileScores:
    """
    Return the scores that the official program gives for a file of predictions.

    These are the scores of SQuAD 1.1's or MRQA's program, or those of SQuAD 2.0's if a question has
    no answer or no-answer scores are given. As in SQuAD 2.0's program, a question has an answer if
    its list of answers is not empty, whatever `is_impossible` says, and the scores of questions
    with (`HasAns_`) and without an answer (`NoAns_`) are given if there are such questions. SQuAD
    1.1's program treats texts of which normalisation leaves nothing as MRQA's does.

    # Parameters

    questions : `Iterable[Question]`
        The annotated data.
    predictions : `Mapping[str, str]`
        The answers by the ids of their questions; empty for "no answer".
    no_answer_scores : `Mapping[str, float]`, optional (default = `None`)
        By the ids of questions, for SQuAD. Without them all are 0 and no threshold can be looked
        for, so that SQuAD 2.0's `best_` scores are left out; an empty prediction means "no answer"
        in any case.
    flavour : `str`, optional (default = `"squad"`)
        `squad` or `mrqa`.
    threshold : `float`, optional (default = `0.0`)
        Questions whose no-answer score is above it count as answered with nothing; `None` takes
        `best_f1_thresh`.
    answered_only : `bool`, optional (default = `False`)
        Whether questions without a prediction are left out, as SpanBERT's own programs do, and not
        counted as wrong. SQuAD 2.0's program takes neither way: it stops at such a question.
    """
    gold = [(one.id, [answer.text for answer in one.answers]) for one in questions]
    has_answer = {bool(texts) for _, texts in gold}
    has_all = flavour == "mrqa" or (False not in has_answer and no_answer_scores is None)
    answered, absent = _each(
        gold, predictions, no_answer_scores or {}, "mrqa" if has_all else flavour
    )
    counted = [] if answered_only else absent
    if has_all:
        scores = squad1_scores([*answered, *counted])
    elif no_answer_scores is None:
        scores = _without("best_", squad2_scores([*answered, *counted], threshold=0.0))
    else:
        scores = _squad2_scores(answered, counted, threshold)
    ids = {score.id for score in (*answered, *absent)}
    for prefix, kind in (("HasAns_", True), ("NoAns_", False)):
        if kind not in has_answer:
            scores = _without(prefix, scores)
    return FileScores(
        scores,
        missing=[score.id for score in absent],
        unknown=[name for name in predictions if name not in ids],
        always_answers=no_answer_scores is None and not any(score.is_empty for score in answered),
    )


def _each(
    questions: Iterable[tuple[str, list[str]]],
    predictions: Mapping[str, str],
    no_answer_scores: Mapping[str, float],
    flavour: Flavour,
) -> tuple[list[QuestionScore], list[QuestionScore]]:
    """Return the scores of the questions with a prediction, and of those without."""
    answered: list[QuestionScore] = []
    absent: list[QuestionScore] = []
    for name, gold in questions:
        text = predictions.get(name)
        if text is None:
            # No threshold makes of a missing prediction the right one, that there is no answer.
            absent.append(QuestionScore(name, 0.0, 0.0, bool(gold), False, -math.inf))
            continue
        exact, f1 = question_scores(text, gold, flavour=flavour)
        no_answer = no_answer_scores.get(name, 0.0)
        answered.append(QuestionScore(name, exact, f1, bool(gold), not text, no_answer))
    return answered, absent


def _squad2_scores(
    answered: Sequence[QuestionScore], absent: Sequence[QuestionScore], threshold: float | None
) -> dict[str, float]:
    """Return the 13 scores; questions that are absent are wrong at each threshold."""
    best = squad2_scores(answered, threshold=0.0)
    if threshold is None:
        threshold = best["best_f1_thresh"]
    everything = [*answered, *absent]
    share = len(answered) / max(len(everything), 1)
    return _without("best_", squad2_scores(everything, threshold=threshold)) | {
        "best_exact": share * best["best_exact"],
        "best_exact_thresh": best["best_exact_thresh"],
        "best_f1": share * best["best_f1"],
        "best_f1_thresh": best["best_f1_thresh"],
    }


def _without(prefix: str, scores: Mapping[str, float]) -> dict[str, float]:
    return {name: value for name, value in scores.items() if not name.startswith(prefix)}
