"""The batches of the original SpanBERT programs: cut once, given in another order every epoch."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

from allennlp.data import Instance
from allennlp.data.samplers import BatchSampler

from spanbert_allen.common.errors import ConfigError
from spanbert_allen.training.batches.lengths import LengthField
from spanbert_allen.training.batches.sampler import ResumableSampler, check_at_least

_MODES = ("sorted", "random_sorted", "random")


@BatchSampler.register("spanbert_frozen_batches")
class FrozenBatchSampler(ResumableSampler):
    """
    Make the batches of the programs of Joshi et al. (2020), "SpanBERT", which never change.

    Which instances share a batch is decided before training. The list of batches is shuffled at the
    beginning of each epoch by Python's generator, starting from the order of the epoch before, so
    that the same seed gives the original's order.

    Registered as a `BatchSampler` with name "spanbert_frozen_batches", for reproductions.
    `spanbert_token_budget` pads less and mixes better.

    # Parameters

    batch_size : `int`
        Of one forward, that is after a division by the steps of gradient accumulation.
    mode : `str`, optional (default = `"random_sorted"`)
        What stands in a batch. `random_sorted`: instances of similar length, sorted by it, the
        shortest first, equal ones as they came. `sorted`: the same, and the batches stay in this
        order. `random`: whatever a shuffle before the first epoch brings together.
    shuffle_batches : `bool`, optional (default = `True`)
        Whether the list of batches is shuffled. The original's MRQA program does not, and so goes
        from short to long in every epoch. Without effect on the mode `sorted`.
    drop_last : `bool`, optional (default = `False`)
        Whether a last batch that is not full is left out. The original's GLUE program does so, and
        so never sees its longest instances if they are sorted.
    length_field : `str | Callable[[Instance], int]`, optional (default = `None`)
        What is measured, without padding; see `instance_lengths`.
    seed : `int`, optional (default = `42`)
        The original's default.
    """

    def __init__(
        self,
        batch_size: int,
        *,
        mode: str = "random_sorted",
        shuffle_batches: bool = True,
        drop_last: bool = False,
        length_field: LengthField = None,
        seed: int = 42,
    ) -> None:
        super().__init__(seed=seed, length_field=length_field)
        check_at_least("batch_size", batch_size, 1)
        if mode not in _MODES:
            raise ConfigError(
                f"`mode` of the batch sampler is {mode!r}: it must be {' or '.join(_MODES)}"
            )
        self._batch_size = batch_size
        self._mode = mode
        self._shuffle_batches = shuffle_batches and mode != "sorted"
        self._drop_last = drop_last
        self._lengths: list[int] | None = None
        self._forget_shuffles()

    def batches_of_epoch(self, lengths: Sequence[int], epoch: int) -> list[list[int]]:
        """
        Return the batches of an epoch: see `ResumableSampler`.

        Raises `ConfigError` if the lengths are not those of before.
        """
        if self._lengths is None:
            self._lengths = list(lengths)
            self._forget_shuffles()
        elif self._lengths != list(lengths):
            raise ConfigError(
                f"`spanbert_frozen_batches` was given {len(lengths)} instances that are not the "
                f"{len(self._lengths)} which it made its batches of: leave "
                "`max_instances_in_memory` of the data loader out"
            )
        if self._shuffles > epoch + 1:
            self._forget_shuffles()
        while self._shuffle_batches and self._shuffles <= epoch:
            self._random.shuffle(self._batches)
            self._shuffles += 1
        return [list(batch) for batch in self._batches]

    def get_num_batches(self, instances: Sequence[Instance]) -> int:
        """Return the number of batches of an epoch."""
        num_full, rest = divmod(len(instances), self._batch_size)
        return num_full + (rest > 0 and not self._drop_last)

    def get_batch_size(self) -> int:
        """Return the size of all batches but perhaps one."""
        return self._batch_size

    def _forget_shuffles(self) -> None:
        """Back to before the first epoch, with a generator as seeded."""
        self._random = Random(self._seed)
        self._batches = self._cut(self._lengths or [])
        self._shuffles = 0

    def _cut(self, lengths: list[int]) -> list[list[int]]:
        order = list(range(len(lengths)))
        if self._mode == "random":
            self._random.shuffle(order)
        else:
            order.sort(key=lengths.__getitem__)
        end = len(order)
        if self._drop_last:
            end -= end % self._batch_size
        return [
            order[start : start + self._batch_size] for start in range(0, end, self._batch_size)
        ]
