"""Evaluating on data without labels is an error, not a score of zero."""

from __future__ import annotations

import pytest

from spanbert_allen.common.errors import DataError
from spanbert_allen.compat.workers import idle_metrics
from spanbert_allen.metrics.label_tally import LabelTally


def test_nothing_labelled():
    tally = LabelTally()
    tally.check(reset=False)  # nothing was seen
    tally.add(is_labelled=False)
    with pytest.raises(DataError, match="has no labels, so there is nothing to score"):
        tally.check(reset=False)
    with pytest.raises(DataError, match="has no labels"):
        tally.check(reset=True)
    tally.check(reset=False)  # it was forgotten


def test_labels_may_come_late():
    tally = LabelTally(may_be_mixed=True)
    tally.add(is_labelled=False)
    tally.check(reset=False)
    with pytest.raises(DataError, match="has no labels"):
        tally.check(reset=True)
    for is_labelled in (False, True, False):
        tally.add(is_labelled=is_labelled)
        tally.check(reset=False)
    tally.check(reset=True)


@pytest.mark.parametrize("may_be_mixed", [False, True])
def test_a_reset_after_predictions_is_no_evaluation(may_be_mixed):
    tally = LabelTally(may_be_mixed=may_be_mixed)
    tally.add(is_labelled=False)
    tally.check(reset=True)


def test_a_batch_that_does_not_count():
    tally = LabelTally()
    with idle_metrics():
        tally.add(is_labelled=False)
    tally.check(reset=False)
