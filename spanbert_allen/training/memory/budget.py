"""The memory that a training run will need."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from allennlp.data import DataLoader, TensorDict
from allennlp.models import Model
from allennlp.nn.util import move_to_device

from spanbert_allen.compat.workers import as_only_process
from spanbert_allen.modules.layers.precision import mixed_precision
from spanbert_allen.training.memory.available import available_memory
from spanbert_allen.training.memory.knobs import memory_knobs
from spanbert_allen.training.memory.largest_batch import largest_batch
from spanbert_allen.training.memory.meters import peak_meter
from spanbert_allen.training.recovery.metric_state import load_metric_state, metric_state
from spanbert_allen.training.recovery.random_state import random_state, set_random_state

_GB = 1e9
_OF_REAL_PEAK = 0.7
"""The smallest share that the measured need was of what processes really took beside their weights:
torch's work space inside operations and the gaps of the allocator come on top."""


@dataclass(frozen=True)
class MemoryBudget:
    """
    The bytes that a run needs on its device.

    # Parameters

    weights : `int`
        Of the model.
    gradients : `int`
        Of the trained parameters.
    optimizer_state : `int`
        Of the optimizer, for the trained parameters.
    activations : `int`, optional
        The most that the forward and the backward pass of the largest batch take beside these, as
        measured; `None` if the largest batch is not known beforehand.
    free : `int`, optional
        What the device has left beside the weights, which are there already; `None` if not known.
    gradients_at_peak : `int`, optional (default = `0`)
        The gradients that exist when the activations are at their peak.
    knobs : `tuple[str, ...]`, optional (default = `()`)
        What can be changed to need less; see `memory_knobs`.
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
        """Return the most that is needed at once, without the weights."""
        at_peak = self.gradients_at_peak + (self.activations or 0)
        return self.optimizer_state + max(self.gradients, at_peak)

    @property
    def fits(self) -> bool:
        """Tell whether the device has enough left, with a margin; `True` if that is not known."""
        return self.free is None or self.still_needed <= self.free * _OF_REAL_PEAK

    def sentence(self) -> str:
        """Return the budget as one sentence for people."""
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


def memory_budget(
    model: Model,
    optimizer: torch.optim.Optimizer,
    data_loader: DataLoader,
    *,
    precision: str,
    device: torch.device,
    accumulates: bool = False,
    is_distributed: bool = False,
) -> MemoryBudget:
    """
    Measure a forward and a backward pass of the largest batch of a run.

    The measurement leaves no trace: weights, gradients, random numbers, metrics and the order of
    batches are the same afterwards. Several workers need not call this together.

    # Parameters

    model : `Model`
        Before its first update, and not yet compiled, as a compiled model needs less.
    optimizer : `torch.optim.Optimizer`
        The optimizer of the run.
    data_loader : `DataLoader`
        The training data.
    precision : `str`
        The precision of the run: `fp32`, `bf16` or `fp16`.
    device : `torch.device`
        Where the model is.
    accumulates : `bool`, optional (default = `False`)
        Whether several batches make one update, so that gradients stay between them.
    is_distributed : `bool`, optional (default = `False`)
        Whether several workers train together.
    """
    parameters = list(model.parameters())
    trained = [parameter for parameter in parameters if parameter.requires_grad]
    gradients = sum(_size(parameter) for parameter in trained)
    free = available_memory(device)

    def run(batch: TensorDict) -> None:
        with mixed_precision(precision, device):
            outputs = model(**batch)
        _backward(outputs.get("loss"), trained, is_distributed=is_distributed)

    activations, gradients_at_peak = _measure(model, trained, data_loader, run, device)
    return MemoryBudget(
        weights=sum(_size(parameter) for parameter in parameters),
        gradients=gradients,
        optimizer_state=_tensors_per_parameter(optimizer) * gradients,
        activations=activations,
        free=free,
        gradients_at_peak=gradients if accumulates else gradients_at_peak,
        knobs=tuple(memory_knobs(model, data_loader, precision)),
    )


def _tensors_per_parameter(optimizer: torch.optim.Optimizer) -> int:
    """Return how many tensors of its size the optimizer keeps for a parameter; 2 for Adam."""
    if isinstance(optimizer, torch.optim.SGD):
        return int(any(group["momentum"] for group in optimizer.param_groups))
    return 2


def _measure(
    model: Model,
    trained: list[torch.nn.Parameter],
    data_loader: DataLoader,
    run: Callable[[TensorDict], None],
    device: torch.device,
) -> tuple[int | None, int]:
    """Return the bytes of activations at the peak, and those of the gradients at that moment."""
    made = [0, 0]  # bytes of gradients so far, and at the peak

    def at_peak() -> None:
        made[1] = made[0]

    def gradient_made(gradient: torch.Tensor) -> None:
        meter.look()
        made[0] += _size(gradient)

    meter = peak_meter(device, at_peak)

    with _no_trace(model, trained):
        batch = largest_batch(data_loader)
        if batch is None:
            return None, 0
        hooks = [one.register_hook(gradient_made) for one in trained]
        try:
            with meter:
                run(move_to_device(batch, device))
        finally:
            for hook in hooks:
                hook.remove()
    return meter.peak - made[1], made[1]


def _backward(
    loss: torch.Tensor | None, trained: list[torch.nn.Parameter], *, is_distributed: bool
) -> None:
    # Shape of loss: ()
    if loss is None or not loss.requires_grad:
        return  # training will complain
    if is_distributed:
        # DDP would take `backward` for a part of the first update and wait for the other workers.
        torch.autograd.grad(loss, trained, allow_unused=True)
    else:
        loss.backward()


@contextmanager
def _no_trace(model: Model, trained: list[torch.nn.Parameter]) -> Iterator[None]:
    """Let the model train alone for a while, and restore everything afterwards."""
    random, counted = random_state(), copy.deepcopy(metric_state(model))
    modes = [(module, module.training) for module in model.modules()]
    gradients = [parameter.grad for parameter in trained]
    buffers = [(buffer, buffer.clone()) for buffer in model.buffers()]
    for parameter in trained:
        parameter.grad = None
    model.train()
    try:
        with as_only_process():  # metrics that are summed over the workers do not wait for them
            yield
            model.get_metrics(reset=True)
    finally:
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
