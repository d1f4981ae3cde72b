"""fp16 in the loop: what a scaler is asked for, in which order, and what the metrics say of it."""

from __future__ import annotations

import json
import math

import pytest
import torch

from spanbert_allen.training.loop import update_loop
from tests.training.loop.test_trainer import train


@pytest.fixture
def calls(monkeypatch):
    """Write down what the scaler and the clipping are asked for."""
    calls = []

    def noted(owner, name, said):
        original = getattr(owner, name)

        def noting(*args, **kwargs):
            calls.append(said)
            return original(*args, **kwargs)

        monkeypatch.setattr(owner, name, noting)

    for name in ("scale", "unscale_", "step", "update"):
        noted(torch.amp.GradScaler, name, name)
    noted(update_loop, "clip_grad_norm_", "clip")
    return calls


def test_gradients_are_clipped_after_the_scale_is_out_of_them(tmp_path, calls):
    trainer, *_ = train(tmp_path, targets=(1.0,) * 2, precision="fp16", grad_norm=0.25)
    assert calls == ["scale", "unscale_", "clip", "step", "update"] * 2
    # Two gradients of -1 and less, clipped to a quarter: a scale in them would leave nothing.
    assert trainer.model.weight.item() == pytest.approx(2 * 0.5 * 0.25, rel=1e-4)


def test_updates_that_are_left_out_are_counted_and_reported(tmp_path):
    train(tmp_path, targets=(1.0, math.inf, 1.0, math.inf), precision="fp16")
    last = json.loads((tmp_path / "evaluations.jsonl").read_text().splitlines()[-1])
    assert last["training"]["skipped_updates"] == 2
    assert (
        json.loads((tmp_path / "metrics_epoch_0.json").read_text())["training_skipped_updates"] == 2
    )


def test_without_fp16_nothing_is_said_of_left_out_updates(tmp_path):
    train(tmp_path, targets=(1.0,))
    assert "skipped_updates" not in (tmp_path / "evaluations.jsonl").read_text()
