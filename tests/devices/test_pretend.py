"""The device that is none: what it refuses, and what it counts."""

from __future__ import annotations

import io
from copy import deepcopy

import numpy
import pytest
import torch
from torch.utils.checkpoint import checkpoint

from tests.devices.pretend import MixedDevices, PretendTensor, pretend_device


def test_a_tensor_there_says_so_and_computes_what_the_cpu_computes():
    numbers = torch.randn(3, 4)
    with pretend_device() as pretence:
        there = numbers.to(pretence.device)
        assert there.device == pretence.device
        result = (there.t() @ torch.ones(3, 2, device=pretence.device)).relu_()
        assert isinstance(result, PretendTensor)
        assert torch.equal(result.cpu(), (numbers.t() @ torch.ones(3, 2)).relu())


def test_a_layer_trains_there_as_on_the_cpu():
    here, rows = torch.nn.Linear(3, 2), torch.randn(5, 3)
    with pretend_device() as pretence:
        there = deepcopy(here).to(pretence.device)
        for layer, inputs in ((here, rows), (there, rows.to(pretence.device))):
            optimizer = torch.optim.AdamW(layer.parameters(), lr=0.1)
            checkpoint(layer, inputs, use_reentrant=False).square().sum().backward()
            optimizer.step()
        assert not pretence.reads
        assert torch.equal(there.weight.cpu(), here.weight)


@pytest.mark.parametrize(
    "mix",
    [
        lambda there, here: there + here,
        lambda there, here: there.mul_(here),
        lambda there, here: torch.where(there > 0, there, here),
        lambda there, here: torch.cat([there, here]),
        lambda there, here: torch.cat([there, torch.tensor(1.0)[None][:0]]),
        lambda there, here: there.gather(0, here.long()),
        lambda there, here: there.index_select(0, here.long()),
        lambda there, here: there.index_put_((there.long(),), here),
        lambda there, here: torch.nn.functional.linear(there, here[None]),
    ],
)
def test_an_operation_on_two_devices_fails(mix):
    with pretend_device() as pretence:
        there = torch.zeros(3, device=pretence.device)
        with pytest.raises(MixedDevices, match="test_pretend"):
            mix(there, torch.zeros(3))


@pytest.mark.parametrize(
    "mix",
    [
        lambda there, here: there * torch.tensor(2.0),
        lambda there, here: there.copy_(here),
        lambda there, here: here.copy_(there),
        lambda there, here: there[here.long()],
        lambda there, here: there.index_put_((here.long(),), there + 1),
    ],
)
def test_copies_numbers_and_indices_of_the_cpu_are_allowed(mix):
    with pretend_device() as pretence:
        mix(torch.zeros(3, device=pretence.device), torch.zeros(3))


@pytest.mark.parametrize("convert", [lambda one: one.numpy(), numpy.asarray])
def test_there_is_no_numpy_array_of_a_tensor_there(convert):
    with pretend_device() as pretence, pytest.raises(TypeError, match="use"):
        convert(torch.zeros(3, device=pretence.device))


READS = {
    "item": [
        lambda one: one[0].item(),
        lambda one: bool(one.any()),
        lambda one: int(one[0]),
        lambda one: float(one.sum()),
        lambda one: [0, 1, 2][one[0].long()],
    ],
    "to the CPU": [
        lambda one: one.tolist(),
        lambda one: one.cpu(),
        lambda one: one.to("cpu"),
        lambda one: torch.zeros(3).copy_(one),
    ],
    "nonzero": [lambda one: one.nonzero(), lambda one: torch.where(one > 0)],
    "boolean index": [
        lambda one: one[one > 0],
        lambda one: one.index_put_((one > 0,), torch.zeros(0, device=one.device)),
    ],
    "masked_select": [lambda one: one.masked_select(one > 0)],
    "unique": [lambda one: one.unique(), lambda one: one[None].unique(dim=0)],
    "unique_consecutive": [lambda one: one.unique_consecutive()],
    "repeat_interleave": [lambda one: one.repeat_interleave(one.long())],
    "bincount": [lambda one: one.long().bincount()],
    "equal": [lambda one: torch.equal(one, one)],
}


@pytest.mark.parametrize(
    ("operation", "read"), [(name, read) for name, reads in READS.items() for read in reads]
)
def test_a_read_is_counted_with_its_place(operation, read):
    with pretend_device() as pretence:
        read(torch.zeros(3, device=pretence.device))
        (found,) = pretence.reads
        assert found.operation == operation
        assert found.place.startswith("tests/devices/test_pretend.py:")


@pytest.mark.parametrize(
    "operation",
    [
        lambda one: one.masked_fill(one > 0, 1.0),
        lambda one: one.masked_scatter(one > 0, one),
        lambda one: one.index_put_((one > 0,), torch.zeros((), device=one.device)),
        lambda one: one.repeat_interleave(one.long(), output_size=0),
        lambda one: one.topk(2).indices,
        lambda one: one[torch.arange(2, device=one.device)],
        lambda one: one.to(one.device, torch.float64),
        lambda one: one[1:].clone(),
        lambda one: list(one.unbind()),
        torch.zeros_like,
    ],
)
def test_what_needs_no_read_is_not_counted(operation):
    with pretend_device() as pretence:
        operation(torch.zeros(3, device=pretence.device))
        assert not pretence.reads, pretence.summary()
        assert not pretence.uploads


def test_uploads_are_counted_apart():
    with pretend_device() as pretence:
        there = torch.tensor([1, 2], device=pretence.device)
        there.copy_(torch.tensor([1, 2]))
        there[torch.tensor([0])]
        assert len(pretence.uploads) == 3
        assert not pretence.reads


def test_a_tensor_there_is_saved_as_one_of_the_cpu():
    file = io.BytesIO()
    with pretend_device() as pretence:
        torch.save({"weight": torch.nn.Parameter(torch.ones(3, device=pretence.device))}, file)
    file.seek(0)
    assert torch.equal(torch.load(file, weights_only=True)["weight"], torch.ones(3))


def test_nothing_of_it_is_left_afterwards():
    with pretend_device():
        pass
    assert not torch.accelerator.is_available()
    weight = torch.nn.Parameter(torch.ones(3))
    weight.sum().backward()
    assert torch.equal(weight.grad, torch.ones(3))
