"""The coreference head: from the vectors of one document's units to scored links of its spans."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import fields
from functools import partial
from typing import Any, NamedTuple, get_type_hints

import torch
from allennlp.common import FromParams, Lazy, Params
from torch import Tensor, nn

from spanbert_allen.common.console import nearest
from spanbert_allen.common.errors import ConfigError
from spanbert_allen.modules.coref.antecedents.coarse_to_fine import CoarseToFineAntecedents
from spanbert_allen.modules.coref.antecedents.pair_features import SpanContext
from spanbert_allen.modules.coref.antecedents.scorer import AntecedentScorer
from spanbert_allen.modules.coref.mentions.candidate_pool import UNITS_PER_STRETCH, pool_of
from spanbert_allen.modules.coref.mentions.feedforward import FeedForwardMentions
from spanbert_allen.modules.coref.mentions.representation import SpanRepresentation
from spanbert_allen.modules.coref.mentions.scorer import MentionScorer, ScoredCandidates
from spanbert_allen.modules.coref.mentions.selection import (
    SpanCandidates,
    SpanSelection,
    enumerate_candidates,
    keep_best,
)
from spanbert_allen.modules.coref.refinements import RefinedScores, Refinement
from spanbert_allen.modules.coref.scored_links import ScoredLinks
from spanbert_allen.modules.coref.settings import ScorerSettings
from spanbert_allen.modules.layers.fast_linear import use_fast_linear
from spanbert_allen.modules.layers.transfers import to_cpu, to_device

logger = logging.getLogger(__name__)

_WARNS_FROM = 1.25
"""
How many times `max_kept` the share of a document must be for a warning. By then more than a point
of mention recall is lost (on LitBank, 1.4 points at 1.2 times, 5.6 at 1.6, 17.6 at 2.4).
"""


_OPTIONAL_COLUMNS = ("may_start", "may_end", "also_start", "word_ids")


class DocumentUnits(NamedTuple):
    """
    One document as the head sees it, in units (word pieces, or words).

    Vectors are where the model is. All else is best on the CPU, where spans are chosen: `on_cpu`.

    vectors : `Tensor`
        Shape: (num_units, dim)
    sentence_ids, segment_ids, speaker_ids : `Tensor`
        The first two are ascending; segments are the encoder's. Shape: (num_units,)
    may_start, may_end : `Tensor | None`
        The units that a span may start and end with; all when `None`. Shape: (num_units,), boolean
    genre_id : `int`
        The genre's row in the table of genres.
    word_ids : `Tensor | None`
        The word of each unit, as an index of `words`, or -1 for none; needed by scorers that use
        words. Shape: (num_units,)
    words : `Sequence[str]`
        The words of the whole document.
    given_spans : `SpanCandidates | None`
        The top spans, where they are given: then no span is proposed, and none is left out.
    kept_spans : `SpanCandidates | None`
        Spans that are top spans whatever they score, beside those that are found.
    keeps_all : `bool`
        Whether all candidates are top spans.
    also_start : `Tensor | None`
        Further units that candidates may start with, for scorers that choose likely starts: those
        of annotated mentions, in training. Shape: (num_units,), boolean
    needs_candidates : `bool`
        Whether `ScoredLinks` must hold all candidates, as a loss of mention scores needs; of a long
        document it holds only the best if not.
    """

    vectors: Tensor
    sentence_ids: Tensor
    segment_ids: Tensor
    speaker_ids: Tensor
    may_start: Tensor | None = None
    may_end: Tensor | None = None
    genre_id: int = 0
    word_ids: Tensor | None = None
    words: Sequence[str] = ()
    given_spans: SpanCandidates | None = None
    kept_spans: SpanCandidates | None = None
    keeps_all: bool = False
    also_start: Tensor | None = None
    needs_candidates: bool = True

    def on_cpu(self) -> DocumentUnits:
        """Return the document with all but its vectors on the CPU, brought there in one copy."""
        names = ("sentence_ids", "segment_ids", "speaker_ids", *_OPTIONAL_COLUMNS)
        there = {name: getattr(self, name) for name in names if getattr(self, name) is not None}
        for name in ("given_spans", "kept_spans"):
            spans = getattr(self, name)
            if spans is not None:
                there |= {f"{name}.starts": spans.starts, f"{name}.ends": spans.ends}
        here: dict[str, Any] = dict(zip(there, to_cpu(*there.values()), strict=True))
        for name in ("given_spans", "kept_spans"):
            if f"{name}.starts" in here:
                here[name] = SpanCandidates(here.pop(f"{name}.starts"), here.pop(f"{name}.ends"))
        return self._replace(**here)

    def words_of(self, spans: SpanCandidates) -> list[list[str]]:
        """Return the words of each span; the document and the spans are on the CPU."""
        assert self.word_ids is not None
        word_ids = self.word_ids.tolist()
        found = []
        for start, end in zip(spans.starts.tolist(), spans.ends.tolist(), strict=True):
            numbers = dict.fromkeys(word_ids[start : end + 1])
            found.append([self.words[number] for number in numbers if number >= 0])
        return found


class CorefHead(nn.Module, FromParams):
    """
    Propose spans, choose candidate antecedents for each, and score these.

    This is the coarse-to-fine coreference of Lee et al. (2018) with the additions of Joshi et al.
    (2019, 2020): SpanBERT's. Memory is bounded by a chunk, in training and in prediction: no
    candidate has a vector, and no table of all pairs of spans is held.

    A configuration swaps the two scorers. The defaults are the published ones;
    `spanbert_biaffine_mentions` and `spanbert_bilinear_links` are light. In a configuration the
    fields of `SpanSelection` and `ScorerSettings` are keys of the head itself, as in
    `{"max_kept": null, "hidden_dim": 1000, "links": {"type": "spanbert_bilinear_links"}}`.

    # Parameters

    dim : `int`
        The width of a unit vector; the model fills it in.
    selection : `SpanSelection`, optional (default = `SpanSelection()`)
        How many spans are taken for mentions.
    settings : `ScorerSettings`, optional (default = `ScorerSettings()`)
        What the scorers share.
    zero_filled_attention : `bool`, optional (default = `False`)
        See `SpanRepresentation`.
    mentions : `Lazy[MentionScorer]`, optional (default = `FeedForwardMentions`)
        Scores spans as mentions.
    links : `Lazy[AntecedentScorer]`, optional (default = `CoarseToFineAntecedents`)
        Chooses and scores antecedents.
    refinement : `Lazy[Refinement]`, optional (default = `None`)
        Higher-order inference: changes the scores of a span's links by what other links say. The
        original's `coref_depth` of 2 is `spanbert_attended_antecedent`; `None`, its depth 1, scores
        once.
    """

    def __init__(
        self,
        dim: int,
        *,
        selection: SpanSelection | None = None,
        settings: ScorerSettings | None = None,
        zero_filled_attention: bool = False,
        mentions: Lazy[MentionScorer] = Lazy(FeedForwardMentions),  # noqa: B008  it holds no state
        links: Lazy[AntecedentScorer] = Lazy(CoarseToFineAntecedents),  # noqa: B008
        refinement: Lazy[Refinement] | None = None,
    ):
        super().__init__()
        self.selection = selection or SpanSelection()
        settings = settings or ScorerSettings()
        self.max_span_width = settings.max_span_width
        spans = SpanRepresentation(
            dim,
            settings.max_span_width,
            feature_size=settings.feature_size,
            dropout=settings.dropout_of_inputs,
            zero_filled_attention=zero_filled_attention,
        )
        self.mention_scorer = mentions.construct(dim=dim, spans=spans, settings=settings)
        self.link_scorer = links.construct(dim=dim, spans=spans, settings=settings)
        uses_spans = self.mention_scorer.uses_spans or self.link_scorer.uses_spans
        self.span_representation = spans if uses_spans else None
        span_dim = self.link_scorer.span_dim
        self.refinement = refinement.construct(span_dim=span_dim) if refinement else None
        self.apply(_initialise)
        use_fast_linear(self)
        self.register_load_state_dict_pre_hook(_rename_old_weights)  # type: ignore[no-untyped-call]

    @classmethod
    def further_keys(cls) -> dict[str, Any]:
        """Return the annotations of the groups' fields, which a configuration has as keys."""
        return {
            field.name: get_type_hints(kind)[field.name]
            for kind in _GROUPS.values()
            for field in fields(kind)
        }

    @classmethod
    def from_params(
        cls,
        params: Params,
        constructor_to_call: Any = None,
        constructor_to_inspect: Any = None,
        *,
        num_genres: int | None = None,
        **extras: Any,
    ) -> CorefHead:
        """
        Build the head of a configuration, in which the fields of its groups stand side by side.

        # Parameters

        params : `Params`
            `model.head`.
        num_genres : `int`, optional
            The number of genres that the model knows, unless `params` say it.
        """
        if num_genres is not None and "num_genres" not in params:
            params["num_genres"] = num_genres
        for group, kind in _GROUPS.items():
            names = [field.name for field in fields(kind) if field.name in params]
            extras[group] = kind.from_params(
                Params({name: params.pop(name) for name in names}, params.history)
            )
        _refuse_unknown(params)
        head: CorefHead = super().from_params(
            params, constructor_to_call, constructor_to_inspect, **extras
        )
        return head

    def forward(self, document: DocumentUnits) -> ScoredLinks:
        """
        Return the top spans of a document with their scored candidate antecedents.

        # Parameters

        document : `DocumentUnits`
            The units of one document.
        """
        document = document.on_cpu()
        (candidates, candidate_scores, boundaries), top = self._choose_spans(document)
        top_spans = candidates.select(top)
        starts = top_spans.on_cpu.starts
        # Shape of each: (num_spans,)
        top, speaker_ids, segment_ids = to_device(
            document.vectors.device,
            top,
            document.speaker_ids[starts],
            document.segment_ids[starts],
        )
        # Shape: (num_spans,)
        mention_scores = candidate_scores[top]
        context = SpanContext(
            speaker_ids,
            segment_ids,
            document.genre_id,
            document.words_of(top_spans.on_cpu) if self.link_scorer.uses_words else (),
        )
        # Shape: (num_spans, span_dim)
        vectors = self.link_scorer.represent(document.vectors, top_spans, self.span_representation)
        antecedents = self.link_scorer.choose(vectors, mention_scores, context)
        # Shape: (num_spans, num_antecedents)
        scores = self.link_scorer.score(vectors, antecedents, context, refined=False)
        refined = RefinedScores(scores)
        if self.refinement is not None:

            def rescore(vectors: Tensor) -> Tensor:
                return self.link_scorer.score(vectors, antecedents, context, refined=True)

            refined = self.refinement(vectors, scores, antecedents.indices, rescore)
        return ScoredLinks(
            top_spans,
            mention_scores,
            antecedents.indices,
            refined.scores,
            candidates,
            candidate_scores,
            refined.also_trained,
            boundaries,
        )

    def warn_of_limit(self, num_units: int, doc_key: str) -> None:
        """
        Warn where `max_kept` takes clearly fewer spans of a document than its share of the units.

        # Parameters

        num_units : `int`
            The length of what the head sees at once.
        doc_key : `str`
            The document's name.
        """
        limit, share = self.selection.max_kept, self.selection.share(num_units)
        if limit is None or share <= _WARNS_FROM * limit:
            return
        logger.warning(
            "%s: of %d units, model.head.max_kept keeps %d spans as possible mentions and leaves "
            "out %d that its share of %g a unit would keep, so mentions may be missed; raise it, "
            "set it to null, or set model.windows",
            doc_key,
            num_units,
            limit,
            share - limit,
            self.selection.kept_per_unit,
        )

    def _choose_spans(self, document: DocumentUnits) -> tuple[ScoredCandidates, Tensor]:
        """
        Return the candidates with their mention scores, and the indices of the top spans.

        The indices are on the CPU. Shape: (num_spans,)
        """
        num_units = len(document.sentence_ids)
        num_top = self.selection.num_top(num_units)
        allow_crossing = self.selection.allow_crossing
        keeps_all = document.given_spans is not None or document.keeps_all
        needs_all = keeps_all or document.needs_candidates or document.kept_spans is not None
        if not needs_all and num_units > UNITS_PER_STRETCH:
            candidates, scores, is_whole = pool_of(
                document.sentence_ids, num_top, partial(self._score_stretch, document)
            )
            top = keep_best(scores, candidates, num_top, allow_crossing=allow_crossing)
            if is_whole or len(top) == num_top:
                (scores,) = to_device(document.vectors.device, scores)
                return ScoredCandidates(candidates.on(scores.device), scores), top
        found = self._score_stretch(document, 0, num_units)
        if keeps_all:
            return found, torch.arange(len(found.scores))
        kept = None
        if document.kept_spans is not None:
            kept = found.candidates.on_cpu.are_among(document.kept_spans)
        top = keep_best(
            found.scores, found.candidates, num_top, allow_crossing=allow_crossing, kept=kept
        )
        return found, top

    def _score_stretch(self, document: DocumentUnits, first: int, stop: int) -> ScoredCandidates:
        """Return the candidates within some units, which count from `first`, and their scores."""
        vectors = document.vectors[first:stop]
        may_start, may_end, also_start = (
            None if column is None else column[first:stop]
            for column in (document.may_start, document.may_end, document.also_start)
        )

        def find(starts: Tensor | None) -> SpanCandidates:
            if document.given_spans is not None:
                return document.given_spans.on(vectors.device)
            if starts is not None and also_start is not None:
                starts = starts | also_start
            found = enumerate_candidates(
                document.sentence_ids[first:stop],
                self.max_span_width,
                may_start=_and(may_start, starts),
                may_end=may_end,
            )
            if document.kept_spans is not None:  # then the stretch is the whole document
                found = found.united(document.kept_spans)
            return found.on(vectors.device)

        return self.mention_scorer.propose(vectors, find, self.span_representation)


