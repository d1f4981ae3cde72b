"""Trained models predict on another device what they predict on the CPU."""

from __future__ import annotations

from contextlib import nullcontext

import pytest
import torch
from allennlp.models import Model

import spanbert_allen
from tests.devices.pretend import pretend_device
from tests.test_old_archives import ARCHIVES, EXPECTED, assert_same


@pytest.mark.parametrize("name", EXPECTED)
def test_an_archive_predicts_the_same_there(name, monkeypatch):
    call = EXPECTED[name]
    predictor = spanbert_allen.load(ARCHIVES / f"{name}.tar.gz")
    with pretend_device() as pretence:
        predictor._model.to(pretence.device)
        monkeypatch.setattr(Model, "_get_prediction_device", lambda model: pretence.device)
        assert_same(predictor.predict(*call["arguments"], **call["options"]), call["result"])


def test_encoder_and_head_compute_in_16_bits_there(monkeypatch):
    predictor, asked = spanbert_allen.load(ARCHIVES / "coref.tar.gz", precision="bf16"), []

    def noted(name, device):
        asked.append((name, device.type))
        return nullcontext()  # the device computes nothing in 16 bits

    monkeypatch.setattr("spanbert_allen.models.coref.mixed_precision", noted)
    with pretend_device() as pretence:
        predictor._model.to(pretence.device)
        monkeypatch.setattr(Model, "_get_prediction_device", lambda model: pretence.device)
        predictor.predict("Ida lost her keys. She found them.")
    assert asked == [("bf16", pretence.device.type)] * 2


def test_vectors_are_the_same_there():
    predictor = spanbert_allen.load(ARCHIVES / "qa.tar.gz")
    expected = predictor.encode("Ida lost her keys.", level="pieces")
    with pretend_device() as pretence:
        predictor._model.to(pretence.device)
        found = predictor.encode("Ida lost her keys.", level="pieces")
    torch.testing.assert_close(torch.as_tensor(found.vectors), torch.as_tensor(expected.vectors))
