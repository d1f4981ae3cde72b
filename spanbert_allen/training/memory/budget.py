"""What memory a training run will need."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from allennlp.data import TensorDict
from allennlp.models import Model
from torch import distributed

from spanbert_allen.training.memory.available import available_memory
from spanbert_allen.training.memory.knobs import memory_knobs
from spanbert_allen.training.memory.largest_batch import largest_batch
from spanbert_allen.training.memory.live_tensors import LiveTensors
from spanbert_allen.training.recovery.metric_state import load_metric_state, metric_state
from spanbert_allen.training.recovery.random_state import random_state, set_random_state

if TYPE_CHECKING:
    from spanbert_allen.training.loop.training_loop import TrainingLoop

_GB = 1e9
_OF_REAL_PEAK = 0.7
"""The least share that was found of what processes really took beside their weights: torch's work
space inside of operations and the allocator's gaps come on top."""


@dataclass(frozen=True)
class MemoryBudget:
    """
    Bytes that a run needs on its device.

    # Parameters

    weights, gradients, optimizer_state : `int`
        Of the model, of its trained parameters, of the optimizer for these.
    activations : `int`, optional
        The most that forward and backward pass of the largest batch take beside these, as measured;
        `None` if that batch cannot be known beforehand.
    free : `int`, optional
        What the device has left beside the weights, which are there; `None` if not known.
    gradients_at_peak : `int`, optional (default = `0`)
        Those that are there already when the activations are at their most.
    knobs : `tuple[str, ...]`, optional (default = `()`)
        What can be done to need less.
    """

    weights: int
    gradients: int
    optimizer_state: int
    activations: int | None
    free: int | None
    gradients_at_peak: int = 0
    knobs: tuple[str, ...] = ()

    @property
    def still_needed(self) -> int:
        """What is not there yet, at once: all but the weights."""
        at_peak = self.gradients_at_peak + (self.activations or 0)
        return self.optimizer_state + max(self.gradients, at_peak)

    @property
    def fits(self) -> bool:
        """Whether that, and what comes on top of it by experience, is free, as far as is known."""
        return self.free is None or self.still_needed <= self.free * _OF_REAL_PEAK

    def sentence(self) -> str:
        """All of it in one sentence, for people."""
        parts = [
            f"weights {_shown(self.weights)}",
            f"gradients {_shown(self.gradients)}",
            f"optimizer {_shown(self.optimizer_state)}",
        ]
        if self.activations is None:
            parts.append("and activations, not known as the data is read while training goes on")
        else:
            parts.append(f"activations of the largest batch {_shown(self.activations)}")
        total = _shown(self.weights + self.still_needed)
        said = f"training needs about {total} of memory at once ({', '.join(parts)})"
        if self.free is not None:
            said += f"; {_shown(self.free)} are free beside the weights"
        if not self.fits:
            said += f", which is or may be too little: {'; '.join(self.knobs)}"
        return said


def memory_budget(trainer: TrainingLoop) -> MemoryBudget:
    """
    What a run will need. A forward and a backward pass of its largest batch are measured and leave
    no trace: weights, gradients, random numbers, metrics and the order of batches are afterwards as
    before. Workers need not do this together.

    # Parameters

    trainer : `TrainingLoop`
        Before its first update; not yet compiled, which would need less.
    """
    parameters = list(trainer.model.parameters())
    trained = [parameter for parameter in parameters if parameter.requires_grad]
    gradients = sum(_size(parameter) for parameter in trained)
    free = available_memory(trainer.cuda_device)
    activations, gradients_at_peak = _measure(trainer, trained)
    return MemoryBudget(
        weights=sum(_size(parameter) for parameter in parameters),
        gradients=gradients,
        optimizer_state=_tensors_per_parameter(trainer.optimizer) * gradients,
        activations=activations,
        free=free,
        # Batches of one update add to gradients that stay.
        gradients_at_peak=gradients if trainer.accumulation.steps > 1 else gradients_at_peak,
        knobs=tuple(memory_knobs(trainer)),
    )


def _tensors_per_parameter(optimizer: torch.optim.Optimizer) -> int:
    """Of a parameter's size: two for every optimizer of Adam's kind."""
    if isinstance(optimizer, torch.optim.SGD):
        return int(any(group["momentum"] for group in optimizer.param_groups))
    return 2


def _measure(trainer: TrainingLoop, trained: list[torch.nn.Parameter]) -> tuple[int | None, int]:
    """The activations of the largest batch, and the gradients that are there with them."""
    made = [0, 0]  # gradients so far, and when there was most in all

    def at_peak() -> None:
        made[1] = made[0]

    def gradient_made(gradient: torch.Tensor) -> None:
        made[0] += _size(gradient)

    with _no_trace(trainer.model, trained):
        batch = largest_batch(trainer.data_loader)
        if batch is None:
            return None, 0
        hooks = [one.register_hook(gradient_made) for one in trained]
        try:
            with LiveTensors(at_peak) as tensors:
                _forward_and_backward(trainer, trained, batch)
        finally:
            for hook in hooks:
                hook.remove()
    return tensors.peak - made[1], made[1]


def _forward_and_backward(
    trainer: TrainingLoop, trained: list[torch.nn.Parameter], batch: TensorDict
) -> None:
    with trainer.precision.autocast():
        outputs = trainer.model(**batch)
    loss = outputs.get("loss")
    # Shape: ()
    if loss is None or not loss.requires_grad:
        return  # training will complain
    if trainer.is_distributed:
        # DDP hears of `backward`, and would wait for these gradients in the first update.
        torch.autograd.grad(loss, trained, allow_unused=True)
    else:
        loss.backward()


@contextmanager
def _no_trace(model: Model, trained: list[torch.nn.Parameter]) -> Iterator[None]:
    """The model trains while this lasts, by itself, and is then as it was."""
    random, counted = random_state(), copy.deepcopy(metric_state(model))
    modes = [(module, module.training) for module in model.modules()]
    gradients = [parameter.grad for parameter in trained]
    buffers = [(buffer, buffer.clone()) for buffer in model.buffers()]
    is_initialized = distributed.is_initialized
    for parameter in trained:
        parameter.grad = None
    model.train()
    distributed.is_initialized = lambda: False  # metrics that add up over the workers do not
    try:
        yield
        model.get_metrics(reset=True)
    finally:
        distributed.is_initialized = is_initialized
        load_metric_state(model, counted)
        for module, mode in modes:
            module.training = mode
        for parameter, gradient in zip(trained, gradients, strict=True):
            parameter.grad = gradient
        for buffer, values in buffers:
            buffer.copy_(values)
        set_random_state(random)


def _size(tensor: torch.Tensor) -> int:
    return tensor.numel() * tensor.element_size()


def _shown(size: int) -> str:
    return f"{size / _GB:.2f} GB"
