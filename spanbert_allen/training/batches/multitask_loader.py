"""Batches of several tasks, one task at a time."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any

import torch
from allennlp.common.util import is_distributed
from allennlp.data import DataLoader, DatasetReader, Instance, TensorDict, Vocabulary
from allennlp.data.data_loaders.data_collator import allennlp_collate
from allennlp.data.samplers import BatchSampler
from allennlp.nn.util import move_to_device
from torch import distributed

from spanbert_allen.common.errors import ConfigError, DataError
from spanbert_allen.compat.workers import as_only_process
from spanbert_allen.data.multitask.vocabulary import vocabulary_of
from spanbert_allen.training.batches.sampler import ResumableSampler
from spanbert_allen.training.batches.task_schedule import PlannedBatch, TaskSchedule

logger = logging.getLogger(__name__)


@DataLoader.register("spanbert_multitask")
class MultitaskLoader(DataLoader):
    """
    Give the batches of several tasks, interleaved by weights.

    Which instances are in which batch, and the order of batches, follow from the seeds and the
    number of the epoch alone: see `TaskSchedule`. So any epoch is the same in a run that was
    resumed, also with another number of workers. Several workers take different batches of an
    epoch, and each of them holds all of the data.

    Registered as a `DataLoader` with name "spanbert_multitask".

    # Parameters

    reader : `DatasetReader`
        The reader `spanbert_multitask`.
    data_path : `dict[str, str]`
        The files, by the names of the tasks. A task without a file takes no part.
    batches : `dict[str, BatchSampler]`
        How the batches of each task are made: `spanbert_token_budget` or `spanbert_frozen_batches`.
    weights : `dict[str, float]`, optional (default = `None`)
        The shares of the tasks in the batches of an epoch, 1 for a task that is not named. By
        default each batch of each task comes once an epoch.
    batches_per_epoch : `int`, optional (default = the batches of all data)
        The number of batches of an epoch.
    evaluation : `bool`, optional (default = `False`)
        Whether each batch comes once, one task after the other, in the same order in every pass.
    seed : `int`, optional (default = `42`)
        What the order of tasks follows from. The batch samplers have seeds of their own.
    """

    def __init__(
        self,
        reader: DatasetReader,
        data_path: Any,
        *,
        batches: dict[str, BatchSampler],
        weights: dict[str, float] | None = None,
        batches_per_epoch: int | None = None,
        evaluation: bool = False,
        seed: int = 42,
    ) -> None:
        checked_paths = getattr(reader, "checked_paths", None)
        if checked_paths is None:
            raise ConfigError(
                f"data_loader: a {type(reader).__name__} does not read several tasks; use the "
                "reader `spanbert_multitask`"
            )
        self.reader, self.data_path = reader, checked_paths(data_path)
        self._samplers = _samplers(batches, self.data_path)
        self._evaluation = evaluation
        self._instances = {task: self._read(task) for task in self.data_path}
        sizes = {
            task: self._samplers[task].get_num_batches(instances)
            for task, instances in self._instances.items()
        }
        for task in weights or {}:
            if task not in reader.readers:
                raise ConfigError(f"data_loader.weights.{task}: there is no such task")
        self._schedule = TaskSchedule(
            sizes, weights=weights, batches_per_epoch=batches_per_epoch, seed=seed
        )
        self._next_epoch = 0
        self._passes: dict[str, tuple[int, list[list[int]]]] = {}
        self.cuda_device: torch.device | None = None
        if evaluation:
            logger.info("batches: %s", sizes)
        else:
            logger.info("batches of an epoch: %s", self._schedule.counts)

    def __len__(self) -> int:
        return len(self._share(self._plan(0)))

    def __iter__(self) -> Iterator[TensorDict]:
        epoch, self._next_epoch = self._next_epoch, self._next_epoch + 1
        for batch in self._share(self._plan(epoch)):
            yield self._collated(batch)

    def begin_epoch(self, number: int) -> None:
        """Let the next pass be that of an epoch, counted from 0."""
        self._next_epoch = number

    def largest_batch(self) -> TensorDict:
        """Return the batch of the tasks' first passes with the most pieces, padding counted."""
        sizes: dict[PlannedBatch, int] = {}
        for batch in self._schedule.one_pass():
            chosen = self._chosen(batch)
            lengths = self._samplers[batch.task].lengths(chosen)
            sizes[batch] = len(chosen) * max(lengths)
        return self._collated(max(sizes, key=sizes.__getitem__))

    def iter_instances(self) -> Iterator[Instance]:
        """Yield the instances of all tasks."""
        for instances in self._instances.values():
            yield from instances

    def index_with(self, vocab: Vocabulary) -> None:
        """Index the instances of each task with its own part of a vocabulary."""
        for task, instances in self._instances.items():
            own = vocabulary_of(vocab, task)
            for instance in instances:
                instance.index_fields(own)

    def set_target_device(self, device: torch.device) -> None:
        """Bring batches to a device."""
        self.cuda_device = device

    def _read(self, task: str) -> list[Instance]:
        """Read all of a task's data, on each worker."""
        inner = self.reader.reader_of(task)
        inner._set_distributed_info(None)
        with as_only_process():  # no reader takes a share: which batches a worker takes is planned
            instances = list(self.reader.read(self.data_path[task], force_task=task))
        if not instances:
            raise DataError(f"there is no example for the task `{task}`", str(self.data_path[task]))
        return instances

    def _plan(self, epoch: int) -> list[PlannedBatch]:
        return self._schedule.one_pass() if self._evaluation else self._schedule.epoch(epoch)

    def _share(self, plan: list[PlannedBatch]) -> list[PlannedBatch]:
        """Return this worker's batches."""
        if not is_distributed():
            return plan
        return plan[distributed.get_rank() :: distributed.get_world_size()]

    def _chosen(self, batch: PlannedBatch) -> list[Instance]:
        """Return the instances of a batch; the batches of a task's latest pass are kept."""
        instances = self._instances[batch.task]
        data_pass, made = self._passes.get(batch.task, (None, []))
        if data_pass != batch.data_pass:
            sampler = self._samplers[batch.task]
            made = sampler.batches_of_epoch(sampler.lengths(instances), batch.data_pass)
            self._passes[batch.task] = batch.data_pass, made
        return [instances[place] for place in made[batch.place]]

    def _collated(self, batch: PlannedBatch) -> TensorDict:
        collated = allennlp_collate(self._chosen(batch))
        return collated if self.cuda_device is None else move_to_device(collated, self.cuda_device)


def _samplers(batches: dict[str, BatchSampler], paths: dict[str, Any]) -> dict[str, Any]:
    """Return the batch sampler of each task that has data."""
    for task in paths:
        sampler = batches.get(task)
        if not isinstance(sampler, ResumableSampler):
            said = "is missing" if sampler is None else f"is a {type(sampler).__name__}"
            raise ConfigError(
                f"data_loader.batches.{task}: it {said}; use `spanbert_token_budget` or "
                "`spanbert_frozen_batches`, whose batches follow from the number of the epoch"
            )
    return {task: batches[task] for task in paths}
