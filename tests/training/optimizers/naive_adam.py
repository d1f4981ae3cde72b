"""One parameter after another, in plain tensor operations: what `BertAdam` must equal."""

from __future__ import annotations

import math
from typing import Any

import torch

from spanbert_allen.training.schedules.formulas import SCHEDULES

DEFAULTS: dict[str, Any] = {
    "lr": 2e-5,
    "betas": (0.9, 0.999),
    "eps": 1e-6,
    "weight_decay": 0.01,
    "clip": "tensor",
    "clip_name": None,
    "max_grad_norm": 1.0,
    "bias_correction": False,
    "eps_before_correction": False,
    "schedule": "linear_with_warmup",
    "warmup_proportion": 0.1,
}


class NaiveAdam:
    """Groups are options with `params`; gradients are left as they are."""

    def __init__(self, groups: list[dict[str, Any]], total_steps: int, **options: Any):
        self.groups = [{**DEFAULTS, **options, **group} for group in groups]
        self.total_steps, self.steps = total_steps, 0
        self.moments = {
            id(parameter): (torch.zeros_like(parameter), torch.zeros_like(parameter))
            for group in groups
            for parameter in group["params"]
        }

    @torch.no_grad()
    def step(self) -> None:
        for i, group in enumerate(self.groups):
            factor = SCHEDULES[group["schedule"]]
            progress = self.steps / self.total_steps
            rate = group["lr"] * factor(progress, group["warmup_proportion"])
            for parameter in group["params"]:
                if parameter.grad is not None:
                    norm = self._norm(parameter, i)
                    self._update(parameter, parameter.grad / max(1.0, norm), group, rate)
        self.steps += 1

    def _norm(self, parameter: torch.Tensor, position: int) -> float:
        """The norm that the gradient is divided by if it exceeds 1, in units of the greatest."""
        group = self.groups[position]
        if group["clip"] is None:
            return 0.0
        vectors = [parameter.grad]
        if group["clip"] == "group":
            name = group["clip_name"]
            members = (
                [group] if name is None else [g for g in self.groups if g["clip_name"] == name]
            )
            vectors = [p.grad for g in members for p in g["params"] if p.grad is not None]
        squares = sum(float((vector**2).sum()) for vector in vectors)
        return (math.sqrt(squares) + 1e-6) / group["max_grad_norm"]

    def _update(self, parameter: Any, gradient: Any, group: dict[str, Any], rate: float) -> None:
        first, second = self.moments[id(parameter)]
        beta1, beta2 = group["betas"]
        first.copy_(beta1 * first + (1 - beta1) * gradient)
        second.copy_(beta2 * second + (1 - beta2) * gradient**2)
        mean, square = first, second
        if group["bias_correction"]:
            mean = first / (1 - beta1 ** (self.steps + 1))
            square = second / (1 - beta2 ** (self.steps + 1))
        eps = group["eps"]
        if group["bias_correction"] and group["eps_before_correction"]:
            eps = eps / math.sqrt(1 - beta2 ** (self.steps + 1))
        change = mean / (square.sqrt() + eps) + group["weight_decay"] * parameter
        parameter.copy_(parameter - rate * change)
