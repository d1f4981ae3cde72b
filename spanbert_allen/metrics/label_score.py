"""Precision, recall and F1 of a label, from three counts."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class LabelScore:
    """
    Say how well one label, or several together, were found.

    # Parameters

    num_correct, num_predicted, num_gold : `int`
        How often the label was predicted rightly, was predicted, and was right.
    """

    num_correct: int
    num_predicted: int
    num_gold: int

    @property
    def precision(self) -> float:
        """Return the part of what was predicted that is right; 0 if nothing is."""
        return self.num_correct / self.num_predicted if self.num_correct else 0.0

    @property
    def recall(self) -> float:
        """Return the part of what is right that was found; 0 if nothing was."""
        return self.num_correct / self.num_gold if self.num_correct else 0.0

    @property
    def f1(self) -> float:
        """Return the harmonic mean of precision and recall; 0 if both are 0."""
        if not self.num_correct:
            return 0.0
        return 2 * self.precision * self.recall / (self.precision + self.recall)


def mean_score(scores: Iterable[LabelScore]) -> tuple[float, float, float]:
    """Return the unweighted means of precision, recall and F1; zeros without scores."""
    rows = [(score.precision, score.recall, score.f1) for score in scores]
    if not rows:
        return 0.0, 0.0, 0.0
    precision, recall, f1 = (sum(column) / len(rows) for column in zip(*rows, strict=True))
    return precision, recall, f1
