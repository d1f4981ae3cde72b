"""Spans of a block that a question piece stands for: a way to choose them a file."""

from spanbert_allen.data.pretraining.questions.questions import (
    Answers,
    Questioner,
    Questions,
    QuestionSpans,
)
from spanbert_allen.data.pretraining.questions.recurring_spans import RecurringSpans

__all__ = ["Answers", "QuestionSpans", "Questioner", "Questions", "RecurringSpans"]
