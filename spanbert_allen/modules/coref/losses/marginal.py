"""The likelihood of linking each span to any of its antecedents."""

from __future__ import annotations

import torch
from torch import Tensor

from spanbert_allen.modules.coref.losses.link_loss import LinkLoss
from spanbert_allen.modules.layers.precision import at_least_float32


@LinkLoss.register("spanbert_marginal")
class MarginalLoss(LinkLoss):
    """Sum the probabilities of all gold antecedents of a span: see `marginal_loss`."""

    def forward(self, scores: Tensor, gold: Tensor) -> Tensor:
        return marginal_loss(scores, gold)


def marginal_loss(scores: Tensor, gold: Tensor) -> Tensor:
    """
    Return minus the log probability that spans are linked to any of their gold antecedents.

    Where a span has none, "no antecedent" is gold (Lee et al. 2017, section 5). The sum is over
    spans.

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
    scores = at_least_float32(scores)  # sums of scores are beyond what float16 can hold
    # Shape: (num_spans, 1)
    none_score = scores.new_zeros(scores.size(0), 1)
    none_is_gold = ~gold.any(dim=1, keepdim=True)
    # Shape: (num_spans, 1 + num_antecedents)
    all_scores = torch.cat([none_score, scores], dim=1)
    all_gold = torch.cat([none_is_gold, gold], dim=1)
    gold_scores = all_scores.masked_fill(~all_gold, float("-inf"))
    return (all_scores.logsumexp(dim=1) - gold_scores.logsumexp(dim=1)).sum()
