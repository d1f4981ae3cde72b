"""The optimizers that an optimizer consists of."""

from __future__ import annotations

from typing import Any

import torch
from allennlp.training.optimizers import MultiOptimizer

from spanbert_allen.common.errors import ConfigError


def parts_of(optimizer: torch.optim.Optimizer) -> dict[str, Any]:
    """
    Return the optimizers of AllenNLP's `multi`, by the names that its state has for theirs.

    Of any other optimizer that is the optimizer itself, under the name "".
    """
    if not isinstance(optimizer, MultiOptimizer):
        return {"": optimizer}
    return {f"{name}_optimizer": part for name, part in optimizer.optimizers.items()}


def groups_of(optimizer: torch.optim.Optimizer) -> list[dict[str, Any]]:
    """Return the parameter groups that an optimizer goes by: of `multi`, those of its parts."""
    return [group for part in parts_of(optimizer).values() for group in part.param_groups]


def check_scheduler(optimizer: torch.optim.Optimizer, key: str) -> None:
    """
    Check that a scheduler's values reach the optimizer.

    # Parameters

    optimizer : `torch.optim.Optimizer`
        That of the trainer.
    key : `str`
        The scheduler's key in `trainer`.

    # Errors

    `ConfigError` for `multi`, whose optimizers have parameter groups of their own.
    """
    if isinstance(optimizer, MultiOptimizer):
        raise ConfigError(
            f"`trainer.{key}` has no effect on the optimizers of `multi`, which keep rates of "
            "their own: leave it out, or use one optimizer with `parameter_groups`"
        )
