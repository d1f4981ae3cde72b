"""Progress of a long command for a person: lines that stay, and one that changes."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import IO, Any


class Progress:
    """
    Write lines for a person, the last of which may still change.

    # Parameters

    stream : `IO[str]`
        Where to write. The changing line is only shown on a terminal.
    """

    def __init__(self, stream: IO[str]) -> None:
        self._stream = stream
        self._is_terminal = stream.isatty()
        self._shown = ""

    def line(self, text: str = "") -> None:
        """Write a line that stays."""
        self.now("")
        self._stream.write(f"{text}\n")
        self._stream.flush()

    def now(self, text: str) -> None:
        """Replace the changing line by a text."""
        if self._is_terminal and text != self._shown:
            self._stream.write("\r" + text.ljust(len(self._shown)) + ("" if text else "\r"))
            self._stream.flush()
            self._shown = text


class Percentage:
    """Show how far AllenNLP's progress bar has come."""

    def __init__(self, label: str, progress: Progress) -> None:
        self.label, self.progress = label, progress

    def __call__(self, line: str) -> None:
        percentage = re.search(r"(\d+)%\|", line)
        if percentage:
            self.progress.now(f"{self.label} {percentage[1]} %")


class EpochReport:
    """
    Write a line for each epoch, and show what the trainer logs in between.

    An epoch is reported when the file of its metrics is whole.

    # Parameters

    folder : `Path`
        AllenNLP's serialization directory.
    progress : `Progress`
        Where to write.
    shown : `Callable[[Mapping[str, float], str], list[str]]`
        Gives the scores to show among metrics whose names have a prefix; the first is shown.
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
        """Report the epochs whose metrics are in the folder by now."""
        while (
            metrics := _whole_json(self.folder / f"metrics_epoch_{self.epoch}.json")
        ) is not None:
            self.epoch += 1
            said = [f"  epoch {self.epoch:>2}  loss {metrics['training_loss']:.2f}"]
            said += [f"dev {score}" for score in self._shown(metrics, "validation_")[:1]]
            self.progress.line("  ".join(said))


def _whole_json(path: Path) -> dict[str, Any] | None:
    """Return the object in a file, or `None` while the file is missing or incomplete."""
    try:
        metrics = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return metrics if isinstance(metrics, dict) else None
