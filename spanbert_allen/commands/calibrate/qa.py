"""Fit the temperature and the no-answer threshold of a question answering model."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import cast

from allennlp.models.archival import Archive

from spanbert_allen.commands.calibrate.batches import evaluation_batches
from spanbert_allen.commands.calibrate.fitted import Fitted
from spanbert_allen.common.errors import DataError
from spanbert_allen.data.qa.instance import QuestionInput
from spanbert_allen.data.qa.passage import Passage
from spanbert_allen.metrics.calibration import (
    expected_calibration_error,
    fitted_temperature,
    log_loss,
)
from spanbert_allen.metrics.qa.no_answer_threshold import best_no_answer_threshold
from spanbert_allen.metrics.qa.squad_scores import QuestionScore, at_threshold, squad1_scores
from spanbert_allen.metrics.qa.text_scores import Flavour, question_scores
from spanbert_allen.models.qa import SpanbertQA
from spanbert_allen.modules.qa.decoder import AnswerDecoder, DecodedAnswers, WindowScores


def fit(archive: Archive, data: str) -> Fitted:
    """
    Fit the temperature, and then, if questions may have no answer, the threshold by F1.

    The temperature is fitted by the likelihood that the first answer is right or wrong as it is;
    exact match says which. All answers are decoded anew at each temperature that is tried, so that
    it suits whichever decoder the model has.

    # Parameters

    archive : `Archive`
        A question answering model.
    data : `str`
        The annotated data.
    """
    model = cast("SpanbertQA", archive.model.eval())
    old_temperature, old_threshold = model.temperature, model.threshold
    asked = _Asked(model, list(_scored(archive, model, data)))
    temperature, threshold = fitted_temperature(asked.loss), old_threshold
    settings = {"temperature": temperature}
    if model.impossible_answers:
        threshold = best_no_answer_threshold(asked.question_scores(asked.decoded(temperature)))
        settings["threshold"] = threshold
    before = asked.scores(old_temperature, old_threshold)
    return Fitted(settings, before, asked.scores(temperature, threshold))


class _Recorder(AnswerDecoder):
    """Keep what answers would be decoded from."""

    def __init__(self) -> None:
        super().__init__()
        self.windows: list[list[WindowScores]] = []

    def decode(
        self, windows: Sequence[WindowScores], passage: Passage, *, impossible: bool
    ) -> DecodedAnswers:
        """Decode nothing; see `AnswerDecoder`."""
        del passage, impossible
        self.windows.append(list(windows))
        return DecodedAnswers(())


def _scored(
    archive: Archive, model: SpanbertQA, data: str
) -> Iterator[tuple[QuestionInput, list[WindowScores]]]:
    """Yield the questions with the scores of their windows, which no temperature has changed."""
    recorder, decoder, temperature = _Recorder(), model.decoder, model.temperature
    model.decoder, model.temperature = recorder, 1.0
    try:
        for batch in evaluation_batches(archive, data):
            questions = cast("list[QuestionInput]", batch["question"])
            recorder.windows = []
            for decoded in model(**batch)["decoded"]:
                if isinstance(decoded, DataError):
                    raise decoded
            for one, windows in zip(questions, recorder.windows, strict=True):
                if not one.question.is_annotated:
                    raise DataError("has a question without answers; give annotated data", data)
                yield one, windows
    finally:
        model.decoder, model.temperature = decoder, temperature


@dataclass(frozen=True)
class _Asked:
    """The questions of some data, and what a model says of them."""

    model: SpanbertQA
    questions: list[tuple[QuestionInput, list[WindowScores]]]

    def decoded(self, temperature: float) -> list[DecodedAnswers]:
        """Return the answers to each question at a temperature."""
        return [
            self.model.decoder.decode(
                [window.at_temperature(temperature) for window in windows],
                one.passage,
                impossible=self.model.impossible_answers,
            )
            for one, windows in self.questions
        ]

    def loss(self, temperature: float) -> float:
        """Return the negative log likelihood of the first answers at a temperature."""
        firsts = [answers.answers[:1] for answers in self.decoded(temperature)]
        return log_loss(
            [one.probability for some in firsts for one in some],
            [
                self._rightness(place, one.text)[0] == 1
                for place, some in enumerate(firsts)
                for one in some
            ],
        )

    def question_scores(self, decoded: Sequence[DecodedAnswers]) -> list[QuestionScore]:
        """Return the scores of the best answers, before any threshold."""
        scores = []
        for place, answers in enumerate(decoded):
            text = "" if answers.best is None else answers.best.text
            question = self.questions[place][0].question
            no_answer = answers.no_answer_score or 0.0
            rightness = self._rightness(place, text)
            has_answer = bool(question.answers)
            scores.append(QuestionScore(question.id, *rightness, has_answer, not text, no_answer))
        return scores

    def scores(self, temperature: float, threshold: float) -> dict[str, float]:
        """Return what `Fitted` holds of a temperature and a threshold."""
        decoded = self.decoded(temperature)
        scores = self.question_scores(decoded)
        decided = scores
        found = {"temperature": temperature}
        if self.model.impossible_answers:
            found["threshold"] = threshold
            decided = [at_threshold(score, threshold) for score in scores]
        confidences = [_confidence(answers, threshold) for answers in decoded]
        error = expected_calibration_error(confidences, [one.exact == 1 for one in decided])
        official = squad1_scores(decided)
        return {
            **found,
            "exact": official["exact"],
            "f1": official["f1"],
            "nll": self.loss(temperature),
            "ece": 100 * error,
        }

    def _rightness(self, place: int, text: str) -> tuple[float, float]:
        """Return exact match and F1 of an answer to a question."""
        gold = tuple(answer.text for answer in self.questions[place][0].question.answers)
        return question_scores(text, gold, flavour=cast("Flavour", self.model.flavour))


def _confidence(decoded: DecodedAnswers, threshold: float) -> float:
    """Return the probability of the answer that is given at a threshold."""
    no_answer = decoded.no_answer_score
    best = decoded.best
    if best is None or (no_answer is not None and no_answer > threshold):
        return next((one.probability for one in decoded.answers if not one.text), 0.0)
    return best.probability
