"""The focal loss."""

from __future__ import annotations

import torch
from torch import Tensor

from spanbert_allen.common.errors import ConfigError
from spanbert_allen.data.unseen_names import UNKNOWN_LABEL
from spanbert_allen.modules.classification.losses.class_loss import ClassLoss


@ClassLoss.register("focal")
class FocalLoss(ClassLoss):
    """
    Take less of the cross-entropy of an example the better it is classified.

    The loss of an example is -(1 - p)^gamma log p, with p the probability of the right class: Lin
    et al. (2017), "Focal Loss for Dense Object Detection", section 3.2. Their alpha is the weight
    of a class.

    Registered as a `ClassLoss` with name "focal".

    # Parameters

    gamma : `float`, optional (default = `2.0`)
        How much easy examples are left aside; 0 is plain cross-entropy.
    """

    def __init__(self, *, gamma: float = 2.0) -> None:
        if not gamma >= 0:
            raise ConfigError(f"model.loss.gamma is {gamma}: it must be at least 0")
        self.gamma = gamma

    def mean(self, logits: Tensor, labels: Tensor, weights: Tensor | None) -> Tensor:
        """See `ClassLoss`."""
        known = labels.clamp(min=0)
        # Shape: (batch_size,) all three
        log_right = logits.log_softmax(-1).gather(-1, known[:, None]).squeeze(-1)
        # A power below 1 has no slope at 0, where the example is right for sure.
        wrong = (-log_right.expm1()).clamp(min=torch.finfo(logits.dtype).tiny)
        each = -(wrong**self.gamma) * log_right
        # Shape: (batch_size,)
        share = (labels != UNKNOWN_LABEL).to(each.dtype)
        if weights is not None:
            share = share * weights[known]
        return (share * each).sum() / share.sum()
