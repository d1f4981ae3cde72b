"""What the losses of classification have in common."""

from __future__ import annotations

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

        In an evaluation, a batch without any known class has the loss 0.
        """
        loss = self.mean(logits, labels, weights)
        return loss if is_training else loss.masked_fill((labels == UNKNOWN_LABEL).all(), 0.0)
