"""Training losses of coreference."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional


def marginal_loss(scores: Tensor, gold: Tensor) -> Tensor:
    """
    Minus the log probability that each span is linked to any of its gold antecedents, or to none
    when it has none (Lee et al. 2017, section 5), summed over spans.

    # Parameters

    scores : `Tensor`
        Shape: (num_spans, num_antecedents). Minus infinity where there is no antecedent. Linking to
        none has the score 0.
    gold : `Tensor`
        Shape: (num_spans, num_antecedents), boolean. Antecedents of the same gold cluster.

    # Returns

    `Tensor`
        Shape: ()
    """
    # Shape: (num_spans, 1)
    none_score = scores.new_zeros(scores.size(0), 1)
    none_is_gold = ~gold.any(dim=1, keepdim=True)
    # Shape: (num_spans, 1 + num_antecedents)
    all_scores = torch.cat([none_score, scores], dim=1)
    all_gold = torch.cat([none_is_gold, gold], dim=1)
    gold_scores = all_scores.masked_fill(~all_gold, float("-inf"))
    return (all_scores.logsumexp(dim=1) - gold_scores.logsumexp(dim=1)).sum()


def mention_loss(mention_scores: Tensor, is_mention: Tensor) -> Tensor:
    """
    Binary cross-entropy of mention scores, summed over spans: an option of Xu and Choi (2020),
    "Revealing the Myth of Higher-Order Inference in Coreference Resolution" (their program).

    # Parameters

    mention_scores : `Tensor`
        Shape: (num_spans,). Log odds.
    is_mention : `Tensor`
        Shape: (num_spans,), boolean. Whether the span is a gold mention.
    """
    return functional.binary_cross_entropy_with_logits(
        mention_scores, is_mention.to(mention_scores.dtype), reduction="sum"
    )
