"""What memory a training run will need."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from spanbert_allen.training.largest_batch import largest_batch
from spanbert_allen.training.random_state import random_state, set_random_state

if TYPE_CHECKING:
    from spanbert_allen.training.training_loop import TrainingLoop

_MOMENTS = 2
"""Tensors of a parameter's size that optimizers of Adam's kind keep."""
_GB = 1e9


@dataclass(frozen=True)
class MemoryBudget:
    """
    Bytes that a run needs on its device.

    # Parameters

    weights, gradients, optimizer_state : `int`
        Of the model; the optimizer's for one of Adam's kind.
    activations : `int`, optional
        What the forward pass of the largest batch keeps for the backward pass, as measured; `None`
        if that batch cannot be known beforehand.
    free : `int`, optional
        What the device has left for it beside the weights, which are there; `None` if not known.
    """

    weights: int
    gradients: int
    optimizer_state: int
    activations: int | None
    free: int | None

    @property
    def still_needed(self) -> int:
        """What is not there yet: all but the weights."""
        return self.gradients + self.optimizer_state + (self.activations or 0)

    @property
    def fits(self) -> bool:
        """Whether that is free, as far as is known."""
        return self.free is None or self.still_needed <= self.free

    def sentence(self) -> str:
        """All of it in one sentence, for people."""
        total = self.weights + self.still_needed
        parts = [
            f"weights {_shown(self.weights)}",
            f"gradients {_shown(self.gradients)}",
            f"optimizer {_shown(self.optimizer_state)}",
        ]
        if self.activations is None:
            parts.append("activations not known, as the data is read while training goes on")
        else:
            parts.append(f"activations of the largest batch {_shown(self.activations)}")
        said = f"training needs about {_shown(total)} of memory: {', '.join(parts)}"
        if self.free is not None:
            said += f"; {_shown(self.free)} are free beside the weights"
        if not self.fits:
            said += ", which will not do"
        return said


def memory_budget(trainer: TrainingLoop) -> MemoryBudget:
    """
    What a run will need, measured on its largest batch in one forward pass, which leaves no trace:
    random numbers, metrics and the order of batches are afterwards as before. On several workers
    each must call this.

    # Parameters

    trainer : `TrainingLoop`
        Before its first update.
    """
    parameters = list(trainer.model.parameters())
    trained = sum(_size(parameter) for parameter in parameters if parameter.requires_grad)
    free = _free(trainer.cuda_device)
    return MemoryBudget(
        weights=sum(_size(parameter) for parameter in parameters),
        gradients=trained,
        optimizer_state=_MOMENTS * trained,
        activations=_activations(trainer),
        free=free,
    )


def _activations(trainer: TrainingLoop) -> int | None:
    before = random_state()
    batch = largest_batch(trainer.data_loader)
    if batch is None:
        return None
    trainer.model.train()
    saved: dict[int, int] = {}
    try:
        with torch.autograd.graph.saved_tensors_hooks(_recorder(saved, trainer), lambda x: x):
            with trainer.precision.autocast():
                outputs = trainer.model(**batch)
            sizes = sum(saved.values())
        del outputs
        return sizes
    finally:
        trainer.model.get_metrics(reset=True)
        set_random_state(before)


def _recorder(saved: dict[int, int], trainer: TrainingLoop) -> Callable[[Tensor], Tensor]:
    """Notes the storage of each tensor that is kept for the backward pass."""
    weights = {parameter.untyped_storage().data_ptr() for parameter in trainer.model.parameters()}

    def record(tensor: Tensor) -> Tensor:
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in weights:
            saved[storage.data_ptr()] = storage.nbytes()
        return tensor

    return record


def _size(tensor: Tensor) -> int:
    return tensor.numel() * tensor.element_size()


def _shown(size: int) -> str:
    return f"{size / _GB:.2f} GB"


def _free(device: torch.device) -> int | None:
    """What is left on a GPU, or to this process by the machine or its container."""
    if device.type == "cuda":
        return int(torch.cuda.mem_get_info(device)[0])
    known = [size for size in (_free_on_machine(), *_free_in_container()) if size is not None]
    return min(known, default=None)


def _free_on_machine() -> int | None:
    try:
        lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
    except OSError:
        return None
    sizes = {name: value for name, _, value in (line.partition(":") for line in lines)}
    available = sizes.get("MemAvailable")
    return None if available is None else int(available.split()[0]) * 1024


def _free_in_container() -> list[int]:
    """By the limit of version 2 or version 1 of Linux's control groups."""
    root = Path("/sys/fs/cgroup")
    found = []
    for limit, usage in (
        (root / "memory.max", root / "memory.current"),
        (root / "memory/memory.limit_in_bytes", root / "memory/memory.usage_in_bytes"),
    ):
        try:
            found.append(int(limit.read_text()) - int(usage.read_text()))
        except (OSError, ValueError):  # not there, or "max"
            continue
    return found
