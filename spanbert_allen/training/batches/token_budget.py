"""Batches by a budget of word pieces, padding counted, made anew every epoch."""

from __future__ import annotations

import heapq
from collections.abc import Sequence

import numpy as np
from allennlp.data import Instance
from allennlp.data.samplers import BatchSampler

from spanbert_allen.common.errors import ConfigError
from spanbert_allen.training.batches.lengths import LengthField
from spanbert_allen.training.batches.sampler import ResumableSampler, check_at_least

# Epochs are tried out this often to fix how many batches each has.
_NUM_TRIALS = 4


@BatchSampler.register("spanbert_token_budget")
class TokenBudgetSampler(ResumableSampler):
    """
    Put instances of similar length into batches, as many as a budget of pieces allows.

    The size of a batch is the number of its instances times the longest, so padding counts. An
    instance that is longer than the budget is a batch alone.

    Every epoch multiplies each length by some noise before sorting, so that other instances meet,
    and shuffles the batches. The number of batches is the same in every epoch, so that learning
    rates computed from it end where they should: where the noise would make more of them, it is
    lowered, and where fewer, the largest batches are halved.

    With noise 0.05, 3 to 5 % of a batch is padding; where there are no more than a handful of
    batches it is more, because lengths then differ inside of any batch.

    Registered as a `BatchSampler` with name "spanbert_token_budget".

    # Parameters

    max_pieces : `int`
        The budget of a batch, in units of the length: pieces, for all our readers.
    max_batch_size : `int`, optional (default = `None`)
        The most instances in a batch.
    padding_noise : `float`, optional (default = `0.05`)
        How far a length is moved at most for sorting, as a share of it. More mixes better and pads
        more: about as much as this.
    shuffle : `bool`, optional (default = `True`)
        `False` is for evaluation: no noise, and the same batches in every epoch, the longest first,
        so that what does not fit into memory shows at once.
    length_field : `str | Callable[[Instance], int]`, optional (default = `None`)
        What is measured; see `instance_lengths`.
    seed : `int`, optional (default = `42`)
    """

    def __init__(
        self,
        max_pieces: int,
        *,
        max_batch_size: int | None = None,
        padding_noise: float = 0.05,
        shuffle: bool = True,
        length_field: LengthField = None,
        seed: int = 42,
    ) -> None:
        super().__init__(seed=seed, length_field=length_field)
        check_at_least("max_pieces", max_pieces, 1)
        if max_batch_size is not None:
            check_at_least("max_batch_size", max_batch_size, 1)
        if not 0 <= padding_noise < 1:
            raise ConfigError(
                f"`padding_noise` of the batch sampler is {padding_noise}: it must be 0 or more "
                "and less than 1"
            )
        self._max_pieces = max_pieces
        self._max_batch_size = max_batch_size
        self._padding_noise = padding_noise
        self._shuffle = shuffle
        self._counted: tuple[list[int], int] = ([], 0)

    def batches_of_epoch(self, lengths: Sequence[int], epoch: int) -> list[list[int]]:
        """Return the batches of an epoch: see `ResumableSampler`."""
        if not self._shuffle:
            return self._cut_sorted(lengths)
        num_batches = self._num_batches(lengths)
        random = np.random.default_rng((self._seed, epoch + 1))
        noise = self._padding_noise
        batches = self._cut_noisy(lengths, noise, random)
        while len(batches) > num_batches:
            # Without noise the batches are as few as they can be: the loop ends.
            noise = 0.8 * noise if noise > 0.001 else 0.0
            batches = self._cut_noisy(lengths, noise, random)
        batches = _halve_largest(batches, num_batches)
        return [batches[place] for place in random.permutation(num_batches)]

    def get_num_batches(self, instances: Sequence[Instance]) -> int:
        """Return the number of batches of an epoch."""
        return self._num_batches(self.lengths(instances))

    def _num_batches(self, lengths: Sequence[int]) -> int:
        if not self._shuffle:
            return len(self._cut_sorted(lengths))
        if self._counted[0] != list(lengths):
            # The epochs' generators begin with 1.
            random = np.random.default_rng((self._seed, 0))
            trials = [
                len(self._cut_noisy(lengths, self._padding_noise, random))
                for _ in range(_NUM_TRIALS)
            ]
            self._counted = list(lengths), max(trials)
        return self._counted[1]

    def _cut_noisy(
        self, lengths: Sequence[int], noise: float, random: np.random.Generator
    ) -> list[list[int]]:
        # A random order first: without noise, equal lengths still meet others.
        # Shape: (num_instances,) all
        order = random.permutation(len(lengths))
        factors = random.uniform(1 - noise, 1 + noise, len(lengths))
        moved = np.asarray(lengths, dtype=np.float64)[order] * factors
        return self._cut(order[np.argsort(-moved, kind="stable")].tolist(), lengths)

    def _cut_sorted(self, lengths: Sequence[int]) -> list[list[int]]:
        order = sorted(range(len(lengths)), key=lengths.__getitem__, reverse=True)
        return self._cut(order, lengths)

    def _cut(self, order: list[int], lengths: Sequence[int]) -> list[list[int]]:
        """Batches of neighbours, each as large as it may be."""
        most = self._max_batch_size or len(order)
        batches: list[list[int]] = []
        batch: list[int] = []
        longest = 1  # an empty document takes a place as well
        for place in order:
            longest = max(longest, lengths[place])
            if batch and (len(batch) == most or (len(batch) + 1) * longest > self._max_pieces):
                batches.append(batch)
                batch = []
                longest = max(1, lengths[place])
            batch.append(place)
        return [*batches, batch] if batch else batches


def _halve_largest(batches: list[list[int]], num_batches: int) -> list[list[int]]:
    """As many batches as asked for, which are no more than there are instances."""
    # The number decides between batches of one size.
    queue = [(-len(batch), number, batch) for number, batch in enumerate(batches)]
    heapq.heapify(queue)
    for new_number in range(len(queue), num_batches):
        _, number, batch = heapq.heappop(queue)
        middle = len(batch) // 2
        heapq.heappush(queue, (-middle, number, batch[:middle]))
        heapq.heappush(queue, (middle - len(batch), new_number, batch[middle:]))
    return [batch for _, _, batch in queue]
