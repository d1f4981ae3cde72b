"""Tensors of which every worker holds a share, as whole ones, and back again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor


def is_shared_out(tensor: Tensor) -> bool:
    """Tell whether each worker holds a share of a tensor only (torch's `DTensor`)."""
    return hasattr(tensor, "full_tensor")


def gathered(value: Any, *, keep: bool = True) -> Any:
    """
    Put together whole tensors from the workers' shares; all workers must call this.

    # Parameters

    value : `Any`
        Tensors and plain values, and lists, tuples and dicts of them.
    keep : `bool`, optional (default = `True`)
        Whether this worker wants the result; otherwise it gets `None` for each tensor.

    # Returns

    `Any`
        The same with whole tensors, on the CPU.
    """
    if isinstance(value, Tensor):
        if not is_shared_out(value):
            return value
        whole = value.detach().full_tensor()  # type: ignore[attr-defined]
        return whole.cpu() if keep else None
    if isinstance(value, dict):
        return type(value)((key, gathered(inner, keep=keep)) for key, inner in value.items())
    if isinstance(value, (list, tuple)):
        return type(value)([gathered(inner, keep=keep) for inner in value])
    return value


def shared_out(whole: Tensor, like: Tensor) -> Tensor:
    """
    Return this worker's share of a whole tensor.

    # Parameters

    whole : `Tensor`
        The same on all workers.
    like : `Tensor`
        A tensor that is shared out as the result is to be; any other gets the whole one.
    """
    if not is_shared_out(like) or whole.shape != like.shape:
        return whole
    from torch.distributed.tensor import distribute_tensor

    share: Tensor = distribute_tensor(
        whole.to(like.device),
        like.device_mesh,  # type: ignore[attr-defined]
        like.placements,  # type: ignore[attr-defined]
        src_data_rank=None,  # each has read the checkpoint
    )
    return share


def shared_out_weights(weights: Mapping[str, Tensor], model: torch.nn.Module) -> dict[str, Tensor]:
    """Return this worker's shares of the weights of a model, by their names."""
    own = model.state_dict()
    return {
        name: shared_out(weight, own[name]) if name in own else weight
        for name, weight in weights.items()
    }


def shared_out_optimizer(state: dict[str, Any], optimizer: torch.optim.Optimizer) -> dict[str, Any]:
    """Return this worker's shares of an optimizer's state, as `state_dict` has it."""
    parameters = [one for group in optimizer.param_groups for one in group["params"]]
    shares = {
        place: {
            name: shared_out(value, parameters[place]) if isinstance(value, Tensor) else value
            for name, value in values.items()
        }
        for place, values in state["state"].items()
    }
    return {**state, "state": shares}
