"""
The official score of SemEval-2010 Task 8.

(Hendrickx et al., 2010, "SemEval-2010 Task 8: Multi-Way
Classification of Semantic Relations between Pairs of Nominals", section 4): nine relations, each in
two directions, and Other; direction counts, and Other is left out.
"""

from __future__ import annotations

import re

from spanbert_allen.metrics.label_score import LabelScore, mean_score
from spanbert_allen.metrics.relation.scores import Confusion, label_scores

OTHER = "Other"
"""SemEval's name for no relation."""

RELATIONS = (
    "Cause-Effect",
    "Component-Whole",
    "Content-Container",
    "Entity-Destination",
    "Entity-Origin",
    "Instrument-Agency",
    "Member-Collection",
    "Message-Topic",
    "Product-Producer",
)
"""The relations of the task."""

_DIRECTED = re.compile(r"(.+)\((e1,e2|e2,e1)\)")


def undirected(label: str) -> str:
    """Return the relation of a label such as `Cause-Effect(e2,e1)`; any other label as it is."""
    directed = _DIRECTED.fullmatch(label)
    return directed[1] if directed else label


def is_official(label: str) -> bool:
    """Return whether a label is one of the task's: a relation with its direction, or Other."""
    directed = _DIRECTED.fullmatch(label)
    return label == OTHER or (directed is not None and directed[1] in RELATIONS)


def semeval_label_scores(confusion: Confusion, negative: str | None) -> dict[str, LabelScore]:
    """
    Return the score of each relation of the data, both directions together, sorted by name.

    An example with the right relation in the wrong direction was predicted wrongly.

    # Parameters

    confusion : `Confusion`
        How often which directed label was predicted for which.
    negative : `str`, optional
        The label for no relation, whatever it is called.
    """
    correct: dict[str, int] = {}
    predicted: dict[str, int] = {}
    gold: dict[str, int] = {}
    for (right, found), count in confusion.items():
        gold[undirected(right)] = gold.get(undirected(right), 0) + count
        predicted[undirected(found)] = predicted.get(undirected(found), 0) + count
        if right == found:
            correct[undirected(right)] = correct.get(undirected(right), 0) + count
    return {
        name: LabelScore(correct.get(name, 0), predicted.get(name, 0), gold[name])
        for name in sorted(gold)
        if name != negative
    }


def semeval_macro(confusion: Confusion, negative: str | None) -> tuple[float, float, float]:
    """
    Return the macro-averaged precision, recall and F1 over the relations of the data.

    The last one, the mean of the relations' F1, is the official score.

    # Parameters

    confusion, negative
        As for `semeval_label_scores`.
    """
    return mean_score(semeval_label_scores(confusion, negative).values())


def strict_macro(confusion: Confusion, negative: str | None) -> tuple[float, float, float]:
    """
    Return the macro-averaged precision, recall and F1 with each direction as a label of its own.

    This is the (2 * 9 + 1)-way evaluation of the official program.

    # Parameters

    confusion, negative
        As for `semeval_label_scores`.
    """
    scores = label_scores(confusion)
    return mean_score(
        score for name, score in scores.items() if score.num_gold and name != negative
    )
