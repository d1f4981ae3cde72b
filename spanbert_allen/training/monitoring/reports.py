"""Every evaluation of a run, as one line of JSON."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

from spanbert_allen.common.files import replace_file

FILE_NAME = "evaluations.jsonl"


class RunHistory:
    """
    The evaluations of a run in order, also in `evaluations.jsonl`, which is written anew as a whole
    each time: it is never half a line long, and after a restart it holds what the checkpoint holds.

    Each has `update` (how many had been made), `epoch` (from 0), `seconds` (since the run began),
    `learning_rates` (of the last update, by parameter group), `training` and `validation` (metrics)
    and `best` (whether it was the best so far).

    # Parameters

    folder : `str`, optional
        Where the file is; `None` for workers that write nothing.
    """

    def __init__(self, folder: str | None) -> None:
        self._path = None if folder is None else Path(folder) / FILE_NAME
        self.entries: list[dict[str, Any]] = []

    def add(self, entry: dict[str, Any]) -> None:
        """
        Add an evaluation.

        # Parameters

        entry : `dict[str, Any]`
            Numbers, texts, and dicts of them; what is not finite stands as null in the file.
        """
        self.entries.append(entry)
        self._write()

    def state_dict(self) -> dict[str, Any]:
        """What `load_state_dict` takes."""
        return {"entries": [dict(entry) for entry in self.entries]}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on after other evaluations; the file forgets all else."""
        self.entries = list(state["entries"])
        self._write()

    def _write(self) -> None:
        if self._path is None:
            return
        with replace_file(self._path) as file:
            for entry in self.entries:
                file.write(json.dumps(_finite(entry), allow_nan=False) + "\n")


def _finite(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _finite(inner) for key, inner in value.items()}
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
