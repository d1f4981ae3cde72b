"""The feed-forward network that gives a span, or a pair of spans, one number."""

from __future__ import annotations

from torch import Tensor, nn

from spanbert_allen.modules.layers.at_least_float32 import at_least_float32
from spanbert_allen.modules.layers.relu_dropout import relu_dropout


class FeedForwardScorer(nn.Module):
    """
    Linear, ReLU and dropout, `num_layers` times, then Linear to one number. The first layer is
    meant to be applied in parts: its input is a concatenation of blocks, so that its product is the
    sum of each block's own product, and a block shared by many spans is multiplied only once.

    # Parameters

    block_dims : `tuple[int, ...]`
        The widths of the blocks that make the input, in order.
    hidden_dim : `int`, optional (default = `3000`)
    num_layers : `int`, optional (default = `1`)
    dropout : `float`, optional (default = `0.3`)
    """

    def __init__(
        self,
        block_dims: tuple[int, ...],
        *,
        hidden_dim: int = 3000,
        num_layers: int = 1,
        dropout: float = 0.3,
    ):
        super().__init__()
        self.block_dims = block_dims
        self.first = nn.Linear(sum(block_dims), hidden_dim)
        self.rest = nn.ModuleList(nn.Linear(hidden_dim, hidden_dim) for _ in range(num_layers - 1))
        self.output = nn.Linear(hidden_dim, 1)
        self.dropout = dropout

    def blocks(self) -> tuple[Tensor, ...]:
        """The first layer's weights by block. Shape of each: (hidden_dim, block_dim)"""
        return self.first.weight.split(self.block_dims, dim=1)

    def finish(self, pre_activation: Tensor) -> Tensor:
        """
        Everything after the first layer's product.

        # Parameters

        pre_activation : `Tensor`
            Shape: (num_items, hidden_dim). The sum of the blocks' products, with the bias. It is
            overwritten.

        # Returns

        `Tensor`
            float32 also under mixed precision. Shape: (num_items,)
        """
        # Shape: (num_items, hidden_dim)
        hidden = self._activate(pre_activation)
        for layer in self.rest:
            hidden = self._activate(layer(hidden))
        # Shape: (num_items,)
        return at_least_float32(self.output(hidden)).squeeze(-1)

    def forward(self, features: Tensor) -> Tensor:
        """
        The scores of whole input vectors: the plain form, for a few items.

        # Parameters

        features : `Tensor`
            Shape: (num_items, sum of block_dims)

        # Returns

        `Tensor`
            Shape: (num_items,)
        """
        return self.finish(self.first(features))

    def _activate(self, pre_activation: Tensor) -> Tensor:
        return relu_dropout(pre_activation, self.dropout, training=self.training)
