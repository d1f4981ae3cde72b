"""The answers to a question without near-duplicates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple


class AnswerGroup(NamedTuple):
    """
    Hold answers that say the same.

    # Parameters

    best : `Mapping[str, Any]`
        The most probable of them, as results have it.
    others : `Sequence[Mapping[str, Any]]`
        The others, the most probable first.
    """

    best: Mapping[str, Any]
    others: Sequence[Mapping[str, Any]]

    @property
    def probability(self) -> float:
        """Return the probability of all of them together."""
        return sum(answer["probability"] for answer in (self.best, *self.others))


def group_answers(answers: Sequence[Mapping[str, Any]]) -> list[AnswerGroup]:
    """
    Put answers together that overlap in the context or read alike, the most probable group first.

    Each answer goes to the first group with whose best answer it does so, as the answers of one
    place are cut differently: "Oslo", "in Oslo", "Oslo in 1903".

    # Parameters

    answers : `Sequence[Mapping[str, Any]]`
        The answers of a result, the best first.
    """
    groups: list[tuple[Mapping[str, Any], list[Mapping[str, Any]]]] = []
    for answer in answers:
        for best, others in groups:
            if _same(best, answer):
                others.append(answer)
                break
        else:
            groups.append((answer, []))
    found = [AnswerGroup(best, others) for best, others in groups]
    return sorted(found, key=lambda group: -group.probability)


def _same(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    if one["text"].casefold().split() == other["text"].casefold().split():
        return True
    places = [one.get("start"), one.get("end"), other.get("start"), other.get("end")]
    if None in places:
        return False
    return bool(one["start"] < other["end"] and other["start"] < one["end"])
