"""The results as one table, with what was aimed at beside what was measured."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

COLUMNS = ("case", "precision", "measured", "unit", "peak GB", "target", "")


@dataclass(frozen=True, kw_only=True)
class Target:
    """
    What a number should be.

    # Parameters

    part : `str`
        The part that measures it.
    unit : `str`
        The unit of its rows.
    case : `str`, optional (default = `""`)
        Which of them: those whose case begins so.
    precision : `str`, optional (default = `""`)
        Which of them; by default any.
    least, most : `float`, optional (default = `None`)
        The bound of the value.
    most_gb : `float`, optional (default = `None`)
        The bound of the peak of memory.
    """

    part: str
    unit: str
    case: str = ""
    precision: str = ""
    least: float | None = None
    most: float | None = None
    most_gb: float | None = None

    def applies(self, part: str, row: Mapping[str, Any]) -> bool:
        """Tell whether a row is to be held to this."""
        return (
            part == self.part
            and row["unit"] == self.unit
            and row["case"].startswith(self.case)
            and self.precision in ("", row["precision"])
        )

    def is_met(self, row: Mapping[str, Any]) -> bool | None:
        """Tell whether a row is as it should be; `None` if it was not measured."""
        value = row["peak_gb"] if self.most_gb is not None else row["value"]
        if value is None:
            return None
        if self.least is not None:
            return bool(value >= self.least)
        return bool(value <= (self.most if self.most_gb is None else self.most_gb))

    def __str__(self) -> str:
        if self.least is not None:
            return f"at least {self.least:,g}"
        return f"at most {self.most:,g}" if self.most_gb is None else f"at most {self.most_gb:g} GB"


TARGETS = (
    Target(part="equality", unit="relative difference", most=1e-3),
    Target(
        part="coref_prediction", unit="words/s", case="light, 4000", precision="bf16", least=100_000
    ),
    Target(
        part="coref_prediction",
        unit="words/s",
        case="published, 4000",
        precision="bf16",
        least=30_000,
    ),
    Target(part="large", unit="times the encoder's own passes", precision="bf16", most=1.3),
    Target(part="large", unit="ms", case="training step", most_gb=32),
    Target(part="profile", unit="% of the step, kernels busy", least=85),
)
"""For base shapes where nothing else is said; end to end, from words to clusters."""


def markdown(report: Mapping[str, Any]) -> str:
    """Return the table of a whole run."""
    lines = [f"Measured on {report['device']}, {report['date']}.", ""]
    if report["stand_ins"]:
        names = ", ".join(report["stand_ins"])
        lines += [f"Not installed there, and stood for at import: {names}.", ""]
    lines += [f"| part | {' | '.join(COLUMNS)} |", f"|{'---|' * (1 + len(COLUMNS))}"]
    for part in report["parts"]:
        if part["problem"]:
            lines.append(f"| {part['name']} | {_safe(part['problem'])} |||||||")
        lines += [_line(part["name"], row) for row in part["rows"]]
    return "\n".join([*lines, "", summary(report)]) + "\n"


def summary(report: Mapping[str, Any]) -> str:
    """Count the targets that were met, missed and not measured."""
    counts = {True: 0, False: 0, None: 0}
    for target in TARGETS:
        rows = [
            row
            for part in report["parts"]
            for row in part["rows"]
            if target.applies(part["name"], row)
        ]
        verdicts = [target.is_met(row) for row in rows] or [None]
        counts[False if False in verdicts else None if None in verdicts else True] += 1
    return (
        f"Targets: {counts[True]} met, {counts[False]} missed, {counts[None]} not measured, "
        f"of {len(TARGETS)}."
    )


def _line(part: str, row: Mapping[str, Any]) -> str:
    targets: Sequence[Target] = [one for one in TARGETS if one.applies(part, row)]
    verdicts = {True: "met", False: "missed", None: "not measured"}
    cells = [
        part,
        _safe(row["case"]),
        row["precision"],
        _safe(row["note"]) if row["value"] is None else f"{row['value']:,.4g}",
        row["unit"],
        "" if row["peak_gb"] is None else f"{row['peak_gb']:.2f}",
        "; ".join(str(one) for one in targets),
        "; ".join(verdicts[one.is_met(row)] for one in targets),
    ]
    return f"| {' | '.join(cells)} |"


def _safe(text: str) -> str:
    return text.replace("|", "/").replace("\n", " ")
