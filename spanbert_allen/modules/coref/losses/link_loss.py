"""The loss of a document's links."""

from __future__ import annotations

from allennlp.common import Registrable
from torch import Tensor, nn


class LinkLoss(nn.Module, Registrable):
    """What the scores of links cost, given which of them are right."""

    default_implementation = "spanbert_marginal"

    def forward(self, scores: Tensor, gold: Tensor) -> Tensor:
        """
        Return the loss of a document's links.

        # Parameters

        scores : `Tensor`
            Shape: (num_spans, num_antecedents). Minus infinity where there is no antecedent.
            Linking to none has the score 0.
        gold : `Tensor`
            Shape: (num_spans, num_antecedents), boolean. Antecedents of the same gold cluster; a
            span without any should be linked to none.

        # Returns

        `Tensor`
            Summed over spans. Shape: ()
        """
        raise NotImplementedError
