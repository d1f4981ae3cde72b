"""What the losses of classification have in common."""

from __future__ import annotations

import torch
from allennlp.common import Registrable
from torch import Tensor

from spanbert_allen.data.unseen_names import UNKNOWN_LABEL


class ClassLoss(Registrable):
    """
    Measure how far scores of classes are from the right ones.

    | name            | loss of an example                                             |
    |-----------------|----------------------------------------------------------------|
    | `cross_entropy` | cross-entropy, with smoothed labels if that is asked for       |
    | `focal`         | cross-entropy, less of it for examples that are easy already   |

    Each averages examples by the weights of their classes, and leaves out examples of classes that
    the model does not know. A subclass implements `mean`.
    """

    default_implementation = "cross_entropy"

    def mean(self, logits: Tensor, labels: Tensor, weights: Tensor | None) -> Tensor:
        """
        Return the mean loss of the examples whose class is known.

        # Parameters

        logits : `Tensor`
            Shape: (batch_size, num_labels)
        labels : `Tensor`
            The numbers of the right classes, `UNKNOWN_LABEL` for unknown ones. Shape: (batch_size,)
        weights : `Tensor`, optional
            How much examples of each class weigh. Shape: (num_labels,)

        # Returns

        `Tensor`
            Shape: (). Without any known class it is no number.
        """
        raise NotImplementedError

    def __call__(
        self, logits: Tensor, labels: Tensor, weights: Tensor | None, *, is_training: bool
    ) -> Tensor:
        """
        Return the loss of a batch; see `mean`.

        A batch whose classes all weigh nothing has the loss 0, and in an evaluation also one
        without any known class.
        """
        if weights is None:
            loss = self.mean(logits, labels, None)
        else:
            weighs = ((labels != UNKNOWN_LABEL) & (weights[labels.clamp(min=0)] > 0)).any()
            # The mean by weights that are all 0 would be 0 / 0, and gradients alike.
            loss = self.mean(logits, labels, weights.where(weighs, torch.ones_like(weights)))
            loss = loss * weighs
        return loss if is_training else loss.masked_fill((labels == UNKNOWN_LABEL).all(), 0.0)
