"""Scores of texts with any number of labels, against loops over them."""

from __future__ import annotations

import pytest
import torch

from spanbert_allen.metrics.sequence.label_sets import LabelSetScores


def test_scores_are_those_of_their_definitions():
    torch.manual_seed(4)
    predicted, gold = torch.rand(20, 4) > 0.5, torch.rand(20, 4) > 0.5
    predicted[:, 3] = gold[:, 3] = False  # a label that occurs nowhere is left out of the mean
    metric = LabelSetScores(4)
    metric(predicted[:7], gold[:7])
    metric(predicted[7:], gold[7:].float())
    f1 = []
    for label in range(3):
        both = sum(bool(p[label] and g[label]) for p, g in zip(predicted, gold, strict=True))
        f1.append(2 * both / int(predicted[:, label].sum() + gold[:, label].sum()))
    micro = 2 * int((predicted & gold).sum()) / int(predicted.sum() + gold.sum())
    exact = sum(p.tolist() == g.tolist() for p, g in zip(predicted, gold, strict=True)) / 20
    scores = metric.get_metric(reset=True)
    assert scores == pytest.approx({"acc": exact, "micro_f1": micro, "macro_f1": sum(f1) / 3})
    assert metric.get_metric() == {"acc": 0, "micro_f1": 0, "macro_f1": 0}
