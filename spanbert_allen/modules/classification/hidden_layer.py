"""A hidden layer between a pooled vector and the head of classification."""

from __future__ import annotations

import torch
from torch import Tensor

from spanbert_allen.common.errors import ConfigError

_ACTIVATIONS = {"relu": torch.relu, "tanh": torch.tanh}


class HiddenLayer(torch.nn.Linear):
    """
    A linear layer and an activation.

    With the vectors of two start markers side by side and ReLU, this is the layer below the head of
    Zhou and Chen (2022), "An Improved Baseline for Sentence-level Relation Extraction". Its first
    weights are drawn as those of BERT's layers, and not as torch's as in their program.

    # Parameters

    input_dim, output_dim : `int`
        The sizes of the vectors that it takes and gives.
    activation : `str`
        `relu` or `tanh`.
    initializer_range : `float`, optional (default = `0.02`)
        Standard deviation of the first weights; biases are zero.
    """

    def __init__(
        self, input_dim: int, output_dim: int, activation: str, *, initializer_range: float = 0.02
    ):
        if activation not in _ACTIVATIONS:
            raise ConfigError(
                f"model.hidden_layer is {activation!r}: it must be {' or '.join(_ACTIVATIONS)}, or "
                "null for none"
            )
        self.activation = activation
        self.initializer_range = initializer_range
        super().__init__(input_dim, output_dim)

    def reset_parameters(self) -> None:
        """Draw new weights."""
        torch.nn.init.normal_(self.weight, std=self.initializer_range)
        torch.nn.init.zeros_(self.bias)

    def forward(self, vectors: Tensor) -> Tensor:
        """
        Return the activated vectors.

        # Parameters

        vectors : `Tensor`
            Shape: (batch_size, input_dim)

        # Returns

        `Tensor`
            Shape: (batch_size, output_dim)
        """
        return _ACTIVATIONS[self.activation](super().forward(vectors))

    def extra_repr(self) -> str:
        """Describe it as torch's linear layer, with the activation."""
        return f"{super().extra_repr()}, activation={self.activation}"
