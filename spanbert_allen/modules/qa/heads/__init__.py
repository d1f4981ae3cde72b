"""Heads that score the pieces of a window as the ends of the answer: one a file, registered."""

from spanbert_allen.modules.qa.heads.biaffine import BiaffineAnswers
from spanbert_allen.modules.qa.heads.head import AnswerHead, HeadScores, PairScores, WindowInput
from spanbert_allen.modules.qa.heads.independent import IndependentAnswers
from spanbert_allen.modules.qa.heads.question_aware import QuestionAwareAnswers

__all__ = [
    "AnswerHead",
    "BiaffineAnswers",
    "HeadScores",
    "IndependentAnswers",
    "PairScores",
    "QuestionAwareAnswers",
    "WindowInput",
]
