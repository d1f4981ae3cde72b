"""From the vectors of one document's units to scored links between its mentions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from allennlp.common import FromParams, Lazy
from torch import Tensor, nn

from spanbert_allen.modules.coref.antecedents.coarse_to_fine import CoarseToFineLinks
from spanbert_allen.modules.coref.antecedents.pair_features import FEATURES, SpanContext
from spanbert_allen.modules.coref.antecedents.scorer import LinkScorer
from spanbert_allen.modules.coref.mentions.feedforward import FeedForwardMentions
from spanbert_allen.modules.coref.mentions.representation import SpanRepresentation
from spanbert_allen.modules.coref.mentions.scorer import MentionScorer
from spanbert_allen.modules.coref.mentions.selection import SpanCandidates, enumerate_candidates
from spanbert_allen.modules.coref.mentions.span_pruner import keep_best
from spanbert_allen.modules.coref.refinements import RefinedScores, Refinement
from spanbert_allen.modules.layers.fast_linear import use_fast_linear
from spanbert_allen.modules.layers.precision import at_least_float32


class DocumentUnits(NamedTuple):
    """
    One document as the head sees it, in units (word pieces, or words).

    vectors : `Tensor`
        Shape: (num_units, dim)
    sentence_ids, segment_ids, speaker_ids : `Tensor`
        Shape: (num_units,). Sentences and encoder segments never fall.
    may_start, may_end : `Tensor | None`
        Shape: (num_units,), boolean. Units that a span may start and end with; all when `None`.
    genre_id : `int`
    """

    vectors: Tensor
    sentence_ids: Tensor
    segment_ids: Tensor
    speaker_ids: Tensor
    may_start: Tensor | None = None
    may_end: Tensor | None = None
    genre_id: int = 0


class ScoredLinks(NamedTuple):
    """
    What the head says of one document.

    spans : `SpanCandidates`
        The kept spans in document order; both columns of shape (num_spans,).
    mention_scores : `Tensor`
        Shape: (num_spans,)
    antecedents : `Tensor`
        Shape: (num_spans, num_antecedents). Indices of kept spans.
    scores : `Tensor`
        Shape: (num_spans, num_antecedents). Against 0 for no antecedent; minus infinity where
        there is none.
    candidates : `SpanCandidates`
        All spans that were considered; both columns of shape (num_candidates,).
    candidate_scores : `Tensor`
        Shape: (num_candidates,). Their mention scores.
    also_trained : `Tensor | None`
        Other scores of the same links, which the loss counts beside `scores`.
    """

    spans: SpanCandidates
    mention_scores: Tensor
    antecedents: Tensor
    scores: Tensor
    candidates: SpanCandidates
    candidate_scores: Tensor
    also_trained: Tensor | None = None


class CorefHead(nn.Module, FromParams):
    """
    Coarse-to-fine coreference (Lee et al. 2018) with the additions of Joshi et al. (2019, 2020): it
    is SpanBERT's coreference system. Memory is bounded by a chunk: no candidate has a vector, and
    no table of all pairs of spans is held, in training and in prediction.

    The two scorers are parts that a configuration can swap. The defaults are the published ones;
    `spanbert_biaffine_mentions` and `spanbert_bilinear_links` are light.

    # Parameters

    dim : `int`
        The width of a unit vector; the model fills it in.
    max_span_width : `int`, optional (default = `30`)
        In units.
    kept_per_unit : `float`, optional (default = `0.4`)
        Kept spans are the best floor(kept_per_unit x units).
    max_kept : `int`, optional (default = `3900`)
        And at most so many; `null` for no limit. Beyond some 10,000 units the limit costs mentions.
    uncounted_units : `int`, optional (default = `0`)
        What the document is longer when kept spans are counted: 2 where [CLS] and [SEP] are no
        units but count, as in AllenNLP's models of word pieces.
    allow_crossing : `bool`, optional (default = `False`)
        Keep spans that overlap in part.
    zero_filled_attention : `bool`, optional (default = `False`)
        See `SpanRepresentation`.
    mentions : `Lazy[MentionScorer]`, optional (default = `FeedForwardMentions`)
    links : `Lazy[LinkScorer]`, optional (default = `CoarseToFineLinks`)
    max_antecedents : `int`, optional (default = `50`)
        Shared, as all that follow but the last: whichever of the scorers takes it has it from here.
    hidden_dim : `int`, optional (default = `None`)
        `None` is each scorer's own default, 3000 for the published ones.
    num_layers : `int`, optional (default = `1`)
        Of the feed-forward scorers.
    feature_size : `int`, optional (default = `20`)
    dropout : `float`, optional (default = `0.3`)
    input_dropout : `float`, optional (default = `None`)
        On what the scorers' networks are given: rows of features, and vectors of spans in the
        coarse score. `None` is `dropout`; AllenNLP has none there.
    width_prior, distance_prior : `bool`, optional (default = `True`)
    features : `Sequence[str]`, optional (default = speaker, genre, distance, segment)
    num_genres : `int`, optional (default = `7`)
        The model fills it in.
    max_segments : `int`, optional (default = `3`)
        See `PairFeatures`.
    refinement : `Lazy[Refinement]`, optional (default = `None`)
        Higher-order inference: how the scores of links tell each other (the original's
        `coref_depth` of 2 is one of `spanbert_attended_antecedent`); `None` scores once (depth 1).
    """

    def __init__(
        self,
        dim: int,
        *,
        max_span_width: int = 30,
        kept_per_unit: float = 0.4,
        max_kept: int | None = 3900,
        uncounted_units: int = 0,
        allow_crossing: bool = False,
        zero_filled_attention: bool = False,
        mentions: Lazy[MentionScorer] = Lazy(FeedForwardMentions),  # noqa: B008  it holds no state
        links: Lazy[LinkScorer] = Lazy(CoarseToFineLinks),  # noqa: B008
        max_antecedents: int = 50,
        hidden_dim: int | None = None,
        num_layers: int = 1,
        feature_size: int = 20,
        dropout: float = 0.3,
        input_dropout: float | None = None,
        width_prior: bool = True,
        distance_prior: bool = True,
        features: Sequence[str] = FEATURES,
        num_genres: int = 7,
        max_segments: int = 3,
        refinement: Lazy[Refinement] | None = None,
    ):
        super().__init__()
        self.max_span_width = max_span_width
        self.kept_per_unit, self.uncounted_units = kept_per_unit, uncounted_units
        self.max_kept = max_kept
        self.allow_crossing = allow_crossing
        input_dropout = dropout if input_dropout is None else input_dropout
        spans = SpanRepresentation(
            dim,
            max_span_width,
            feature_size=feature_size,
            dropout=input_dropout,
            zero_filled_attention=zero_filled_attention,
        )
        shared: dict[str, Any] = {
            "dim": dim,
            "spans": spans,
            "max_span_width": max_span_width,
            "max_antecedents": max_antecedents,
            "num_layers": num_layers,
            "feature_size": feature_size,
            "dropout": dropout,
            "input_dropout": input_dropout,
            "width_prior": width_prior,
            "distance_prior": distance_prior,
            "features": features,
            "num_genres": num_genres,
            "max_segments": max_segments,
            **({} if hidden_dim is None else {"hidden_dim": hidden_dim}),
        }
        self.mention_scorer = mentions.construct(**shared)
        self.link_scorer = links.construct(**shared)
        uses_spans = self.mention_scorer.uses_spans or self.link_scorer.uses_spans
        self.span_representation = spans if uses_spans else None
        span_dim = self.link_scorer.span_dim
        self.refinement = refinement.construct(span_dim=span_dim) if refinement else None
        self.apply(_initialise)
        use_fast_linear(self)
        self.register_load_state_dict_pre_hook(_rename_old_weights)  # type: ignore[no-untyped-call]

    def forward(self, document: DocumentUnits) -> ScoredLinks:
        """
        # Parameters

        document : `DocumentUnits`

        # Returns

        `ScoredLinks`
        """
        candidates = enumerate_candidates(
            document.sentence_ids,
            self.max_span_width,
            may_start=document.may_start,
            may_end=document.may_end,
        )
        # Shape: (num_candidates,)
        candidate_scores = self._mention_scores(document.vectors, candidates)
        # Shape: (num_spans,)
        kept = keep_best(
            candidate_scores,
            candidates,
            self._num_kept(document.vectors.size(0)),
            allow_crossing=self.allow_crossing,
        )
        spans = SpanCandidates(candidates.starts[kept], candidates.ends[kept])
        mention_scores = candidate_scores[kept]
        context = SpanContext(
            speaker_ids=document.speaker_ids[spans.starts],
            segment_ids=document.segment_ids[spans.starts],
            genre_id=document.genre_id,
        )
        # Shape: (num_spans, span_dim)
        vectors = self.link_scorer.represent(document.vectors, spans, self.span_representation)
        antecedents = self.link_scorer.choose(vectors, mention_scores, context)
        # Shape: (num_spans, num_antecedents)
        scores = self.link_scorer.score(vectors, antecedents, context, refined=False)
        refined = RefinedScores(scores)
        if self.refinement is not None:

            def rescore(vectors: Tensor) -> Tensor:
                return self.link_scorer.score(vectors, antecedents, context, refined=True)

            refined = self.refinement(vectors, scores, antecedents.indices, rescore)
        return ScoredLinks(
            spans,
            mention_scores,
            antecedents.indices,
            refined.scores,
            candidates,
            candidate_scores,
            refined.also_trained,
        )

    def _mention_scores(self, vectors: Tensor, candidates: SpanCandidates) -> Tensor:
        """Shape: (num_candidates,)"""
        if candidates.starts.numel() == 0:
            return at_least_float32(vectors.new_zeros(0))
        scores: Tensor = self.mention_scorer(vectors, candidates, self.span_representation)
        return scores

    def _num_kept(self, num_units: int) -> int:
        if not num_units:
            return 0
        num_kept = int(self.kept_per_unit * (num_units + self.uncounted_units))
        return num_kept if self.max_kept is None else min(num_kept, self.max_kept)


def _initialise(module: nn.Module) -> None:
    """Normal with standard deviation 0.02, biases 0: as BERT's and as the original's."""
    if isinstance(module, nn.Linear | nn.Embedding):
        nn.init.normal_(module.weight, std=0.02)
    if isinstance(module, nn.Linear) and module.bias is not None:
        nn.init.zeros_(module.bias)


def _rename_old_weights(
    module: nn.Module, state_dict: dict[str, Tensor], prefix: str, *_: object
) -> None:
    """Archives of version 0.1 have the parts of the link scorer in the head itself."""
    for part in ("coarse_antecedents.", "antecedent_scorer."):
        for name in [name for name in state_dict if name.startswith(prefix + part)]:
            new_name = f"{prefix}link_scorer.{name.removeprefix(prefix)}"
            state_dict[new_name] = state_dict.pop(name)
