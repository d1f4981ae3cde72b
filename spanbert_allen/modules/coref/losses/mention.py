"""Training losses of coreference."""

from __future__ import annotations

from torch import Tensor
from torch.nn import functional

from spanbert_allen.modules.layers.precision import at_least_float32


def mention_loss(mention_scores: Tensor, is_mention: Tensor) -> Tensor:
    """
    Return the binary cross-entropy of mention scores, summed over spans.

    It is an option of Xu and Choi (2020), "Revealing the Myth of Higher-Order Inference in
    Coreference Resolution" (their program).

    # Parameters

    mention_scores : `Tensor`
        Shape: (num_spans,). Log odds.
    is_mention : `Tensor`
        Shape: (num_spans,), boolean. Whether the span is a gold mention.
    """
    scores = at_least_float32(mention_scores)
    return functional.binary_cross_entropy_with_logits(
        scores, is_mention.to(scores.dtype), reduction="sum"
    )
