"""The place of a process among the workers that torchrun has started, as its environment tells."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from spanbert_allen.common.errors import ConfigError

_OF_TORCHRUN = "TORCHELASTIC_RUN_ID"
"""The variable that torchrun alone sets; cluster software sets others, such as RANK, too."""
_RESTARTS = "TORCHELASTIC_RESTART_COUNT"


@dataclass(frozen=True, kw_only=True)
class TorchrunPlace:
    """
    The place of a process among the workers that torchrun has started.

    # Parameters

    rank : `int`
        The number of the worker among all, from 0; the first one writes.
    world_size : `int`
        The number of workers on all machines.
    local_rank : `int`
        The number of the worker on its machine, from 0.
    restarts : `int`
        How often torchrun has started the workers again after one of them had failed.
    address : `str`
        The machine where the workers meet.
    port : `int`
        Its port.
    """

    rank: int
    world_size: int
    local_rank: int
    restarts: int
    address: str
    port: int


def torchrun_place(environment: Mapping[str, str]) -> TorchrunPlace | None:
    """
    Read the place of this process from its environment.

    # Parameters

    environment : `Mapping[str, str]`
        `os.environ`.

    # Returns

    `TorchrunPlace | None`
        `None` for a process that torchrun has not started.

    # Errors

    `ConfigError` if variables are missing, are no numbers, or contradict each other.
    """
    if _OF_TORCHRUN not in environment:
        return None
    world_size = _number(environment, "WORLD_SIZE", least=1)
    rank = _number(environment, "RANK")
    if rank >= world_size:
        raise ConfigError(
            f"the environment variable RANK is {rank}, but WORLD_SIZE is {world_size}: ranks are "
            "counted from 0, so start all workers anew with torchrun"
        )
    return TorchrunPlace(
        rank=rank,
        world_size=world_size,
        local_rank=_number(environment, "LOCAL_RANK"),
        restarts=_number({_RESTARTS: "0", **environment}, _RESTARTS),
        address=_text(environment, "MASTER_ADDR"),
        port=_number(environment, "MASTER_PORT", least=1),
    )


def is_first_worker(environment: Mapping[str, str]) -> bool:
    """Tell whether this process is the one that writes: any that torchrun has not started is."""
    place = torchrun_place(environment)
    return place is None or place.rank == 0


def _number(environment: Mapping[str, str], name: str, *, least: int = 0) -> int:
    value = _text(environment, name)
    if not value.isdecimal() or int(value) < least:
        raise ConfigError(
            f"the environment variable {name} is {value!r}: torchrun sets it to a whole number "
            f"from {least}, so let nothing else set it"
        )
    return int(value)


def _text(environment: Mapping[str, str], name: str) -> str:
    value = environment.get(name, "")
    if not value:
        raise ConfigError(
            f"torchrun has started this process ({_OF_TORCHRUN} is set), but the environment "
            f"variable {name} is missing: start all workers with torchrun, or unset {_OF_TORCHRUN}"
        )
    return value
