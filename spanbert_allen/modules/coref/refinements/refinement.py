"""The base of refinements: higher-order inference over the links of a document."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from allennlp.common import Registrable
from torch import Tensor, nn


class RefinedScores(NamedTuple):
    """
    The scores of links after a refinement.

    scores : `Tensor`
        Minus infinity where there is no antecedent. Shape: (num_spans, num_antecedents)
    also_trained : `Tensor | None`
        Other scores of the same links, where the loss is to count them as well. Shape: that of
        `scores`
    """

    scores: Tensor
    also_trained: Tensor | None = None


class Refinement(nn.Module, Registrable):
    """
    Change the scores of a span's links by what the other links say.

    A subclass's constructor takes `span_dim`, the width of a span vector, first. Xu and Choi
    (2020), "Revealing the Myth of Higher-Order Inference in Coreference Resolution", compare the
    published ones: with a strong encoder they gain next to nothing.
    """

    def forward(
        self,
        spans: Tensor,
        scores: Tensor,
        antecedents: Tensor,
        rescore: Callable[[Tensor], Tensor],
    ) -> RefinedScores:
        """
        Return the refined scores of links.

        # Parameters

        spans : `Tensor`
            The vectors of the top spans in document order. Shape: (num_spans, span_dim)
        scores : `Tensor`
            0 is the score of no antecedent; minus infinity stands where there is no candidate.
            Shape: (num_spans, num_antecedents)
        antecedents : `Tensor`
            Indices of spans. Shape: (num_spans, num_antecedents)
        rescore : `Callable[[Tensor], Tensor]`
            Gives the scores of the same links for other span vectors. Shapes: (num_spans, span_dim)
            to (num_spans, num_antecedents)
        """
        raise NotImplementedError
