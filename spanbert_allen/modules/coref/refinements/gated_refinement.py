"""The base of refinements that mix something new into span vectors through a gate."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn

from spanbert_allen.common.errors import ConfigError
from spanbert_allen.modules.coref.refinements.refinement import RefinedScores, Refinement
from spanbert_allen.modules.layers.chunking import (
    overlapping_slices,
    row_bounds,
    rows_at_once,
    run_chunks,
)

_ROWS_PER_CHUNK = 256


class GatedRefinement(Refinement):
    """
    Mix a summary of each span's antecedents into its vector, then score the links again.

    `f = sigmoid(W [g ; r] + b)`, `g <- f * r + (1 - f) * g`, where `r` is the summary (Lee et al.
    2018, "Higher-order Coreference Resolution with Coarse-to-fine Inference", section 3). A
    subclass makes `r`.

    # Parameters

    span_dim : `int`
        The width of a span vector; the head fills it in.
    times : `int`, optional (default = `1`)
        How often, with the same `W` and `b`: one less than the original's `coref_depth` and
        AllenNLP's `inference_order`.
    scalar_gate : `bool`, optional (default = `False`)
        Whether `f` is one number for the whole vector, as in AllenNLP, and not one for each
        dimension. (AllenNLP's gate lets the old vector through: the same with `W` and `b` negated.)
    """

    def __init__(self, span_dim: int, *, times: int = 1, scalar_gate: bool = False):
        super().__init__()
        if times < 1:
            raise ConfigError(f"model.head.refinement.times: {times} is less than 1")
        self.times = times
        self.gate = nn.Linear(2 * span_dim, 1 if scalar_gate else span_dim)

    def forward(
        self,
        spans: Tensor,
        scores: Tensor,
        antecedents: Tensor,
        rescore: Callable[[Tensor], Tensor],
    ) -> RefinedScores:
        if antecedents.numel() == 0:
            return RefinedScores(scores)
        for _ in range(self.times):
            spans = self._mix(spans, self.antecedent_summary(spans, scores, antecedents))
            scores = rescore(spans)
        return RefinedScores(scores)

    def antecedent_summary(self, spans: Tensor, scores: Tensor, antecedents: Tensor) -> Tensor:
        """
        Return `r` of each span.

        The parameters are those of `forward`; there is at least one candidate antecedent.

        # Returns

        `Tensor`
            Shape: (num_spans, span_dim)
        """
        raise NotImplementedError

    def _mix(self, spans: Tensor, summaries: Tensor) -> Tensor:
        """Return the vectors with the summaries mixed in. Shape: (num_spans, span_dim)."""
        rows = rows_at_once(
            _ROWS_PER_CHUNK, spans.device, row_size=6 * spans.size(1), most=spans.size(0)
        )
        bounds = row_bounds(spans.size(0), rows)

        def mixed(old: Tensor, new: Tensor) -> Tensor:
            # Shape: (rows, span_dim) or, with a scalar gate, (rows, 1)
            gate = torch.sigmoid(self.gate(torch.cat([old, new], dim=-1)))
            return gate * new + (1 - gate) * old

        chunks = zip(
            overlapping_slices(spans, bounds), overlapping_slices(summaries, bounds), strict=True
        )
        return run_chunks(mixed, chunks, spans.size(0), row_size=spans.size(1))


def with_none(scores: Tensor) -> Tensor:
    """
    Return the scores with the 0 of no antecedent as a column before them.

    Shapes: (num_spans, num_antecedents) to (num_spans, 1 + num_antecedents)
    """
    return torch.cat([scores.new_zeros(scores.size(0), 1), scores], dim=1)
