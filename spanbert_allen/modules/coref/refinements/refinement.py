"""What is done to the scores of links after the first scoring."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from allennlp.common import Registrable
from torch import Tensor, nn


class RefinedScores(NamedTuple):
    """
    Scores after a refinement.

    scores : `Tensor`
        Shape: (num_spans, num_antecedents). Minus infinity where there is no antecedent.
    also_trained : `Tensor | None`
        The scores before it, of the same shape, when the loss shall count them, too.
    """

    scores: Tensor
    also_trained: Tensor | None = None


class Refinement(nn.Module, Registrable):
    """
    A refinement tells the scores of a span's links what the other links say: higher-order
    inference. Subclasses take `span_dim` first. Xu and Choi (2020), "Revealing the Myth of
    Higher-Order Inference in Coreference Resolution", compare those that there are: with a strong
    encoder they gain next to nothing.
    """

    def forward(
        self,
        spans: Tensor,
        scores: Tensor,
        antecedents: Tensor,
        rescore: Callable[[Tensor], Tensor],
    ) -> RefinedScores:
        """
        # Parameters

        spans : `Tensor`
            Shape: (num_spans, span_dim). Kept spans in document order.
        scores : `Tensor`
            Shape: (num_spans, num_antecedents). Against 0 for no antecedent; minus infinity where
            there is none.
        antecedents : `Tensor`
            Shape: (num_spans, num_antecedents). Indices of spans.
        rescore : `Callable[[Tensor], Tensor]`
            The scores of the same links for other span vectors. Shapes: (num_spans, span_dim) to
            (num_spans, num_antecedents)

        # Returns

        `RefinedScores`
        """
        raise NotImplementedError
