from __future__ import annotations

import sys

import pytest
import torch

from spanbert_allen.common.errors import ConfigError
from spanbert_allen.modules import SpanbertEmbedder

TOKENS = torch.tensor([[11, 40, 50, 12]]), torch.zeros(1, 4)


def test_without_peft_it_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "peft", None)
    with pytest.raises(ConfigError, match="`lora` needs the peft library: pip install peft"):
        SpanbertEmbedder("tiny", lora={})


def test_only_adapters_are_trained():
    pytest.importorskip("peft", reason="peft is an extra and not installed here")
    plain = SpanbertEmbedder("tiny").eval()
    embedder = SpanbertEmbedder(
        "tiny", lora={"rank": 2, "alpha": 4, "targets": ["query", "dense"]}, train=1
    ).eval()
    # An adapter starts as nothing.
    torch.testing.assert_close(embedder.encode(*TOKENS), plain.encode(*TOKENS))
    trained = {name for name, p in embedder.encoder.named_parameters() if p.requires_grad}
    assert trained
    assert all("encoder.layer.1." in name and ".lora_" in name for name in trained)
    optimizer = torch.optim.SGD([p for p in embedder.parameters() if p.requires_grad], lr=1.0)
    for _ in range(2):  # the first step moves one half of an adapter only
        optimizer.zero_grad()
        embedder.encode(*TOKENS)[..., 0].sum().backward()
        optimizer.step()
    assert not torch.allclose(embedder.encode(*TOKENS), plain.encode(*TOKENS), atol=1e-4)


def test_a_target_that_no_layer_has():
    pytest.importorskip("peft", reason="peft is an extra and not installed here")
    with pytest.raises(ConfigError, match="`lora`: "):
        SpanbertEmbedder("tiny", lora={"targets": ["nothing"]})
