"""The optimizer of the original SpanBERT programs."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, Literal

import torch
from allennlp.training.optimizers import Optimizer, ParameterGroupsType, make_parameter_groups

from spanbert_allen.common.errors import ConfigError
from spanbert_allen.training.optimizers.adamw_update import adamw_
from spanbert_allen.training.optimizers.clipping import clip_each, clip_together
from spanbert_allen.training.optimizers.options import PLACE, check_clipped_together, check_options
from spanbert_allen.training.schedules.formulas import SCHEDULES, check_total_steps


@Optimizer.register("spanbert_bert_adam")
class BertAdam(Optimizer):
    """
    Update parameters by Adam as BERT's and SpanBERT's fine-tuning programs have it.

    The optimizer clips gradients itself and has no bias correction; weights decay apart from the
    gradient. It computes the learning rate from its own count of updates before each of them, so
    that the first has rate 0 (it still fills the moments). Set no learning-rate scheduler and no
    `grad_norm` beside it.

    For an update with gradient g of a parameter p, after clipping:

        m = b1 m + (1 - b1) g
        v = b2 v + (1 - b2) g^2
        p = p - rate (m / (sqrt(v) + eps) + decay p)

    The defaults are the original's fp32 path, where each tensor is clipped by itself. Its `--fp16`
    path clips each parameter group as one vector: `clip: "group", eps: 1e-8`. Every option may also
    stand in a parameter group and holds for that group then: with `bias_correction: true` and
    `schedule: "linear"` a group has the plain Adam of the coreference programs' task parameters.

    Gradients are clipped in place. The rate of the last update stands in each group's `lr`, where
    loggers look for it, the peak in `peak_lr`; a tool that sets rates from outside, such as
    `allennlp find-lr`, needs `schedule: "constant"`. Updates are counted by group, also for
    a parameter that has no gradient at some of them. (<https://arxiv.org/abs/1412.6980> is Adam,
    <https://arxiv.org/abs/1711.05101> decay apart from the gradient.)

    # Parameters

    model_parameters : `list[tuple[str, torch.nn.Parameter]]`
        Names and parameters; the trainer passes them.
    parameter_groups : `list[tuple[list[str], dict[str, Any]]]`, optional (default = `None`)
        Regular expressions for names, and the options that differ for these parameters;
        `training_configs/lib/parameter_groups.libsonnet` makes them.
    lr : `float`, optional (default = `2e-5`)
        The peak rate.
    betas : `tuple[float, float]`, optional (default = `(0.9, 0.999)`)
        b1 and b2.
    eps : `float`, optional (default = `1e-6`)
        Added outside of the root.
    weight_decay : `float`, optional (default = `0.01`)
        Times the rate, this share of the old weight is taken off.
    clip : `"tensor" | "group" | None`, optional (default = `"tensor"`)
        What is clipped: each tensor, the group as one vector, or nothing.
    clip_name : `str`, optional (default = `None`)
        Groups with `clip: "group"` and one name are clipped as one vector together: an encoder's
        decayed and other parameters, for example.
    max_grad_norm : `float`, optional (default = `1.0`)
        The L2 norm to clip to.
    bias_correction : `bool`, optional (default = `False`)
        Whether the moments are divided by 1 - b^t, as plain Adam does.
    eps_before_correction : `bool`, optional (default = `False`)
        Whether `eps` is added before the second moment is corrected, as fairseq's Adam does, which
        SpanBERT was pre-trained with. It matters in the first thousand updates. Without effect
        unless `bias_correction` is set.
    schedule : `str`, optional (default = `"linear_with_warmup"`)
        `"linear_with_warmup"`, `"warmup_over_linear"`, `"linear"` or `"constant"`; see `schedules`.
    warmup_proportion : `float`, optional (default = `0.1`)
        The share of the run that is warm-up; only the schedules with warm-up look at it.
    total_steps : `int`, optional (default = `None`)
        The updates of the whole run: the original counts batches of an epoch // accumulation,
        times epochs. May be left to a trainer that calls `fill_total_steps`.

    # Errors

    `ConfigError` for options that cannot work, and at the first update if `total_steps` is unset or
    a scheduler wants to set the rate as well.
    """

    def __init__(
        self,
        model_parameters: list[tuple[str, torch.nn.Parameter]],
        parameter_groups: ParameterGroupsType | None = None,
        *,
        lr: float = 2e-5,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-6,
        weight_decay: float = 0.01,
        clip: Literal["tensor", "group"] | None = "tensor",
        clip_name: str | None = None,
        max_grad_norm: float = 1.0,
        bias_correction: bool = False,
        eps_before_correction: bool = False,
        schedule: str = "linear_with_warmup",
        warmup_proportion: float = 0.1,
        total_steps: int | None = None,
    ):
        defaults = {
            "lr": lr,
            "betas": betas,
            "eps": eps,
            "weight_decay": weight_decay,
            "clip": clip,
            "clip_name": clip_name,
            "max_grad_norm": max_grad_norm,
            "bias_correction": bias_correction,
            "eps_before_correction": eps_before_correction,
            "schedule": schedule,
            "warmup_proportion": warmup_proportion,
            "total_steps": total_steps,
        }
        super().__init__(make_parameter_groups(model_parameters, parameter_groups), defaults)
        self._least_progress: float | None = None

    def add_param_group(self, param_group: dict[str, Any]) -> None:
        """Take one more group, whose options are checked; torch's constructor calls this too."""
        options = {**self.defaults, **param_group}
        check_options(options, self.defaults)
        for other in self.param_groups:
            check_clipped_together(options, other)
        super().add_param_group(param_group)
        group = self.param_groups[-1]
        group.setdefault("peak_lr", group["lr"])
        group.setdefault("step", 0)

    def fill_total_steps(self, total_steps: int) -> None:
        """
        Tell the optimizer how long the run is, before the first update.

        A value that the configuration has set stays.

        # Parameters

        total_steps : `int`
            The updates of the whole run, at least 1.
        """
        check_total_steps(total_steps, f"{PLACE}.total_steps")
        for group in self.param_groups:
            if group["total_steps"] is None:
                group["total_steps"] = total_steps

    def set_least_progress(self, progress: float) -> None:
        """
        Tell the optimizer how far the run is at least, before each update of one with a time limit.

        Schedules take the share of the updates that were made or this, whichever is more.

        # Parameters

        progress : `float`
            From 0 to 1.
        """
        self._least_progress = progress

    def count_skipped_update(self) -> None:
        """
        Count an update that was left out because half-precision gradients overflowed.

        The moments and parameters stay and the schedule goes on, as in the original's `--fp16`
        path.
        """
        for group in self.param_groups:
            group["step"] += 1

    @torch.no_grad()
    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """
        Make one update.

        # Parameters

        closure : `Callable[[], Any]`, optional (default = `None`)
            Computes the gradients anew and returns the loss.

        # Returns

        What the closure returned, or `None`.
        """
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        rates = [_next_rate(group, self._least_progress) for group in self.param_groups]
        self._clip_groups()
        for group, rate in zip(self.param_groups, rates, strict=True):
            group["lr"] = rate
            group["step"] += 1
            self._update(_with_gradients(group), group)
        return loss

    def _clip_groups(self) -> None:
        together: dict[tuple[object, float], list[torch.Tensor]] = {}
        for i, group in enumerate(self.param_groups):
            if group["clip"] == "tensor":
                gradients = [parameter.grad for parameter in _with_gradients(group)]
                clip_each(gradients, group["max_grad_norm"])
            elif group["clip"] == "group":
                name = i if group["clip_name"] is None else group["clip_name"]
                gradients = together.setdefault((name, group["max_grad_norm"]), [])
                gradients.extend(parameter.grad for parameter in _with_gradients(group))
        for (_, max_norm), gradients in together.items():
            clip_together(gradients, max_norm)

    def _update(self, parameters: list[Any], group: dict[str, Any]) -> None:
        firsts, seconds = self._moments(parameters)
        eps = group["eps"]
        # Groups of an older checkpoint do not have this option.
        if group["bias_correction"] and group.get("eps_before_correction"):
            eps /= math.sqrt(1.0 - group["betas"][1] ** group["step"])
        adamw_(
            parameters,
            firsts,
            seconds,
            rate=group["lr"],
            betas=group["betas"],
            weight_decay=group["weight_decay"],
            eps=eps,
            step=group["step"] if group["bias_correction"] else None,
        )

    def _moments(
        self, parameters: list[torch.nn.Parameter]
    ) -> tuple[list[torch.Tensor], list[torch.Tensor]]:
        for parameter in parameters:
            state = self.state[parameter]
            if not state:
                # Shape: the parameter's
                state["first_moment"] = torch.zeros_like(parameter)
                # Shape: the parameter's
                state["second_moment"] = torch.zeros_like(parameter)
        return (
            [self.state[parameter]["first_moment"] for parameter in parameters],
            [self.state[parameter]["second_moment"] for parameter in parameters],
        )


def _next_rate(group: dict[str, Any], least_progress: float | None) -> float:
    """Return the rate of a group's next update."""
    if group["schedule"] == "constant":
        return group["lr"]  # the peak, or what a scheduler has put there
    if "initial_lr" in group:
        raise ConfigError(
            "`trainer.learning_rate_scheduler` stands beside `spanbert_bert_adam`, which computes "
            f"its own rate: remove the scheduler, or set `{PLACE}.schedule` to 'constant'"
        )
    total = group["total_steps"]
    if total is None and least_progress is None:
        raise ConfigError(
            f"`{PLACE}.total_steps` is not set: give the number of updates of the whole run, that "
            "is batches of an epoch // num_gradient_accumulation_steps * epochs"
        )
    progress = max(0.0 if total is None else group["step"] / total, least_progress or 0.0)
    factor = SCHEDULES[group["schedule"]]
    return group["peak_lr"] * factor(progress, group["warmup_proportion"])


def _with_gradients(group: dict[str, Any]) -> list[Any]:
    """Return the parameters of a group that take part in an update."""
    parameters = [parameter for parameter in group["params"] if parameter.grad is not None]
    if any(parameter.grad.is_sparse for parameter in parameters):
        raise ConfigError(
            f"`{PLACE}`: `spanbert_bert_adam` takes no sparse gradients; set `sparse` to false in "
            "the embedding"
        )
    return parameters
