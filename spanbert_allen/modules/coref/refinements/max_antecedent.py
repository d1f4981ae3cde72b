"""Max antecedents: span vectors mixed with that of their best antecedent."""

from __future__ import annotations

import torch
from torch import Tensor

from spanbert_allen.modules.coref.refinements.gated_refinement import GatedRefinement, with_none
from spanbert_allen.modules.coref.refinements.refinement import Refinement


@Refinement.register("spanbert_max_antecedent")
class MaxAntecedent(GatedRefinement):
    """
    Summarise a span's antecedents as the vector of the one with the highest score.

    Where that score is below 0, it is the span's own vector: Xu and Choi (2020), in their program.

    # Parameters

    span_dim : `int`
        See `GatedRefinement`, as for the next two.
    times : `int`, optional (default = `1`)
    scalar_gate : `bool`, optional (default = `False`)
    """

    def antecedent_summary(self, spans: Tensor, scores: Tensor, antecedents: Tensor) -> Tensor:
        own = torch.arange(spans.size(0), device=spans.device).unsqueeze(1)
        # Shape: (num_spans, 1)
        best = with_none(scores).argmax(dim=1, keepdim=True)
        # Shape: (num_spans,)
        chosen = torch.cat([own, antecedents], dim=1).gather(1, best).squeeze(1)
        return spans.index_select(0, chosen)
