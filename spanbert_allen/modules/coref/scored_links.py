"""The antecedent that each span is linked to."""

from __future__ import annotations

import torch
from torch import Tensor

from spanbert_allen.modules.coref.head import ScoredLinks


def best_links(links: ScoredLinks, threshold: float) -> tuple[Tensor, Tensor]:
    """
    The best antecedent of each span, if it scores above a threshold.

    # Parameters

    links : `ScoredLinks`
    threshold : `float`
        0 is the score of none; minus infinity links whatever can be linked.

    # Returns

    `tuple[Tensor, Tensor]`
        The antecedents, numbers of spans or -1 for none, and the scores of the best, whether above
        the threshold or not; 0 where there is nothing to choose from. Shape of each: (num_spans,)
    """
    if links.scores.numel() == 0:
        # Shape: (num_spans,)
        scores = links.scores.new_zeros(links.scores.size(0))
        return torch.full_like(scores, -1, dtype=torch.long), scores
    # Shape: (num_spans,)
    scores, columns = links.scores.max(dim=1)
    antecedents = links.antecedents.gather(1, columns.unsqueeze(1)).squeeze(1)
    is_link = (scores > threshold) & scores.isfinite()
    return torch.where(is_link, antecedents, torch.full_like(antecedents, -1)), scores
