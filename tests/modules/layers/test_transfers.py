"""Several tensors in one copy."""

from __future__ import annotations

import torch

from spanbert_allen.modules.layers.transfers import select_rows, to_cpu, to_device
from tests.devices.pretend import pretend_device

TENSORS = (
    torch.tensor([[True, False, True]]),
    torch.randn(2, 3),
    torch.tensor(7),
    torch.randn(5, dtype=torch.float64).half(),
    torch.empty(0, 4, dtype=torch.long),
    torch.arange(6).view(2, 3).t(),
)


def test_several_tensors_there_and_back_are_one_copy_each_way():
    with pretend_device() as pretence:
        there = to_device(pretence.device, *TENSORS)
        assert len(pretence.uploads) == 1
        assert all(tensor.device == pretence.device for tensor in there)
        back = to_cpu(*there)
        assert len(pretence.reads) == 1
    for before, after in zip(TENSORS, back, strict=True):
        assert before.dtype is after.dtype
        assert torch.equal(before, after)


def test_what_is_there_already_is_not_copied():
    with pretend_device() as pretence:
        there = torch.ones(2, device=pretence.device)
        pretence.forget()
        assert to_device(pretence.device, there) == (there,)
        here = torch.ones(2, requires_grad=True)
        assert to_cpu(here, here) == (here, here)
        mixed = to_cpu(here, there)
        assert mixed[0] is here
        assert len(pretence.reads) == 1
    assert to_device(torch.device("cpu"), here) == (here,)


def test_rows_are_chosen_without_a_read():
    rows = torch.arange(12.0).view(4, 3).requires_grad_()
    chosen = torch.tensor([True, False, False, True])
    assert torch.equal(select_rows(rows, chosen), rows[chosen])
    with pretend_device() as pretence:
        there = rows.detach().to(pretence.device)
        found = select_rows(there, chosen)
        assert not pretence.reads
        assert torch.equal(found.cpu(), rows[chosen])
