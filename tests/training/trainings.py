"""Trainings in processes of their own, and what comes of them."""

from __future__ import annotations

import json
import tarfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch

from tests.training.recovery.killed_run import import_what_comes_late, run_in_child

NO_TIMES = ("training_duration", "peak_")
NO_SPEEDS = ("training_pieces_per_second", "training_padding_share", "training_waiting_share")


class Trainings:
    """Trainings one after the other; `said` takes their error output."""

    def __init__(self, said: Path) -> None:
        import_what_comes_late()
        self.said = said
        said.touch()

    def run(
        self,
        config: dict[str, Any],
        folder: Path,
        *,
        recover: bool = False,
        kill: Any = None,
        imports: Sequence[str] = (),
        fails: bool = False,
    ) -> int:
        """The exit status of one training: 0 or, if it was killed, below; 1 only if it `fails`."""
        task = {"config": config, "folder": str(folder), "recover": recover, "kill": kill}
        task["imports"] = list(imports)
        status = run_in_child(task, self.said)
        assert status <= 0 or fails, self.said.read_text()[-4000:]
        return status


def outcome(folder):
    """Everything that must be equal."""
    with tarfile.open(folder / "model.tar.gz") as archive:
        weights = torch.load(archive.extractfile("weights.th"), weights_only=True)
    (training_state,) = sorted(folder.glob("training_state_*.th"))[-1:]
    state = torch.load(training_state, weights_only=True)
    metrics = json.loads((folder / "metrics.json").read_text())
    evaluations = [json.loads(one) for one in (folder / "evaluations.jsonl").open()]
    for entry in evaluations:
        del entry["seconds"], entry["speed"]
    return {
        "weights": weights,
        "best": torch.load(folder / "best.th", weights_only=True),
        "optimizer": state["optimizer"],
        "random": state["spanbert"]["workers"],
        "metrics": _without_times(metrics),
        "metrics_of_epochs": {
            path.name: _without_times(json.loads(path.read_text()))
            for path in folder.glob("metrics_epoch_*.json")
        },
        "evaluations": evaluations,
        "last_checkpoint": training_state.name,
    }


def _without_times(metrics):
    return {
        name: value
        for name, value in metrics.items()
        if not name.startswith((*NO_TIMES, *NO_SPEEDS))
    }


def assert_equal(one, other, place=""):
    if isinstance(one, torch.Tensor):
        assert torch.equal(one, other), place
    elif isinstance(one, dict):
        assert one.keys() == other.keys(), place
        for key in one:
            assert_equal(one[key], other[key], f"{place}/{key}")
    elif isinstance(one, (list, tuple)):
        assert len(one) == len(other), place
        for number, (mine, its) in enumerate(zip(one, other, strict=True)):
            assert_equal(mine, its, f"{place}/{number}")
    else:
        assert one == other, place
