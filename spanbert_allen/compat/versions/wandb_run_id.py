"""
AllenNLP's callback `wandb` with today's wandb.

**Cause.** The callback asks `wandb.util` for the id of a run, which newer versions do not have.

**Repair.** The id is drawn here, as wandb drew it: eight letters and digits.
"""

from __future__ import annotations

import functools
import secrets
import string
from typing import Any

from allennlp.training.callbacks.wandb import WandBCallback

_on_start = WandBCallback.on_start


def needed() -> bool:
    return True  # AllenNLP 2.10.1 is its last release


def apply() -> None:
    WandBCallback.on_start = on_start


@functools.wraps(_on_start)
def on_start(self: WandBCallback, trainer: Any, is_primary: bool = True, **kwargs: Any) -> None:
    if self._run_id is None:
        letters = string.ascii_lowercase + string.digits
        self._run_id = "".join(secrets.choice(letters) for _ in range(8))
    _on_start(self, trainer, is_primary=is_primary, **kwargs)
