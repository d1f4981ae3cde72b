"""Cross-entropy with smoothed labels."""

from __future__ import annotations

from torch import Tensor
from torch.nn.functional import cross_entropy

from spanbert_allen.common.errors import ConfigError
from spanbert_allen.data.unseen_names import UNKNOWN_LABEL
from spanbert_allen.modules.classification.losses.class_loss import ClassLoss


@ClassLoss.register("cross_entropy")
class CrossEntropyLoss(ClassLoss):
    """
    Take the cross-entropy, as Devlin et al. (2019), "BERT", section 4.1.

    Registered as a `ClassLoss` with name "cross_entropy".

    # Parameters

    label_smoothing : `float`, optional (default = `0.0`)
        The share of the probability that the target gives to all classes alike, as in Szegedy et
        al. (2016), "Rethinking the Inception Architecture", section 7; with weights of classes, as
        torch defines it.
    """

    def __init__(self, *, label_smoothing: float = 0.0) -> None:
        if not 0 <= label_smoothing < 1:
            raise ConfigError(
                f"model.loss.label_smoothing is {label_smoothing}: it must be at least 0, and "
                "below 1"
            )
        self.label_smoothing = label_smoothing

    def mean(self, logits: Tensor, labels: Tensor, weights: Tensor | None) -> Tensor:
        """See `ClassLoss`."""
        return cross_entropy(
            logits,
            labels,
            weights,
            ignore_index=UNKNOWN_LABEL,
            label_smoothing=self.label_smoothing,
        )
