"""The likelihood of linking each span to any of its antecedents."""

from __future__ import annotations

from torch import Tensor

from spanbert_allen.modules.coref.losses.link_loss import LinkLoss
from spanbert_allen.modules.coref.losses.mention import marginal_loss


@LinkLoss.register("spanbert_marginal")
class MarginalLoss(LinkLoss):
    """Minus the log probability of all gold antecedents together: see `marginal_loss`."""

    def forward(self, scores: Tensor, gold: Tensor) -> Tensor:
        return marginal_loss(scores, gold)
