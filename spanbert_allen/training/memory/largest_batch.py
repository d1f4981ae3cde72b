"""The batch of a data loader that needs the most memory."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Sequence
from typing import Any

from allennlp.data import DataLoader, Instance, TensorDict
from allennlp.nn.util import move_to_device

from spanbert_allen.common.errors import ConfigError
from spanbert_allen.training.batches.lengths import instance_lengths
from spanbert_allen.training.batches.sampler import ResumableSampler


def largest_batch(data_loader: DataLoader) -> TensorDict | None:
    """
    Return the batch with the most pieces, padding counted, without drawing from the loader.

    Random numbers of Python and NumPy may be drawn.

    # Parameters

    data_loader : `DataLoader`
        AllenNLP's, with its instances in memory. With a batch sampler it is the largest batch of
        the first epoch; otherwise the longest instances, as many as a batch has.

    # Returns

    `TensorDict | None`
        On the loader's device; `None` for a loader that reads its data while training goes on.
    """
    own = getattr(data_loader, "largest_batch", None)
    if own is not None:
        made: TensorDict = own()
        return made
    instances: Sequence[Instance] | None = getattr(
        data_loader, "_instances", getattr(data_loader, "instances", None)
    )
    if not instances:
        return None
    collate: Any = data_loader.collate_fn
    batch = collate([instances[place] for place in _places(data_loader, instances)])
    device = getattr(data_loader, "cuda_device", None)
    return batch if device is None else move_to_device(batch, device)


def _places(data_loader: DataLoader, instances: Sequence[Instance]) -> list[int]:
    sampler = getattr(data_loader, "batch_sampler", None)
    batches: Iterable[list[int]]
    if isinstance(sampler, ResumableSampler):
        lengths = sampler.lengths(instances)
        batches = sampler.batches_of_epoch(lengths, 0)
    else:
        lengths = _lengths(instances)
        if sampler is None:
            by_length = sorted(range(len(lengths)), key=lengths.__getitem__, reverse=True)
            batches = [by_length[: getattr(data_loader, "batch_size", None) or 1]]
        else:
            batches = copy.deepcopy(sampler).get_batch_indices(instances)
    return max(batches, key=lambda batch: len(batch) * max(lengths[place] for place in batch))


def _lengths(instances: Sequence[Instance]) -> list[int]:
    try:
        return instance_lengths(instances)
    except ConfigError:  # nothing in them is a sequence
        return [1] * len(instances)
