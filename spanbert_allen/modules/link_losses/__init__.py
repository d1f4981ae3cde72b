"""What links are trained by, one loss a file."""

from spanbert_allen.modules.link_losses.hinge import HingeLoss
from spanbert_allen.modules.link_losses.link_loss import LinkLoss
from spanbert_allen.modules.link_losses.marginal import MarginalLoss

__all__ = ["HingeLoss", "LinkLoss", "MarginalLoss"]
