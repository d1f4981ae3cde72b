"""What was fitted, and what it changes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from spanbert_allen.metrics.calibration import NUM_BINS

_PERCENT = {"exact", "f1", "ece"}


class Fitted(NamedTuple):
    """
    Hold the settings of a model that were fitted, and its scores on the data before and after.

    # Parameters

    settings : `dict[str, float]`
        By their keys in `model`.
    before, after : `dict[str, float]`
        Those settings, and scores: `f1`, `exact` and `ece`, the expected calibration error, in
        percent, and `nll`, the negative log likelihood that the temperature was fitted by.
    """

    settings: dict[str, float]
    before: dict[str, float]
    after: dict[str, float]

    def as_json(self) -> dict[str, Any]:
        """Return what is written for other programs."""
        return {"before": self.before, "after": self.after, "ece_bins": NUM_BINS}

    def lines(self) -> Iterator[str]:
        """Yield a line for each setting and score."""
        for name, before in self.before.items():
            places = 2 if name in _PERCENT else 4
            after = self.after[name]
            bins = f"  ({NUM_BINS} bins of equal width)" if name == "ece" else ""
            yield f"{name:<11}  {before:.{places}f} -> {after:.{places}f}{bins}"
