"""Sums of losses and right predictions."""

from __future__ import annotations

import pytest
import torch

from spanbert_allen.metrics.pretraining import metric
from tests.devices.pretend import pretend_device


def test_workers_add_up_sums_on_their_device(monkeypatch):
    scores = metric.PretrainingScores(("mlm",))
    with pretend_device() as pretence:
        # As NCCL does, which knows no tensors of the CPU; here with the sums of two alike.
        monkeypatch.setattr(metric, "dist_reduce_sum", lambda sums: 2 * sums.to(pretence.device))
        for masking in ("spans", "subwords"):
            scores("mlm", masking, torch.tensor([1.0, 2.0]), torch.tensor([True, False]))
        metrics = scores.get_metric()
    assert metrics["mlm_loss"] == pytest.approx(1.5)
    assert metrics["mlm_accuracy_spans"] == pytest.approx(0.5)
