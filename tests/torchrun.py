"""
The agent of torchrun in a fork of the test process, with workers that are forked too: they need not
import AllenNLP again, which takes each new process more than ten seconds.
"""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.forks import exit_status, fork


def run_with_torchrun(
    worker: Callable[..., object], *arguments: Any, said: Path, num_workers: int = 2
) -> int:
    """Run a function on several workers, which start again once; return the agent's status."""
    return exit_status(fork(_agent, num_workers, worker, arguments, said=said))


def _agent(num_workers: int, worker: Callable[..., object], arguments: tuple[Any, ...]) -> None:
    from torch.distributed.launcher.api import LaunchConfig, elastic_launch

    config = LaunchConfig(
        min_nodes=1,
        max_nodes=1,
        nproc_per_node=num_workers,
        run_id="test",
        rdzv_backend="c10d",
        rdzv_endpoint="localhost:0",
        local_addr="localhost",
        max_restarts=1,
        start_method="fork",
    )
    elastic_launch(config, worker)(*arguments)


def watch_updates(notes: Path, *, dies_at: int | None) -> None:
    """Note the start and the number of each update; in the first start the second worker dies."""
    from spanbert_allen.training.loop.training_loop import TrainingLoop

    update = TrainingLoop._update
    start = int(os.environ["TORCHELASTIC_RESTART_COUNT"])

    def watched(self: TrainingLoop) -> Any:
        if os.environ["RANK"] == "0":
            with notes.open("a") as file:
                file.write(json.dumps([start, self.updates_done]) + "\n")
        elif start == 0 and self.updates_done == dies_at:
            os.kill(os.getpid(), signal.SIGKILL)
        return update(self)

    TrainingLoop._update = watched  # type: ignore[method-assign]
