"""The options of a parameter group of `BertAdam`, and their checks."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from typing import Any

from spanbert_allen.common.errors import ConfigError
from spanbert_allen.training.schedules.formulas import SCHEDULES, check_total_steps, check_warmup

PLACE = "trainer.optimizer"
CLIPS = ("tensor", "group", None)
_KEPT_BY_OTHERS = {
    "params",
    "param_names",
    "name",
    "optimizer_name",
    "requires_grad",
    "initial_lr",
    "peak_lr",
    "step",
}
"""What torch, AllenNLP and `BertAdam` itself put into a group."""


def check_options(options: Mapping[str, Any], known: Iterable[str]) -> None:
    """
    Check the options of one parameter group, the optimizer's defaults included.

    # Parameters

    options : `Mapping[str, Any]`
        The group.
    known : `Iterable[str]`
        The names of the optimizer's options.

    # Errors

    `ConfigError` for an unknown option or a value that cannot work.
    """
    known = list(known)
    unknown = sorted(set(options) - set(known) - _KEPT_BY_OTHERS)
    if unknown:
        near = difflib.get_close_matches(unknown[0], known, n=1)
        advice = f"did you mean `{near[0]}`?" if near else f"known are {', '.join(known)}"
        raise ConfigError(
            f"`{PLACE}.parameter_groups`: there is no option `{unknown[0]}`; {advice}"
        )
    _check_choice("clip", options["clip"], CLIPS)
    _check_choice("schedule", options["schedule"], tuple(SCHEDULES))
    for name, least in (("lr", 0.0), ("eps", 0.0), ("weight_decay", 0.0)):
        if not options[name] >= least:
            raise ConfigError(f"`{PLACE}.{name}` is {options[name]}: it must not be below 0")
    if not options["max_grad_norm"] > 0.0:
        raise ConfigError(
            f"`{PLACE}.max_grad_norm` is {options['max_grad_norm']}: give a norm above 0, or set "
            "`clip` to null for no clipping"
        )
    if not all(0.0 <= beta < 1.0 for beta in options["betas"]):
        raise ConfigError(f"`{PLACE}.betas` is {options['betas']}: both must lie in [0, 1)")
    check_warmup(options["warmup_proportion"], f"{PLACE}.warmup_proportion")
    if options["total_steps"] is not None:
        check_total_steps(options["total_steps"], f"{PLACE}.total_steps")


def check_clipped_together(group: Mapping[str, Any], other: Mapping[str, Any]) -> None:
    """Raise a `ConfigError` if groups that are clipped as one vector have different norms."""
    name = group["clip_name"]
    if (
        name is not None
        and group["clip"] == other["clip"] == "group"
        and name == other["clip_name"]
        and group["max_grad_norm"] != other["max_grad_norm"]
    ):
        raise ConfigError(
            f"`{PLACE}.parameter_groups`: the groups with `clip_name` '{name}' are clipped "
            "together, so give them the same `max_grad_norm`"
        )


def _check_choice(name: str, value: object, choices: tuple[object, ...]) -> None:
    if value not in choices:
        names = ", ".join("null" if choice is None else f"'{choice}'" for choice in choices)
        raise ConfigError(f"`{PLACE}.{name}` is {value!r}: it must be one of {names}")
