"""The scores of question answering as an AllenNLP metric."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import chain
from typing import Any, get_args

from allennlp.training.metrics import Metric
from torch import distributed

from spanbert_allen.common.errors import ConfigError
from spanbert_allen.compat.workers import is_idle
from spanbert_allen.metrics.qa.squad_scores import QuestionScore, squad1_scores, squad2_scores
from spanbert_allen.metrics.qa.text_scores import Flavour, question_scores


@Metric.register("spanbert_answer_scores")
class AnswerScores(Metric):
    """
    The official scores of SQuAD 1.1 (`exact`, `f1`, `total`), of SQuAD 2.0 (13, see
    `squad2_scores`) or of MRQA (as SQuAD 1.1's). Workers keep the scores of their own questions,
    and put them together when asked.

    # Parameters

    impossible_answers : `bool`, optional (default = `False`)
        Whether questions may have no answer: SQuAD 2.0.
    threshold : `float`, optional (default = `0.0`)
        Questions whose no-answer score is above it count as answered with nothing.
    flavour : `str`, optional (default = `"squad"`)
        `squad` or `mrqa`.
    """

    supports_distributed = True

    def __init__(
        self,
        *,
        impossible_answers: bool = False,
        threshold: float = 0.0,
        flavour: str = "squad",
    ) -> None:
        if flavour not in get_args(Flavour):
            raise ConfigError(f"`flavour` of the scores is {flavour!r}; it must be squad or mrqa")
        self._impossible_answers = impossible_answers
        self._threshold = threshold
        self._flavour: Any = flavour
        # Plain values, as a run that was stopped in an evaluation goes on with them.
        self._rows: list[tuple[str, float, float, bool, bool, float]] = []

    def __call__(
        self, id: str, prediction: str, gold: Iterable[str], no_answer_score: float | None = None
    ) -> None:
        """
        Counts one question.

        # Parameters

        id : `str`
            The question's.
        prediction : `str`
            The best answer that is one; empty if there is none.
        gold : `Iterable[str]`
            All right answers; none if there is no answer.
        no_answer_score : `float`, optional (default = `None`)
            A difference of logits: see `DecodedAnswers`.
        """
        if is_idle():
            return
        gold = tuple(gold)
        exact, f1 = question_scores(prediction, gold, flavour=self._flavour)
        no_answer = 0.0 if no_answer_score is None else no_answer_score
        self._rows.append((id, exact, f1, bool(gold), not prediction, no_answer))

    def get_metric(self, reset: bool = False) -> dict[str, float]:
        """The scores of all questions so far, on all workers, in percent."""
        scores = [QuestionScore(*row) for row in self._gathered()]
        if reset:
            self.reset()
        if self._impossible_answers:
            return squad2_scores(scores, threshold=self._threshold)
        return squad1_scores(scores)

    def reset(self) -> None:
        """Forgets all questions of this worker."""
        self._rows = []

    def _gathered(self) -> list[tuple[str, float, float, bool, bool, float]]:
        if not (distributed.is_available() and distributed.is_initialized()):
            return self._rows
        parts: list[Any] = [None] * distributed.get_world_size()
        distributed.all_gather_object(parts, self._rows)
        return list(chain.from_iterable(parts))
