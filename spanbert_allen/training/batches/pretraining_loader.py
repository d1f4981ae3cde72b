"""Batches for pre-training, straight from a corpus on disk."""

# AllenNLP builds this class from its annotations. Left to itself it knows `Optional`, but neither
# `X | None` nor annotations that are strings.
# ruff: noqa: UP045

from collections.abc import Iterator
from typing import Any, Optional

import torch
from allennlp.common.util import is_distributed
from allennlp.data import DataLoader, DatasetReader, Instance, TensorDict, Vocabulary
from allennlp.nn.util import move_to_device
from torch import distributed

from spanbert_allen.common.errors import ConfigError
from spanbert_allen.training.batches.token_budget import TokenBudgetSampler


@DataLoader.register("spanbert_pretraining")
class PretrainingLoader(DataLoader):
    """
    Make batches of masked blocks of similar length.

    The blocks of a batch and their masks follow from the seed and the number of the epoch, so any
    epoch is the same in a run that was resumed, with however many workers. Several workers take
    different batches of an epoch.

    Registered as a `DataLoader` with name "spanbert_pretraining".

    # Parameters

    reader : `DatasetReader`
        The reader `spanbert_pretraining`.
    data_path : `str`
        The folder of the corpus.
    max_pieces : `int`
        The pieces of a batch, padding counted.
    max_batch_size : `int`, optional (default = `None`)
        The most blocks of a batch.
    epochs : `int`, optional (default = `None`)
        The epochs of the run, for a masking with `final_rate`.
    evaluation : `bool`, optional (default = `False`)
        Whether blocks keep their order and, in every pass, the same masks; each block comes once
        for every masking of the reader.
    seed : `int`, optional (default = `42`)
        What the order of blocks follows from.
    """

    memory_knobs = ("max_pieces",)

    def __init__(
        self,
        reader: DatasetReader,
        data_path: str,
        *,
        max_pieces: int,
        max_batch_size: Optional[int] = None,
        epochs: Optional[int] = None,
        evaluation: bool = False,
        seed: int = 42,
    ) -> None:
        examples = getattr(reader, "examples", None)
        if examples is None:
            raise ConfigError(
                f"data_loader: a {type(reader).__name__} reads no corpus; use the reader "
                "`spanbert_pretraining`, or another data loader"
            )
        self._examples = examples(data_path)
        self._epochs, self._evaluation = epochs, evaluation
        self.batch_sampler = TokenBudgetSampler(
            max_pieces, max_batch_size=max_batch_size, shuffle=not evaluation, seed=seed
        )
        self._num_batches = len(self.batch_sampler.batches_of_epoch(self._examples.lengths, 0)) * (
            len(self._examples.masking_names) if evaluation else 1
        )
        self.cuda_device: Optional[torch.device] = None

    def __len__(self) -> int:
        return len(range(*self._share(self._num_batches)))

    def __iter__(self) -> Iterator[TensorDict]:
        sampler = self.batch_sampler
        epoch = sampler.epochs_begun
        batches = sampler.batches_of_epoch(self._examples.lengths, epoch)
        sampler.epochs_begun += 1
        names = self._examples.masking_names
        if self._evaluation:
            plan = [(batch, name) for name in names for batch in batches]
            epoch = 0
        else:
            plan = [
                (batch, names[(epoch + number) % len(names)])
                for number, batch in enumerate(batches)
            ]
        for number in range(*self._share(len(plan))):
            batch, name = plan[number]
            yield self._on_device(
                self._examples.batch(
                    batch, epoch=epoch, masking=name, progress=self._progress(epoch)
                )
            )

    def largest_batch(self) -> TensorDict:
        """Return the batch of the first epoch with the most pieces, padding counted."""
        lengths = self._examples.lengths
        batch = max(
            self.batch_sampler.batches_of_epoch(lengths, 0),
            key=lambda one: len(one) * max(lengths[number] for number in one),
        )
        name = self._examples.masking_names[0]
        return self._on_device(self._examples.batch(batch, epoch=0, masking=name))

    def iter_instances(self) -> Iterator[Instance]:
        """Yield nothing: a corpus has its vocabulary from its encoder."""
        return iter(())

    def index_with(self, vocab: Vocabulary) -> None:
        """Do nothing: the pieces of a corpus are indices already."""

    def set_target_device(self, device: torch.device) -> None:
        """Bring batches to a device."""
        self.cuda_device = device

    def _progress(self, epoch: int) -> float:
        if self._epochs is None or self._epochs < 2:
            return 0.0
        return min(1.0, epoch / (self._epochs - 1))

    def _share(self, total: int) -> tuple[int, int, int]:
        """Return the range of this worker's batches."""
        if not is_distributed():
            return 0, total, 1
        return distributed.get_rank(), total, distributed.get_world_size()

    def _on_device(self, batch: dict[str, Any]) -> TensorDict:
        return batch if self.cuda_device is None else move_to_device(batch, self.cuda_device)
