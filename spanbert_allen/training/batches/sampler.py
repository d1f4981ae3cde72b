"""The base of the batch samplers: lengths, a seed of their own and a place to resume from."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence

from allennlp.data import Instance
from allennlp.data.samplers import BatchSampler

from spanbert_allen.common.errors import ConfigError
from spanbert_allen.training.batches.lengths import LengthField, instance_lengths


class ResumableSampler(BatchSampler, ABC):
    """
    Sample batches from nothing but the instances' lengths, a seed and the number of the epoch.

    Other users of random numbers have no effect on the batches.

    Its state is the number of epochs begun. AllenNLP's trainer, resumed in the middle of an epoch,
    asks for that epoch again and skips what it has done, so the state to give the sampler then is
    the number of epochs completed: `load_state_dict({"epochs_begun": epochs_completed})`.

    An epoch is one pass over the instances that the data loader hands over: all of them, unless its
    `max_instances_in_memory` is set, with which these samplers are not to be used.

    # Parameters

    seed : `int`
        Not negative.
    length_field : `str | Callable[[Instance], int]`, optional (default = `None`)
        What is measured; see `instance_lengths`.
    """

    def __init__(self, *, seed: int, length_field: LengthField = None) -> None:
        check_at_least("seed", seed, 0)
        self._seed = seed
        self._length_field = length_field
        self.epochs_begun = 0

    @abstractmethod
    def batches_of_epoch(self, lengths: Sequence[int], epoch: int) -> list[list[int]]:
        """
        Return the batches of an epoch.

        # Parameters

        lengths : `Sequence[int]`
            Those of all instances.
        epoch : `int`
            From 0.

        # Returns

        `list[list[int]]`
            Places of instances, batch by batch.
        """

    def get_batch_indices(self, instances: Sequence[Instance]) -> list[list[int]]:
        """Begin the next epoch and yield its batches."""
        batches = self.batches_of_epoch(self.lengths(instances), self.epochs_begun)
        self.epochs_begun += 1
        return batches

    def lengths(self, instances: Sequence[Instance]) -> list[int]:
        """Return the lengths of the instances, as `length_field` says."""
        return instance_lengths(instances, self._length_field)

    def state_dict(self) -> dict[str, int]:
        """Return the state for `load_state_dict`: the number of epochs begun."""
        return {"epochs_begun": self.epochs_begun}

    def load_state_dict(self, state: dict[str, int]) -> None:
        """Go on after that many epochs, as a sampler of the same settings would have."""
        self.epochs_begun = state["epochs_begun"]


def check_at_least(key: str, value: int, least: int) -> None:
    """Raise a `ConfigError` if a setting of the batch sampler is too small."""
    if value < least:
        raise ConfigError(f"`{key}` of the batch sampler is {value}: it must be {least} or more")
