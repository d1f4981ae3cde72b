"""What a person sees of a long command: lines that stay, and one that says what is going on."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import IO, Any


class Progress:
    """
    Lines for a person, the last of which may still change.

    # Parameters

    stream : `IO[str]`
        Where to. Changing lines are only shown if it is a terminal.
    """

    def __init__(self, stream: IO[str]) -> None:
        self._stream = stream
        self._is_terminal = stream.isatty()
        self._shown = ""

    def line(self, text: str = "") -> None:
        """Writes a line that stays."""
        self.now("")
        self._stream.write(f"{text}\n")
        self._stream.flush()

    def now(self, text: str) -> None:
        """Shows what is going on, in place of what was shown before."""
        if self._is_terminal and text != self._shown:
            self._stream.write("\r" + text.ljust(len(self._shown)) + ("" if text else "\r"))
            self._stream.flush()
            self._shown = text


class Percentage:
    """Shows how far AllenNLP's progress bar is."""

    def __init__(self, label: str, progress: Progress) -> None:
        self.label, self.progress = label, progress

    def __call__(self, line: str) -> None:
        percentage = re.search(r"(\d+)%\|", line)
        if percentage:
            self.progress.now(f"{self.label} {percentage[1]} %")


class EpochReport:
    """
    One line an epoch, from the file of metrics that is written at its end; and what the trainer
    logs in between.

    # Parameters

    folder : `Path`
        AllenNLP's serialization directory.
    progress : `Progress`
        Where to say it.
    shown : `Callable[[Mapping[str, float], str], list[str]]`
        What to say of metrics whose names have a prefix; the first of it is said.
    """

    def __init__(
        self,
        folder: Path,
        progress: Progress,
        shown: Callable[[Mapping[str, float], str], list[str]],
    ) -> None:
        self.folder, self.progress, self._shown = folder, progress, shown
        self.epoch = 0

    def __call__(self, line: str) -> None:
        self.report_finished()
        state = re.search(r"update \d+ of \d+ .*", line)
        if state:
            self.progress.now(f"  {state[0]}")

    def report_finished(self) -> None:
        """Reports the epochs whose metrics stand in the folder by now."""
        while (
            metrics := _whole_json(self.folder / f"metrics_epoch_{self.epoch}.json")
        ) is not None:
            self.epoch += 1
            said = [f"  epoch {self.epoch:>2}  loss {metrics['training_loss']:.2f}"]
            said += [f"dev {score}" for score in self._shown(metrics, "validation_")[:1]]
            self.progress.line("  ".join(said))


def _whole_json(path: Path) -> dict[str, Any] | None:
    """What a file holds, or nothing while it is not there or not written to its end."""
    try:
        metrics = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return metrics if isinstance(metrics, dict) else None
