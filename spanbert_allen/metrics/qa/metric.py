"""The scores of question answering as an AllenNLP metric."""

from __future__ import annotations

import math
from collections.abc import Iterable
from itertools import chain
from typing import Any, NamedTuple, get_args

from allennlp.training.metrics import Metric
from torch import distributed

from spanbert_allen.common.errors import ConfigError
from spanbert_allen.compat.workers import is_idle
from spanbert_allen.metrics.qa.squad_scores import (
    QuestionScore,
    at_threshold,
    dataset_scores,
    squad1_scores,
    squad2_scores,
)
from spanbert_allen.metrics.qa.text_scores import Flavour, question_scores

_Row = tuple[str, float, float, bool, bool, float, str]
"""The fields of a `QuestionScore`."""


class AnswerTally(NamedTuple):
    """
    Count the questions of an evaluation by what may be wrong with it.

    # Parameters

    num_questions : `int`
        All questions.
    num_unanswerable : `int`
        Those that have no answer.
    num_failed : `int`
        Those for which the model gave no usable scores.
    """

    num_questions: int
    num_unanswerable: int
    num_failed: int


@Metric.register("spanbert_answer_scores")
class AnswerScores(Metric):
    """
    Compute the official scores of SQuAD or MRQA.

    SQuAD 1.1 and MRQA have `exact`, `f1` and `total`, SQuAD 2.0 has the 13 of `squad2_scores`. Each
    worker keeps the scores of its own questions; they are put together when the scores are asked
    for.

    # Parameters

    impossible_answers : `bool`, optional (default = `False`)
        Whether questions may have no answer, as in SQuAD 2.0.
    threshold : `float`, optional (default = `0.0`)
        Questions whose no-answer score is above it count as answered with nothing.
    flavour : `str`, optional (default = `"squad"`)
        `squad` or `mrqa`.
    by_dataset : `bool`, optional (default = `False`)
        Whether the scores of `dataset_scores` are among them.
    """

    supports_distributed = True

    def __init__(
        self,
        *,
        impossible_answers: bool = False,
        threshold: float = 0.0,
        flavour: str = "squad",
        by_dataset: bool = False,
    ) -> None:
        if flavour not in get_args(Flavour):
            raise ConfigError(f"`flavour` of the scores is {flavour!r}; it must be squad or mrqa")
        self._impossible_answers = impossible_answers
        self._threshold = threshold
        self._flavour: Any = flavour
        self._by_dataset = by_dataset
        # Plain values, as a run that was stopped in an evaluation goes on with them.
        self._rows: list[_Row] = []
        self._summed: list[float] = [0, 0.0, 0.0]

    def __call__(
        self,
        id: str,
        prediction: str,
        gold: Iterable[str],
        no_answer_score: float | None = None,
        dataset: str = "",
    ) -> None:
        """
        Count one question.

        # Parameters

        id : `str`
            The id of the question.
        prediction : `str`
            The best answer with a text; empty if there is none.
        gold : `Iterable[str]`
            All right answers; empty for an unanswerable question.
        no_answer_score : `float`, optional (default = `None`)
            The score of "no answer" minus that of the prediction, a difference of logits.
        dataset : `str`, optional (default = `""`)
            The data set that the question is of, if that is known.
        """
        if is_idle():
            return
        gold = tuple(gold)
        exact, f1 = question_scores(prediction, gold, flavour=self._flavour)
        no_answer = 0.0 if no_answer_score is None else no_answer_score
        self._rows.append((id, exact, f1, bool(gold), not prediction, no_answer, dataset))

    def add_failure(self, id: str, gold: Iterable[str], dataset: str = "") -> None:
        """
        Count a question for which the model gave no usable scores: no threshold makes it right.

        # Parameters

        id : `str`
            The id of the question.
        gold : `Iterable[str]`
            All right answers; empty for an unanswerable question.
        dataset : `str`, optional (default = `""`)
            The data set that the question is of, if that is known.
        """
        if not is_idle():
            self._rows.append((id, 0.0, 0.0, any(True for _ in gold), False, -math.inf, dataset))

    def get_metric(self, reset: bool = False) -> dict[str, float]:
        """Return the scores of all questions so far, on all workers, in percent."""
        scores = [QuestionScore(*row) for row in self._gathered()]
        if reset:
            self.reset()
        return self._scores(scores)

    def running(self) -> dict[str, float]:
        """
        Return `exact`, `f1` and `total` of this worker's questions so far, at the threshold.

        Each question is looked at once, however often this is called, so that it can be called
        after every batch. Before the first question, all scores of `get_metric` are there and 0.
        """
        if not self._rows:
            return self._scores([])
        count, exact, f1 = self._summed
        for row in self._rows[int(count) :]:
            score = QuestionScore(*row)
            if self._impossible_answers:
                score = at_threshold(score, self._threshold)
            exact, f1 = exact + score.exact, f1 + score.f1
        total = len(self._rows)
        self._summed = [total, exact, f1]
        return {"exact": 100.0 * exact / total, "f1": 100.0 * f1 / total, "total": float(total)}

    def tally(self) -> AnswerTally:
        """Return how many of this worker's questions have no answer, or no scores."""
        scores = [QuestionScore(*row) for row in self._rows]
        return AnswerTally(
            num_questions=len(scores),
            num_unanswerable=sum(not score.has_answer for score in scores),
            num_failed=sum(score.no_answer_score == -math.inf for score in scores),
        )

    def reset(self) -> None:
        """Forget all questions of this worker."""
        self._rows = []
        self._summed = [0, 0.0, 0.0]

    def _scores(self, scores: list[QuestionScore]) -> dict[str, float]:
        found, decided = squad1_scores(scores), scores
        if self._impossible_answers:
            found = squad2_scores(scores, threshold=self._threshold)
            decided = [at_threshold(score, self._threshold) for score in scores]
        return found | dataset_scores(decided) if self._by_dataset else found

    def _gathered(self) -> list[_Row]:
        if not (distributed.is_available() and distributed.is_initialized()):
            return self._rows
        parts: list[Any] = [None] * distributed.get_world_size()
        distributed.all_gather_object(parts, self._rows)
        return list(chain.from_iterable(parts))
