"""
Attention that trains as fast in bf16 on a processor as its products allow.

On a CPU the backward pass of torch's own attention multiplies small blocks one by one, and in half
precision the preparation of each product outweighs the product. In single precision it is faster,
and the shorter the segments, the more (`benchmarks/attention_training.py`).
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional
from transformers.models.bert.modeling_bert import BertSdpaSelfAttention


def use_fast_attention(encoder: nn.Module) -> None:
    """Make torch's own attention in an encoder a `FastSelfAttention`; weights and names stay."""
    for part in encoder.modules():
        if type(part) is BertSdpaSelfAttention:
            part.__class__ = FastSelfAttention


class FastSelfAttention(BertSdpaSelfAttention):
    """
    Attend in single precision where a CPU trains in half precision.

    With dropout of attention, whose table of all pairs of pieces would then need twice the memory,
    and everywhere else, it is what it is in transformers.
    """

    def forward(
        self, hidden_states: Tensor, attention_mask: Tensor | None = None, *rest: Any, **more: Any
    ) -> tuple[Tensor, ...]:
        """
        Attend.

        # Parameters

        hidden_states : `Tensor`
            Shape: (num_segments, num_pieces, dim)
        attention_mask : `Tensor`, optional (default = `None`)
            What is added to the scores. Shape: (num_segments, 1, num_pieces or 1, num_pieces)

        # Returns

        `tuple[Tensor, ...]`
            First what was attended to, of the precision of the layer's products.
            Shape: (num_segments, num_pieces, dim)
        """
        asks_more = any(one is not None and one is not False for one in (*rest, *more.values()))
        is_plain = self.position_embedding_type == "absolute" and not asks_more
        if not (is_plain and self._trains_in_half_precision(hidden_states)):
            return super().forward(hidden_states, attention_mask, *rest, **more)
        projected = [layer(hidden_states) for layer in (self.query, self.key, self.value)]
        with torch.autocast("cpu", enabled=False):
            # Shapes: (num_segments, num_heads, num_pieces, dim / num_heads)
            query, key, value = (self.transpose_for_scores(one.float()) for one in projected)
            attended = functional.scaled_dot_product_attention(
                query, key, value, None if attention_mask is None else attention_mask.float()
            )
        return (attended.transpose(1, 2).flatten(2).to(projected[0].dtype),)

    def _trains_in_half_precision(self, hidden_states: Tensor) -> bool:
        return (
            self.training
            and not self.dropout_prob
            and hidden_states.device.type == "cpu"
            and (
                hidden_states.dtype in (torch.bfloat16, torch.float16)
                or (hidden_states.dtype == torch.float32 and torch.is_autocast_enabled("cpu"))
            )
        )
