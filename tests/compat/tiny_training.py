"""The smallest training run that AllenNLP's trainer accepts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from allennlp.common import Params
from allennlp.data import Instance, Vocabulary
from allennlp.data.data_loaders import SimpleDataLoader
from allennlp.data.fields import TensorField
from allennlp.models import Model
from allennlp.training import Checkpointer, GradientDescentTrainer
from allennlp.training.learning_rate_schedulers import LearningRateScheduler

VALUES = torch.linspace(-1.0, 1.0, 12).view(4, 3)


class Square(Model):
    """The mean square of a linear function, to be made small."""

    def __init__(self, vocab: Vocabulary):
        super().__init__(vocab)
        self.linear = torch.nn.Linear(3, 1)

    def forward(self, x: torch.Tensor) -> dict[str, torch.Tensor]:
        return {"loss": self.linear(x).pow(2).mean()}


def trainer(folder: Path, scheduler: dict[str, Any], num_epochs: int) -> GradientDescentTrainer:
    """Two batches an epoch, on the CPU, checkpoints in `folder`."""
    model = Square(Vocabulary())
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    instances = [Instance({"x": TensorField(row)}) for row in VALUES]
    return GradientDescentTrainer(
        model=model,
        optimizer=optimizer,
        data_loader=SimpleDataLoader(instances, 2),
        validation_data_loader=SimpleDataLoader(instances, 2),
        num_epochs=num_epochs,
        serialization_dir=str(folder),
        checkpointer=Checkpointer(str(folder)),
        learning_rate_scheduler=LearningRateScheduler.from_params(
            Params(scheduler), optimizer=optimizer
        ),
        cuda_device=torch.device("cpu"),
    )
