"""What links are trained by, one loss a file."""

from spanbert_allen.modules.coref.losses.hinge import HingeLoss
from spanbert_allen.modules.coref.losses.link_loss import LinkLoss
from spanbert_allen.modules.coref.losses.marginal import MarginalLoss

__all__ = ["HingeLoss", "LinkLoss", "MarginalLoss"]
