"""Mention scores without all candidates: ends are scored only after likely starts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

import torch
from torch import Tensor

from spanbert_allen.common.errors import ConfigError
from spanbert_allen.modules.coref.mentions.representation import SpanRepresentation
from spanbert_allen.modules.coref.mentions.scorer import (
    BoundaryScores,
    FindCandidates,
    MentionScorer,
    ScoredCandidates,
)
from spanbert_allen.modules.coref.mentions.selection import SpanCandidates
from spanbert_allen.modules.coref.settings import LIGHT_HIDDEN_DIM, ScorerSettings
from spanbert_allen.modules.layers.chunking import (
    overlapping_slices,
    row_bounds,
    rows_at_once,
    run_chunks,
)
from spanbert_allen.modules.layers.fast_linear import linear
from spanbert_allen.modules.layers.feedforward_scorer import FeedForwardScorer
from spanbert_allen.modules.layers.precision import at_least_float32
from spanbert_allen.modules.layers.transfers import to_cpu

_CANDIDATES_PER_CHUNK = 512


@MentionScorer.register("spanbert_start_to_end_mentions")
class StartToEndMentions(MentionScorer):
    """
    Score units as starts of mentions, and ends only after likely starts.

    This is the mention extraction of Martinelli et al. (2024), "Maverick: Efficient and Accurate
    Coreference Resolution Defying Recent Trends". A network scores each unit `x_i`
    as a start, `a(i) = FFN(x_i)`, and where that is likely another scores the units after it as
    ends, `b(i, j) = FFN([x_i ; x_j])`. Candidates after unlikely starts are never made. Two
    binary cross-entropies train them, one of all units as starts and one of all candidates as ends.

    The mention score is the log odds that both hold, which is what links and thresholds need:
    `m(i, j) = logit(sigmoid(a(i)) sigmoid(b(i, j)))`. That is ours, and so are three other things:
    ends come at most `max_span_width` units later (raise it to let mentions reach to the end of
    any sentence); hidden layers have a ReLU; and in training, ends are asked for after the starts
    that the model finds likely as well as after the annotated ones, so that an end can make up for
    a wrong start.

    # Parameters

    dim : `int`
        The width of a unit vector.
    settings : `ScorerSettings`
        Read are `hidden_dim` (1024 if not set), `num_layers` and `dropout`.
    threshold : `float`, optional (default = `0.0`)
        A start is likely if its score, in log odds, is above this; `null` for no threshold.
    starts_per_unit : `float`, optional (default = `None`)
        At most the best floor(starts_per_unit x units) starts are likely; `null` for no limit.
    """

    uses_spans: ClassVar[bool] = False
    needs_mention_loss: ClassVar[bool] = True
    reads: ClassVar[Sequence[str]] = ("hidden_dim", "num_layers", "dropout")

    def __init__(
        self,
        dim: int,
        settings: ScorerSettings,
        *,
        threshold: float | None = 0.0,
        starts_per_unit: float | None = None,
    ):
        super().__init__()
        if threshold is None and starts_per_unit is None:
            raise ConfigError(
                "model.head.mentions: neither `threshold` nor `starts_per_unit` is set, so that "
                "every unit would be a likely start; set one of them"
            )
        self.threshold = threshold
        self.starts_per_unit = starts_per_unit
        hidden_dim = settings.hidden_dim or LIGHT_HIDDEN_DIM
        self.start_scorer = FeedForwardScorer(
            (dim,),
            hidden_dim=hidden_dim,
            num_layers=settings.num_layers,
            dropout=settings.dropout,
        )
        self.end_scorer = FeedForwardScorer(
            (dim, dim),
            hidden_dim=hidden_dim,
            num_layers=settings.num_layers,
            dropout=settings.dropout,
        )

    def propose(
        self, vectors: Tensor, find: FindCandidates, spans: SpanRepresentation | None
    ) -> ScoredCandidates:
        # Shape: (num_units,)
        start_scores = self.start_scorer(vectors)
        candidates = find(self._likely(start_scores))
        # Shape: (num_candidates,)
        end_scores = self._end_scores(vectors, candidates)
        scores = _log_odds_of_both(start_scores[candidates.starts], end_scores)
        return ScoredCandidates(candidates, scores, BoundaryScores(start_scores, end_scores))

    def forward(
        self, vectors: Tensor, candidates: SpanCandidates, spans: SpanRepresentation | None
    ) -> Tensor:
        return self.propose(vectors, lambda starts: candidates, spans).scores

    def _likely(self, start_scores: Tensor) -> Tensor:
        """Return whether each unit is a likely start, on the CPU. Shape: (num_units,), boolean."""
        (scores,) = to_cpu(start_scores.detach())
        likely = torch.ones_like(scores, dtype=torch.bool)
        if self.threshold is not None:
            likely = scores > self.threshold
        if self.starts_per_unit is not None:
            most = min(int(self.starts_per_unit * len(scores)), len(scores))
            best = torch.zeros_like(likely)
            best[scores.argsort(descending=True, stable=True)[:most]] = True
            likely = likely & best
        return likely

    def _end_scores(self, vectors: Tensor, candidates: SpanCandidates) -> Tensor:
        """Return the score of each candidate's end after its start. Shape: (num_candidates,)."""
        num_candidates, hidden_dim = len(candidates.starts), self.end_scorer.first.out_features
        if not num_candidates:
            return at_least_float32(vectors.new_zeros(0))
        start_weights, end_weights = self.end_scorer.blocks()
        # The first layer is applied to units, not to pairs of them.
        # Shape: (num_units, hidden_dim)
        start_products = linear(vectors, start_weights)
        end_products = linear(vectors, end_weights, self.end_scorer.first.bias)
        rows = rows_at_once(
            _CANDIDATES_PER_CHUNK, vectors.device, row_size=3 * hidden_dim, most=num_candidates
        )
        chunks = [candidates.part(a, b) for a, b in row_bounds(num_candidates, rows)]
        bounds = [chunk.reach() for chunk in chunks]

        def score(chunk: SpanCandidates, first: int, own: Tensor, others: Tensor) -> Tensor:
            starts, ends = chunk.moved(-first)
            return self.end_scorer.finish(own[starts] + others[ends])

        arguments = zip(
            chunks,
            (first for first, _ in bounds),
            overlapping_slices(start_products, bounds),
            overlapping_slices(end_products, bounds),
            strict=True,
        )
        return run_chunks(score, arguments, num_candidates, row_size=hidden_dim)


def _log_odds_of_both(first: Tensor, second: Tensor) -> Tensor:
    """
    Return the log odds that two independent things hold, from the log odds of each.

    `p q / (1 - p q)` is `1 / (exp(-a) + exp(-b) + exp(-a - b))` for the log odds `a` and `b`.

    Shape: that of both
    """
    return -torch.stack([-first, -second, -first - second]).logsumexp(dim=0)
