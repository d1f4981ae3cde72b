"""Attended antecedents: span vectors mixed with those of their likely antecedents."""

from __future__ import annotations

import torch
from torch import Tensor

from spanbert_allen.modules.coref.refinements.gated_refinement import GatedRefinement, with_none
from spanbert_allen.modules.coref.refinements.refinement import Refinement
from spanbert_allen.modules.layers.chunking import (
    overlapping_slices,
    row_bounds,
    rows_at_once,
    run_chunks,
)

_PAIRS_PER_CHUNK = 2048


@Refinement.register("spanbert_attended_antecedent")
class AttendedAntecedent(GatedRefinement):
    """
    Summarise a span's antecedents as the mean of their vectors, by their scores.

    As in Lee et al. (2018), section 3, the span's own vector counts among them with the score 0,
    and the weights are the softmax of the scores.

    # Parameters

    span_dim : `int`
        See `GatedRefinement`, as for the next two.
    times : `int`, optional (default = `1`)
    scalar_gate : `bool`, optional (default = `False`)
    """

    def antecedent_summary(self, spans: Tensor, scores: Tensor, antecedents: Tensor) -> Tensor:
        num_spans, num_antecedents = antecedents.shape
        # Shape: (num_spans, 1 + num_antecedents)
        weights = with_none(scores).softmax(dim=1)
        pairs = rows_at_once(
            _PAIRS_PER_CHUNK, spans.device, row_size=2 * spans.size(1), most=antecedents.numel()
        )
        bounds = row_bounds(num_spans, pairs // num_antecedents)

        def attend(own: Tensor, weights: Tensor, indices: Tensor) -> Tensor:
            # Shape: (rows, num_antecedents, span_dim)
            others = spans.index_select(0, indices.flatten()).view(*indices.shape, -1)
            # Shape: (rows, span_dim)
            return weights[:, :1] * own + torch.einsum("ra,ras->rs", weights[:, 1:], others)

        chunks = zip(
            overlapping_slices(spans, bounds),
            overlapping_slices(weights, bounds),
            (antecedents[first:stop] for first, stop in bounds),
            strict=True,
        )
        return run_chunks(attend, chunks, num_spans, row_size=num_antecedents * spans.size(1))
