"""Numerators and denominators of coreference scores, which add up over documents."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from statistics import fmean


def _ratio(numerator: float, denominator: float) -> float:
    return numerator / denominator if denominator else 0.0


def _f1(precision: float, recall: float) -> float:
    return _ratio(2 * precision * recall, precision + recall)


@dataclass(frozen=True)
class Score:
    """
    Hold recall and precision before their division, so that documents can be added up.

    A ratio whose denominator is 0 is 0, as the official scorer prints it.
    """

    recall_numerator: float = 0.0
    recall_denominator: float = 0.0
    precision_numerator: float = 0.0
    precision_denominator: float = 0.0

    def __add__(self, other: Score) -> Score:
        return Score(*(a + b for a, b in zip(self, other, strict=True)))

    def __iter__(self) -> Iterator[float]:
        yield self.recall_numerator
        yield self.recall_denominator
        yield self.precision_numerator
        yield self.precision_denominator

    @property
    def recall(self) -> float:
        """Return the recall, from 0 to 1."""
        return _ratio(self.recall_numerator, self.recall_denominator)

    @property
    def precision(self) -> float:
        """Return the precision, from 0 to 1."""
        return _ratio(self.precision_numerator, self.precision_denominator)

    @property
    def f1(self) -> float:
        """Return the harmonic mean of precision and recall, from 0 to 1."""
        return _f1(self.precision, self.recall)


@dataclass(frozen=True)
class BlancScore:
    """
    Hold BLANC: the mean of the scores on coreference and on non-coreference links.

    See Luo et al. (2014). Where the key has no link of one kind at all, the other kind alone
    decides, for precision and recall alike; where it has neither, everything is 0.
    """

    coreference: Score = Score()
    non_coreference: Score = Score()

    def __add__(self, other: BlancScore) -> BlancScore:
        return BlancScore(
            self.coreference + other.coreference, self.non_coreference + other.non_coreference
        )

    def __iter__(self) -> Iterator[float]:
        yield from self.coreference
        yield from self.non_coreference

    @property
    def recall(self) -> float:
        """Return the recall, from 0 to 1."""
        return fmean(score.recall for score in self._deciding())

    @property
    def precision(self) -> float:
        """Return the precision, from 0 to 1."""
        return fmean(score.precision for score in self._deciding())

    @property
    def f1(self) -> float:
        """Return the mean F1 of both kinds of links: not the F1 of `precision` and `recall`."""
        return fmean(score.f1 for score in self._deciding())

    def _deciding(self) -> Sequence[Score]:
        kinds = (self.coreference, self.non_coreference)
        return [score for score in kinds if score.recall_denominator] or [Score()]


@dataclass(frozen=True)
class ClusterScores:
    """Hold all coreference scores of a document, or of many after adding them up."""

    muc: Score = Score()
    b_cubed: Score = Score()
    ceafm: Score = Score()
    ceafe: Score = Score()
    blanc: BlancScore = BlancScore()
    lea: Score = Score()

    def __add__(self, other: ClusterScores) -> ClusterScores:
        return ClusterScores.from_numbers([a + b for a, b in zip(self, other, strict=True)])

    def __iter__(self) -> Iterator[float]:
        """Yield all counts, in an order that `from_numbers` reads back, for other workers."""
        for field in fields(self):
            yield from getattr(self, field.name)

    @classmethod
    def from_numbers(cls, numbers: Sequence[float]) -> ClusterScores:
        """Return the scores whose iteration gives `numbers`."""
        muc, b_cubed, ceafm, ceafe, links, non_links, lea = (
            Score(*numbers[start : start + 4]) for start in range(0, len(numbers), 4)
        )
        return cls(muc, b_cubed, ceafm, ceafe, BlancScore(links, non_links), lea)

    @property
    def conll_recall(self) -> float:
        """Return the mean recall of MUC, B³ and CEAFe."""
        return fmean((self.muc.recall, self.b_cubed.recall, self.ceafe.recall))

    @property
    def conll_precision(self) -> float:
        """Return the mean precision of MUC, B³ and CEAFe."""
        return fmean((self.muc.precision, self.b_cubed.precision, self.ceafe.precision))

    @property
    def conll_f1(self) -> float:
        """Return the CoNLL-2012 score: the mean F1 of MUC, B³ and CEAFe."""
        return fmean((self.muc.f1, self.b_cubed.f1, self.ceafe.f1))
