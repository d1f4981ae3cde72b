"""The comparison of vectors with all word embeddings, in bounded memory."""

from __future__ import annotations

import pytest
import torch
from torch.nn.functional import cross_entropy
from torch.utils._python_dispatch import TorchDispatchMode

from spanbert_allen.modules.layers import chunking
from spanbert_allen.modules.pretraining import heads
from spanbert_allen.modules.pretraining.heads import piece_losses

TARGETS, PIECES, DIM = 101, 60, 3
AT_ONCE, KEPT = 8, 16


class LargestTensor(TorchDispatchMode):
    """The numbers of the largest tensor that is made while the block runs."""

    size = 0

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        made = function(*args, **(kwargs or {}))
        for one in made if isinstance(made, tuple | list) else [made]:
            if isinstance(one, torch.Tensor):
                self.size = max(self.size, one.numel())
        return made


@pytest.fixture
def inputs():
    torch.manual_seed(4)
    hidden = torch.randn(TARGETS, DIM, dtype=torch.float64, requires_grad=True)
    embeddings = torch.randn(PIECES, DIM, dtype=torch.float64, requires_grad=True)
    bias = torch.randn(PIECES, dtype=torch.float64, requires_grad=True)
    return hidden, embeddings, bias, torch.randint(PIECES, (TARGETS,))


def test_no_table_of_all_targets_and_pieces_is_held(inputs, monkeypatch):
    monkeypatch.setattr(heads, "_TARGETS_AT_ONCE", AT_ONCE)
    monkeypatch.setattr(chunking, "_KEPT_NUMBERS", KEPT * PIECES)
    *vectors, targets = inputs
    kept = {}

    def keep(tensor):
        if tensor.dim() == 2 and tensor.size(1) == PIECES and len(tensor) != DIM:  # the embeddings
            kept[tensor.data_ptr()] = len(tensor)
        return tensor

    with LargestTensor() as largest:
        with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
            found = piece_losses(*inputs)
        gradients = torch.autograd.grad(found.losses.sum(), vectors)
    assert largest.size <= max(AT_ONCE * PIECES, TARGETS * DIM)
    assert 0 < sum(kept.values()) <= KEPT  # of 101
    hidden, embeddings, bias = vectors
    logits = hidden @ embeddings.T + bias
    expected = cross_entropy(logits, targets, reduction="none")
    torch.testing.assert_close(found.losses, expected)
    assert torch.equal(found.correct, (logits.argmax(-1) == targets).double())
    for mine, its in zip(gradients, torch.autograd.grad(expected.sum(), vectors), strict=True):
        torch.testing.assert_close(mine, its)


def test_without_targets_there_is_no_loss_and_no_gradient(inputs):
    hidden, embeddings, bias, targets = inputs
    found = piece_losses(hidden[:0], embeddings, bias, targets[:0])
    assert found.losses.shape == (0,)
    found.losses.sum().backward()
    assert not hidden.grad.any()
