"""The official scores of a file of predictions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from spanbert_allen.common.questions import Question
from spanbert_allen.metrics.qa_text_scores import Flavour, question_scores
from spanbert_allen.metrics.squad_scores import QuestionScore, squad1_scores, squad2_scores


class FileScores(NamedTuple):
    """
    Scores, and what did not match.

    # Parameters

    scores : `dict[str, float]`
        In percent, and numbers of questions.
    missing : `list[str]`
        Questions without a prediction.
    unknown : `list[str]`
        Predictions without a question.
    """

    scores: dict[str, float]
    missing: list[str]
    unknown: list[str]


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
    The scores of SQuAD 1.1's and MRQA's programs, or, if a question has no answer, of SQuAD 2.0's.

    # Parameters

    questions : `Iterable[Question]`
        The annotated data.
    predictions : `Mapping[str, str]`
        The answer by the question's id; empty for none.
    no_answer_scores : `Mapping[str, float]`, optional (default = `None`)
        By the question's id. Without them no threshold can be looked for, so that SQuAD 2.0's
        `best_` scores are left out; an empty prediction means no answer in any case.
    flavour : `str`, optional (default = `"squad"`)
        `squad` or `mrqa`.
    threshold : `float`, optional (default = `0.0`)
        Questions whose no-answer score is above it count as answered with nothing; `None` takes
        the one with the best F1.
    answered_only : `bool`, optional (default = `False`)
        Whether questions without a prediction are left out, as SpanBERT's own programs do, and not
        counted as wrong.
    """
    scores: list[QuestionScore] = []
    missing: list[str] = []
    ids: set[str] = set()
    odds = no_answer_scores or {}
    for question in questions:
        ids.add(question.id)
        gold = [] if question.is_impossible else [answer.text for answer in question.answers]
        text = predictions.get(question.id)
        if text is None:
            missing.append(question.id)
            if not answered_only:
                scores.append(QuestionScore(question.id, 0.0, 0.0, bool(gold)))
            continue
        exact, f1 = question_scores(text, gold, flavour=flavour)
        no_answer = odds.get(question.id, 0.0)
        scores.append(QuestionScore(question.id, exact, f1, bool(gold), not text, no_answer))
    unknown = [name for name in predictions if name not in ids]
    return FileScores(_totals(scores, odds, threshold), missing, unknown)


def _totals(
    scores: list[QuestionScore], odds: Mapping[str, float], threshold: float | None
) -> dict[str, float]:
    if all(score.has_answer for score in scores):
        return squad1_scores(scores)
    if not odds:
        found = squad2_scores(scores, threshold=0.0)
        return {name: value for name, value in found.items() if not name.startswith("best_")}
    if threshold is None:
        threshold = squad2_scores(scores, threshold=0.0)["best_f1_thresh"]
    return squad2_scores(scores, threshold=threshold)
