"""Mixed precision on the CPU, with torch's own arithmetic."""

from __future__ import annotations

import math
from contextlib import nullcontext

import pytest
import torch

from spanbert_allen.common.errors import ConfigError
from spanbert_allen.training.loop import precision as precision_module
from spanbert_allen.training.loop.precision import Precision

CPU = torch.device("cpu")


@pytest.mark.parametrize(
    ("name", "dtype"), [("fp32", torch.float32), ("bf16", torch.bfloat16), ("fp16", torch.float16)]
)
def test_products_are_computed_in_the_chosen_type(name, dtype):
    layer = torch.nn.Linear(4, 4)
    with Precision(name, CPU).autocast():
        assert layer(torch.ones(2, 4)).dtype is dtype
    assert layer.weight.dtype is torch.float32


@pytest.mark.parametrize("name", ["fp32", "bf16", "fp16"])
def test_an_update_moves_by_the_true_gradient(name):
    # 1/1024 is exact in every type, so scaling the loss must leave no trace.
    weight = torch.nn.Parameter(torch.tensor(1.0))
    optimizer = torch.optim.SGD([weight], lr=1.0)
    precision = Precision(name, CPU)
    precision.backward(weight / 1024)
    assert precision.update(optimizer)
    assert weight.item() == 1.0 - 1 / 1024


def test_an_overflow_leaves_the_update_out_and_halves_the_scale():
    weight = torch.nn.Parameter(torch.tensor(1.0))
    optimizer = torch.optim.SGD([weight], lr=1.0)
    precision = Precision("fp16", CPU)
    precision.backward(weight * math.inf)
    assert not precision.update(optimizer)
    assert weight.item() == 1.0
    assert precision.scaler.get_scale() == 2**15
    again = Precision("fp16", CPU)
    again.load_state_dict(precision.state_dict())
    assert again.scaler.get_scale() == 2**15


def test_a_scale_that_cannot_fall_further():
    precision = Precision("fp16", CPU)
    assert precision.may_overflow()
    precision.load_state_dict({**precision.state_dict(), "scale": 1.0})
    assert not precision.may_overflow()
    assert not Precision("bf16", CPU).may_overflow()


def test_the_scale_doubles_after_a_thousand_clean_updates():
    weight = torch.nn.Parameter(torch.tensor(1.0))
    optimizer = torch.optim.SGD([weight], lr=0.0)
    precision = Precision("fp16", CPU)
    scales = []
    for _ in range(1000):
        optimizer.zero_grad()
        precision.backward(weight)
        precision.update(optimizer)
        scales.append(precision.scaler.get_scale())
    assert scales[-2:] == [2**16, 2**17]


def test_an_unknown_name():
    with pytest.raises(ConfigError, match="'half': it must be one of fp32, bf16, fp16"):
        Precision("half", CPU)


@pytest.mark.parametrize(
    ("words", "is_said"), [("avx2 fma", True), ("avx2 amx_bf16", False), ("", False)]
)
def test_a_processor_without_bf16_is_told_of(monkeypatch, caplog, words, is_said):
    monkeypatch.setattr(precision_module, "processor_words", lambda: frozenset(words.split()))
    Precision("bf16", CPU)
    assert ("no instructions" in caplog.text) is is_said


@pytest.mark.parametrize(("major", "is_refused"), [(7, True), (8, False)])
def test_a_gpu_that_only_imitates_bf16_is_refused(monkeypatch, major, is_refused):
    asked = []
    monkeypatch.setattr(torch.cuda, "device", lambda device: asked.append(device) or nullcontext())
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda device: "a T4")
    monkeypatch.setattr(
        torch.cuda,
        "is_bf16_supported",
        lambda including_emulation=True: including_emulation or major >= 8,
    )
    gpu = torch.device("cuda:1")
    expected = pytest.raises(ConfigError, match="'bf16', which a T4 does not have")
    with expected if is_refused else nullcontext():
        Precision("bf16", gpu)
    assert asked == [gpu]  # the model's, which need not be the first
