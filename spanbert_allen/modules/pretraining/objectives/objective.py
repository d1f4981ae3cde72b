"""The contract of further objectives of pre-training."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import NamedTuple

from allennlp.common import Registrable
from torch import Tensor, nn

from spanbert_allen.common.errors import ConfigError


class ObjectiveOutput(NamedTuple):
    """
    What an objective makes of a batch.

    # Parameters

    loss : `Tensor`
        What is added to the model's loss, the objective's weight included. Shape: ()
    scores : `dict[str, tuple[Tensor, Tensor]]`
        For each of the objective's `scores` the loss of every target, and whether it is predicted.
        Shape: (num_targets,)
    """

    loss: Tensor
    scores: dict[str, tuple[Tensor, Tensor]]


class Objective(nn.Module, Registrable, ABC):
    """
    Predict something from the vectors of a batch, beside what `SpanbertPretrainer` predicts.

    A subclass's constructor takes `dim`, the width of the encoder, and `layer_norm_eps` first.

    # Parameters

    weight : `float`, optional (default = `1.0`)
        The weight of its loss.
    """

    name: str
    """The first part of the names of its loss and, behind `objectives.`, of its weights."""

    scores: tuple[str, ...]
    """The first parts of the names of its metrics; see `PretrainingScores`."""

    def __init__(self, *, weight: float = 1.0) -> None:
        super().__init__()
        if weight <= 0:
            raise ConfigError(
                f"`weight` of the objective {self.name} is {weight}: it must be above 0; leave the "
                "objective out if it is not to be trained"
            )
        self.weight = weight

    @abstractmethod
    def forward(
        self, vectors: Tensor, is_real: Tensor, targets: Mapping[str, Tensor]
    ) -> ObjectiveOutput:
        """
        Compute the loss of a batch.

        # Parameters

        vectors : `Tensor`
            The encoder's. Shape: (batch_size, num_pieces, dim)
        is_real : `Tensor`
            False at padding. Shape: (batch_size, num_pieces)
        targets : `Mapping[str, Tensor]`
            What the reader gives for further objectives.
        """
