"""A span's vector, told of its best antecedent."""

from __future__ import annotations

import torch
from torch import Tensor

from spanbert_allen.modules.coref.refinements.gated_refinement import GatedRefinement, with_none
from spanbert_allen.modules.coref.refinements.refinement import Refinement


@Refinement.register("spanbert_max_antecedent")
class MaxAntecedent(GatedRefinement):
    """
    The vector of the antecedent with the highest score, or the span's own if that is below 0: Xu
    and Choi (2020), in their program.

    # Parameters

    span_dim, times, scalar_gate :
        See `GatedRefinement`.
    """

    def antecedent_summary(self, spans: Tensor, scores: Tensor, antecedents: Tensor) -> Tensor:
        own = torch.arange(spans.size(0), device=spans.device).unsqueeze(1)
        # Shape: (num_spans, 1)
        best = with_none(scores).argmax(dim=1, keepdim=True)
        # Shape: (num_spans,)
        chosen = torch.cat([own, antecedents], dim=1).gather(1, best).squeeze(1)
        return spans.index_select(0, chosen)
