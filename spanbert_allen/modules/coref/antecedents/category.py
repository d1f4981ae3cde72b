"""Antecedent scores with an expert for each category of pairs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import ClassVar

import torch
from torch import Tensor, nn

from spanbert_allen.modules.coref.antecedents.bilinear import BilinearAntecedents
from spanbert_allen.modules.coref.antecedents.blocks import (
    best_products_by_category,
    of_category,
    products_with,
)
from spanbert_allen.modules.coref.antecedents.pair_categories import PairCategories, PairCategory
from spanbert_allen.modules.coref.antecedents.pair_features import SpanContext
from spanbert_allen.modules.coref.antecedents.scorer import Antecedents, AntecedentScorer
from spanbert_allen.modules.coref.mentions.representation import SpanRepresentation
from spanbert_allen.modules.coref.mentions.selection import SpanCandidates
from spanbert_allen.modules.coref.settings import ScorerSettings
from spanbert_allen.modules.coref.word_lists import WordLists
from spanbert_allen.modules.layers.precision import at_least_float32


@AntecedentScorer.register("spanbert_category_links")
class CategoryAntecedents(AntecedentScorer):
    """
    Add to the bilinear score of a pair that of an expert for pairs of its category.

    `s(i, j) = m_i + m_j + f(i, j) + f_c(i, j) + features`, where `c` is the `PairCategory` of the
    pair: two pronouns of one group or of two, a pronoun and another mention, the same content
    words, all content words of the other, or none of these. This is Otmazgin et al. (2023),
    "LingMess: Linguistically Informed Multi Expert Scorers for Coreference Resolution",
    without their further losses of each expert alone. `f` and each `f_c` are the products of
    `BilinearAntecedents`, with parameters of their own, so that this scorer has seven times as many
    and makes seven products of a pair where that makes one.

    Blocks of pairs are made one after the other, as there. Categories come from the words of the
    text and from lists of words, of which there is a file for each language.

    # Parameters

    dim : `int`
        The width of a unit vector.
    settings : `ScorerSettings`
        Read is what `BilinearAntecedents` reads. A span vector has seven parts of
        `2 * hidden_dim`, which a refinement sees as one.
    language : `str`, optional (default = `"en"`)
        The code of the language whose word lists are used, `en` or `de`.
    pronouns : `list[str]`, optional (default = those of the language)
        Groups of pronouns that may stand for the same thing, each a string with spaces, as
        `["he him his", "she her hers"]`.
    passed_over : `list[str]`, optional (default = those of the language)
        Strings of words that are no content words, as articles.
    """

    uses_spans: ClassVar[bool] = False
    uses_words: ClassVar[bool] = True
    reads: ClassVar[Sequence[str]] = BilinearAntecedents.reads

    def __init__(
        self,
        dim: int,
        settings: ScorerSettings,
        *,
        language: str = "en",
        pronouns: list[str] | None = None,
        passed_over: list[str] | None = None,
    ):
        super().__init__()
        self.word_lists = WordLists.of_language(
            language, pronouns=pronouns, passed_over=passed_over
        )
        self.general = BilinearAntecedents(dim, settings)
        read = {name: getattr(settings, name) for name in self.reads}
        without_features = ScorerSettings(**{**read, "features": []})
        self.experts = nn.ModuleList(
            BilinearAntecedents(dim, without_features) for _ in PairCategory
        )
        self.span_dim = self.general.span_dim * (1 + len(self.experts))

    def represent(
        self, vectors: Tensor, top_spans: SpanCandidates, spans: SpanRepresentation | None
    ) -> Tensor:
        parts = [scorer.represent(vectors, top_spans, spans) for scorer in self._scorers()]
        # Shape: (num_spans, span_dim)
        return torch.cat(parts, dim=-1)

    def choose(self, spans: Tensor, mention_scores: Tensor, context: SpanContext) -> Antecedents:
        categories = PairCategories(context.words, self.word_lists)
        known = mention_scores.detach()

        def rank(products: Tensor, first: int, stop: int) -> Tensor:
            scores = self.general.pair_scores.block(first, stop, products.size(1), context)
            return scores.to(known.dtype).add_(products).add_(known[: products.size(1)])

        # Shape: (num_spans, num_antecedents)
        indices, products, kinds = best_products_by_category(
            self._forms(spans), categories.block, self.general.max_antecedents, rank
        )
        rows = torch.arange(spans.size(0), device=spans.device).unsqueeze(1).expand_as(indices)
        valid = indices < rows
        scores = products + mention_scores.unsqueeze(1) + mention_scores[indices]
        scores = scores + self.general.pair_scores(rows, indices, context)
        scores = scores.masked_fill(~valid, float("-inf"))
        return Antecedents(indices, valid, scores, products, kinds)

    def score(
        self, spans: Tensor, antecedents: Antecedents, context: SpanContext, *, refined: bool
    ) -> Tensor:
        if not refined:
            return antecedents.scores
        assert antecedents.products is not None and antecedents.categories is not None
        shared, *others = (
            at_least_float32(products_with(sources, targets, antecedents.indices))
            for sources, targets in self._forms(spans)
        )
        products = shared + of_category(others, antecedents.categories)
        return antecedents.scores - antecedents.products + products

    def _scorers(self) -> Iterator[BilinearAntecedents]:
        """Yield the scorer of all pairs, then the expert of each category."""
        yield self.general
        for expert in self.experts:
            assert isinstance(expert, BilinearAntecedents)
            yield expert

    def _forms(self, spans: Tensor) -> list[tuple[Tensor, Tensor]]:
        """
        Return both sides of the products that all pairs have, and of those of each category.

        Shape of each: (num_spans, span_dim of a scorer)
        """
        parts = spans.split(self.general.span_dim, dim=1)
        return [
            (scorer.sources(part), part)
            for scorer, part in zip(self._scorers(), parts, strict=True)
        ]
