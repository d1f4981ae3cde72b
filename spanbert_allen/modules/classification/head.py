"""The head of classification, from a pooled vector to a score for every class."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import dropout

from spanbert_allen.common.errors import ConfigError
from spanbert_allen.modules.layers.precision import at_least_float32


class ClassificationHead(torch.nn.Linear):
    """
    Score every class by dropout and a linear layer.

    It is what stands on the pooled [CLS] in Devlin et al. (2019), "BERT", section 4.1,
    and Joshi et al. (2020), "SpanBERT", section 4.1.

    It is a linear layer itself: as the attribute `classifier` of a model it has the weights
    `classifier.weight` and `classifier.bias`, the names that the authors' programs and
    transformers' `BertForSequenceClassification` give them.

    # Parameters

    input_dim : `int`
        The size of the vectors.
    num_outputs : `int`
        How many classes there are; 1 for a number that is to be predicted.
    dropout : `float`, optional (default = `0.1`)
        The probability with which, in training, a component of a vector becomes zero.
    initializer_range : `float`, optional (default = `0.02`)
        Standard deviation of the first weights; biases are zero.
    """

    def __init__(
        self,
        input_dim: int,
        num_outputs: int,
        *,
        dropout: float = 0.1,
        initializer_range: float = 0.02,
    ):
        if not 0 <= dropout < 1:
            raise ConfigError(f"model.dropout is {dropout}: it must be at least 0, and below 1")
        self.dropout = dropout
        self.initializer_range = initializer_range
        super().__init__(input_dim, num_outputs)

    def reset_parameters(self) -> None:
        """Draw new weights."""
        torch.nn.init.normal_(self.weight, std=self.initializer_range)
        torch.nn.init.zeros_(self.bias)

    def forward(self, vectors: Tensor) -> Tensor:
        """
        Return the scores, in float32 at least.

        # Parameters

        vectors : `Tensor`
            Shape: (batch_size, input_dim)

        # Returns

        `Tensor`
            Shape: (batch_size, num_outputs)
        """
        # Shape: (batch_size, input_dim)
        kept = dropout(vectors, self.dropout, training=self.training)
        # Shape: (batch_size, num_outputs)
        return at_least_float32(super().forward(kept))

    def extra_repr(self) -> str:
        """Describe it as torch's linear layer, with the dropout."""
        return f"{super().extra_repr()}, dropout={self.dropout}"
