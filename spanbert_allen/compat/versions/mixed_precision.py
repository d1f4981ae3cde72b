"""
Mixed precision without a warning at every step.

**Cause.** The trainer enters `torch.cuda.amp.autocast` and builds `torch.cuda.amp.GradScaler`, both
deprecated: one `FutureWarning` a place and process, into the middle of the progress bar.

**Repair.** The name `amp` in AllenNLP's three modules stands for the same two classes of
`torch.amp` with the device `cuda` and half precision, which is what the old names meant.
"""

from __future__ import annotations

import functools
from types import SimpleNamespace

import torch
from allennlp.nn.parallel import ddp_accelerator, fairscale_fsdp_accelerator
from allennlp.training import gradient_descent_trainer


def needed() -> bool:
    return hasattr(torch.amp, "GradScaler")  # torch 2.3, which deprecated the old names soon after


def apply() -> None:
    amp = SimpleNamespace(
        autocast=_autocast, GradScaler=functools.partial(torch.amp.GradScaler, "cuda")
    )
    for module in (gradient_descent_trainer, ddp_accelerator, fairscale_fsdp_accelerator):
        module.amp = amp


def _autocast(enabled: bool = True) -> torch.autocast:
    return torch.autocast("cuda", dtype=torch.float16, enabled=enabled)
