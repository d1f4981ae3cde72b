"""Find out whether what a model is evaluated on can be scored at all."""

from __future__ import annotations

from allennlp.nn.util import dist_reduce_sum

from spanbert_allen.common.errors import DataError
from spanbert_allen.compat.workers import is_idle


class LabelTally:
    """
    Count how much of what a model saw outside of training has labels.

    Scores of data without labels would be zeros that look like those of a bad model.

    # Parameters

    may_be_mixed : `bool`, optional (default = `False`)
        Whether some examples of a data set may have labels and others not.
    """

    def __init__(self, *, may_be_mixed: bool = False) -> None:
        self._may_be_mixed = may_be_mixed
        self._labelled = self._unlabelled = 0
        self._was_asked = False

    def add(self, *, is_labelled: bool) -> None:
        """Count an example, or a batch of one kind."""
        if not is_idle():
            self._labelled += is_labelled
            self._unlabelled += not is_labelled

    def check(self, *, reset: bool) -> None:
        """
        Raise a `DataError`, on every worker, if nothing has labels.

        This is called whenever scores are asked for: in an evaluation after every batch, and with
        `reset` at the end. Where data may be mixed, only the end counts. A `reset` alone, as after
        predictions, is no evaluation.

        # Parameters

        reset : `bool`
            Whether to forget afterwards all that was counted.
        """
        labelled, unlabelled = dist_reduce_sum(self._labelled), dist_reduce_sum(self._unlabelled)
        is_end = reset and self._was_asked
        self._was_asked = True
        if reset:
            self.reset()
        if unlabelled and not labelled and (is_end or not (reset or self._may_be_mixed)):
            raise DataError(
                "the data to evaluate on has no labels, so there is nothing to score: give "
                "annotated data, or use `allennlp predict` to label this"
            )

    def reset(self) -> None:
        """Forget all that was counted."""
        self._labelled = self._unlabelled = 0
        self._was_asked = False
