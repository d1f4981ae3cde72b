"""Score relation classification by how often which label was predicted for which."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

from spanbert_allen.metrics.label_score import LabelScore

Confusion = Mapping[tuple[str, str], int]
"""How often a label of the data (first) was predicted as another, or the same."""


def count_pairs(pairs: Iterable[tuple[str, str]]) -> Confusion:
    """
    Count pairs of a label of the data and a predicted label.

    # Parameters

    pairs : `Iterable[tuple[str, str]]`
        The label of the data first.
    """
    return Counter(pairs)


def accuracy(confusion: Confusion) -> float:
    """Return the part of the examples whose label was found; 0 without examples."""
    correct = sum(count for (gold, predicted), count in confusion.items() if gold == predicted)
    total = sum(confusion.values())
    return correct / total if total else 0.0


def micro_score(confusion: Confusion, negative: str | None) -> LabelScore:
    """
    Return TACRED's score, that of all labels together.

    The negative label counts neither as found nor as wanted (Zhang et al., 2017, "Position-aware
    Attention and Supervised Data Improve Slot Filling").

    # Parameters

    confusion : `Confusion`
        The counts.
    negative : `str`, optional
        The label for no relation; `None` if there is no such label.
    """
    return LabelScore(
        sum(n for (gold, predicted), n in confusion.items() if gold == predicted != negative),
        sum(n for (_, predicted), n in confusion.items() if predicted != negative),
        sum(n for (gold, _), n in confusion.items() if gold != negative),
    )


def label_scores(confusion: Confusion) -> dict[str, LabelScore]:
    """Return the score of each label that is in the data or was predicted, sorted by name."""
    num_gold: Counter[str] = Counter()
    num_predicted: Counter[str] = Counter()
    for (gold, predicted), count in confusion.items():
        num_gold[gold] += count
        num_predicted[predicted] += count
    return {
        name: LabelScore(confusion.get((name, name), 0), num_predicted[name], num_gold[name])
        for name in sorted({*num_gold, *num_predicted})
    }