def _and(first: Tensor | None, second: Tensor | None) -> Tensor | None:
    """Return where both are true, of which `None` is true everywhere."""
    if first is None or second is None:
        return second if first is None else first
    return first & second


_GROUPS: dict[str, Any] = {"selection": SpanSelection, "settings": ScorerSettings}
_PARTS = ("zero_filled_attention", "mentions", "links", "refinement")


def _refuse_unknown(params: Params) -> None:
    """Raise a `ConfigError` that names the first key which is no setting of the head."""
    unknown = [name for name in params if name not in _PARTS]
    if not unknown:
        return
    known = [*_PARTS, *(field.name for kind in _GROUPS.values() for field in fields(kind))]
    near = nearest(unknown[0], known, count=1)
    cure = f"did you mean `{near[0]}`?" if near else f"it has {', '.join(sorted(known))}"
    raise ConfigError(f"model.head: there is no setting `{unknown[0]}`; {cure}")


def _initialise(module: nn.Module) -> None:
    """Draw weights with a standard deviation of 0.02, as BERT and the original do; biases are 0."""
    if isinstance(module, nn.Linear | nn.Embedding):
        nn.init.normal_(module.weight, std=0.02)
    if isinstance(module, nn.Linear) and module.bias is not None:
        nn.init.zeros_(module.bias)


def _rename_old_weights(
    module: nn.Module, state_dict: dict[str, Tensor], prefix: str, *_: object
) -> None:
    """Move weights of the first archives, whose head has the parts of the scorer in itself."""
    for part in ("coarse_antecedents.", "antecedent_scorer."):
        for name in [name for name in state_dict if name.startswith(prefix + part)]:
            new_name = f"{prefix}link_scorer.{name.removeprefix(prefix)}"
            state_dict[new_name] = state_dict.pop(name)
