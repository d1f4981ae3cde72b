from __future__ import annotations

import pytest
import torch
from torch import Tensor
from torch.nn import functional

from spanbert_allen.modules import SpanbertEmbedder
from spanbert_allen.modules.encoder.bert import added_mask

NUM_PIECES, NUM_SHORT = 70, 50
TOKEN_IDS = torch.arange(5, 5 + 2 * NUM_PIECES).view(2, NUM_PIECES) % 200
MASK = added_mask(torch.arange(NUM_PIECES) < torch.tensor([[NUM_PIECES], [NUM_SHORT]]))


@pytest.fixture
def dtypes(monkeypatch: pytest.MonkeyPatch) -> set[torch.dtype]:
    """In which precisions torch's attention has been asked."""
    seen = set()
    asked = functional.scaled_dot_product_attention

    def attention(query: Tensor, *rest: Tensor, **more: object) -> Tensor:
        seen.add(query.dtype)
        return asked(query, *rest, **more)

    monkeypatch.setattr(functional, "scaled_dot_product_attention", attention)
    return seen


def encoder_of(*, attention: str = "sdpa", dropout: float = 0.0) -> torch.nn.Module:
    embedder = SpanbertEmbedder("tiny", attention=attention, attention_dropout=dropout)
    for module in embedder.modules():
        if isinstance(module, torch.nn.Dropout):
            module.p = 0.0  # that of attention is not a module
    for layer in embedder.encoder.encoder.layer:
        for part in (
            layer.attention.self.query,
            layer.attention.self.key,
            layer.attention.self.value,
        ):
            part.weight.data.mul_(20)  # what is attended to shall matter
    return embedder.encoder.train()


def vectors_and_gradient(
    encoder: torch.nn.Module, *, half: bool, mask: Tensor = MASK
) -> tuple[Tensor, Tensor]:
    """
    The vectors of what is no padding, and the gradient of the first layer's keys.

    Shapes: (num_segments, num_pieces, dim), (dim, dim)
    """
    with torch.autocast("cpu", torch.bfloat16, enabled=half):
        vectors = encoder(input_ids=TOKEN_IDS, attention_mask=mask).last_hidden_state
    weights = torch.randn(vectors.shape, generator=torch.Generator().manual_seed(1))
    (vectors * weights)[:, :NUM_SHORT].sum().backward()
    key = encoder.encoder.layer[0].attention.self.key
    return vectors.detach()[:, :NUM_SHORT], key.weight.grad


def distance(one: Tensor, other: Tensor) -> float:
    """Relative to the second."""
    return float((one.double() - other.double()).norm() / other.double().norm())


def test_a_training_in_bf16_attends_in_fp32(dtypes: set[torch.dtype]) -> None:
    exact = vectors_and_gradient(encoder_of(attention="eager").double(), half=False)
    assert not dtypes
    ours = vectors_and_gradient(encoder_of(), half=True)
    assert dtypes == {torch.float32}
    for mine, wanted in zip(ours, exact, strict=True):
        assert distance(mine, wanted) < 0.03


def test_attention_is_transformers_own_elsewhere(dtypes: set[torch.dtype]) -> None:
    with torch.autocast("cpu", torch.bfloat16):
        encoder_of(dropout=0.1)(input_ids=TOKEN_IDS, attention_mask=MASK)
        encoder_of().eval()(input_ids=TOKEN_IDS, attention_mask=MASK)
        with_heads = encoder_of()
        num_heads = with_heads.config.num_attention_heads
        heads = torch.ones(with_heads.config.num_hidden_layers, num_heads)
        with_heads(input_ids=TOKEN_IDS, attention_mask=MASK, head_mask=heads)
    assert dtypes == {torch.bfloat16}


def test_a_model_in_half_precision_keeps_it(dtypes: set[torch.dtype]) -> None:
    encoder = encoder_of().bfloat16()
    vectors = encoder(input_ids=TOKEN_IDS, attention_mask=MASK).last_hidden_state
    assert vectors.dtype == torch.bfloat16
    assert dtypes == {torch.float32}


def test_a_mask_of_pairs_is_kept() -> None:
    may_see = torch.ones(2, NUM_PIECES, NUM_PIECES, dtype=torch.bool).tril()
    mask = added_mask(may_see)
    ours, _ = vectors_and_gradient(encoder_of(), half=True, mask=mask)
    wanted, _ = vectors_and_gradient(encoder_of(attention="eager"), half=False, mask=mask)
    unmasked, _ = vectors_and_gradient(encoder_of(), half=True)
    assert distance(ours[0], wanted[0]) < 0.03
    assert distance(ours[0], unmasked[0]) > 0.03
