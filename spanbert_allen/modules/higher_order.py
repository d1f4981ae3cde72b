"""Refinements: a span's vector, told of the spans it is likely to corefer with."""

from __future__ import annotations

import torch
from allennlp.common import Registrable
from torch import Tensor, nn

from spanbert_allen.modules.chunking import overlapping_slices, row_bounds, run_chunks

_PAIRS_PER_CHUNK = 2048


class Refinement(nn.Module, Registrable):
    """
    A refinement makes new span vectors of the old ones and the scores of their antecedents.
    Subclasses take `span_dim` first.
    """

    def forward(self, spans: Tensor, scores: Tensor, antecedents: Tensor) -> Tensor:
        """
        # Parameters

        spans : `Tensor`
            Shape: (num_spans, span_dim)
        scores : `Tensor`
            Shape: (num_spans, num_antecedents). Minus infinity where there is no antecedent.
        antecedents : `Tensor`
            Shape: (num_spans, num_antecedents). Indices of spans.

        # Returns

        `Tensor`
            Shape: (num_spans, span_dim)
        """
        raise NotImplementedError


@Refinement.register("spanbert_attended_antecedent")
class AttendedAntecedent(Refinement):
    """
    The attended antecedent of Lee et al. (2018), section 3: the mean of a span's own vector and its
    antecedents', weighted by the softmax of their scores (its own: 0), let in through a gate:
    `f = sigmoid(W [g ; a] + b)`, `g <- f * a + (1 - f) * g`.

    # Parameters

    span_dim : `int`
    """

    def __init__(self, span_dim: int):
        super().__init__()
        self.gate = nn.Linear(2 * span_dim, span_dim)

    def forward(self, spans: Tensor, scores: Tensor, antecedents: Tensor) -> Tensor:
        num_spans, num_antecedents = antecedents.shape
        if antecedents.numel() == 0:
            return spans
        # Shape: (num_spans, 1 + num_antecedents)
        weights = torch.cat([scores.new_zeros(num_spans, 1), scores], dim=1).softmax(dim=1)
        bounds = row_bounds(num_spans, _PAIRS_PER_CHUNK // num_antecedents)

        def refine(own: Tensor, weights: Tensor, indices: Tensor) -> Tensor:
            # Shape: (rows, num_antecedents, span_dim)
            others = spans.index_select(0, indices.flatten()).view(*indices.shape, -1)
            # Shape: (rows, span_dim)
            attended = weights[:, :1] * own + torch.einsum("ra,ras->rs", weights[:, 1:], others)
            gate = torch.sigmoid(self.gate(torch.cat([own, attended], dim=-1)))
            return gate * attended + (1 - gate) * own

        chunks = zip(
            overlapping_slices(spans, bounds),
            overlapping_slices(weights, bounds),
            (antecedents[first:stop] for first, stop in bounds),
            strict=True,
        )
        return run_chunks(refine, chunks, num_spans)
