"""How much is computed at once, and how much of it for nothing, on a GPU."""

from __future__ import annotations

import random

import pytest
import torch

from spanbert_allen.modules.encoder.bert import NOTHING_MASKED, added_mask
from spanbert_allen.modules.encoder.embedder import SpanbertEmbedder
from spanbert_allen.modules.encoder.packing import pack_segments
from spanbert_allen.modules.layers import chunking
from spanbert_allen.modules.layers.chunking import rows_at_once

GPU = torch.device("cuda:0")
GIB = 2**30


def test_a_cpu_computes_its_usual_number_of_rows():
    assert rows_at_once(256, torch.device("cpu"), row_size=10**6, most=10**6) == 256


@pytest.mark.parametrize("size", [GIB // 2, 8 * GIB, 32 * GIB, 139 * GIB])
@pytest.mark.parametrize("row_size", [100, 9000, 40_000])
def test_a_chunk_takes_a_small_part_of_the_memory(monkeypatch, size, row_size):
    monkeypatch.setattr(chunking, "total_memory", lambda device: size)
    rows = rows_at_once(64, GPU, row_size=row_size, most=10**9)
    assert rows >= 64
    if rows > 64:
        assert 0.9 * min(size // 64, GIB) < 4 * row_size * rows <= min(size // 64, GIB)


def test_chunks_are_the_same_however_much_memory_is_free(monkeypatch):
    # As a run that goes on has less, and other chunks would drop out other numbers.
    rows = set()
    for free in (2 * GIB, 20 * GIB):
        chunking.total_memory.cache_clear()
        monkeypatch.setattr(torch.cuda, "mem_get_info", lambda device, free=free: (free, 24 * GIB))
        rows.add(rows_at_once(64, GPU, row_size=9000, most=10**9))
    chunking.total_memory.cache_clear()
    assert len(rows) == 1


def test_a_chunk_has_no_more_rows_than_its_work_allows(monkeypatch):
    monkeypatch.setattr(chunking, "total_memory", lambda device: 139 * GIB)
    assert rows_at_once(64, GPU, row_size=10, most=500) == 500
    assert rows_at_once(64, GPU, row_size=10, most=20) == 64  # as on the CPU


def padding(packs):
    """Return the share of padding in packs that keep a GPU busy."""
    large = [pack for pack in packs if pack.mask.numel() >= 4096]
    return 1 - sum(pack.num_real for pack in large) / sum(pack.mask.numel() for pack in large)


@pytest.mark.parametrize("shortest", [60, 300, 480])
def test_packs_of_a_gpu_hold_two_percent_of_padding_at_most(shortest):
    """Segments of books end with their sentences: most are nearly full, the last of each is not."""
    draw = random.Random(7)
    lengths = [draw.randint(shortest, 512) for _ in range(300)]
    rows = [torch.full((length,), i) for i, length in enumerate(lengths)]
    segment_ids = torch.cat(rows)[None]
    packs = pack_segments(segment_ids, 8192, most_padding=0.02)
    assert padding(packs) <= 0.02
    for pack in packs:
        assert pack.num_real == int(pack.mask.sum())
        assert pack.mask.numel() < 4096 or pack.num_real >= 0.98 * pack.mask.numel()
    assert sum(pack.num_real for pack in packs) == sum(lengths)
    # Nothing is cut that could stay together.
    assert len(packs) <= sum(lengths) / 4096 + (512 - shortest) / 10 + 1


def test_packs_of_a_cpu_are_cut_by_their_size_alone():
    segment_ids = torch.cat([torch.full((n,), i) for i, n in enumerate([512] * 8 + [300] * 8)])
    assert len(pack_segments(segment_ids[None], 8192)) == 1
    assert len(pack_segments(segment_ids[None], 8192, most_padding=0.02)) == 2


def test_segments_of_one_length_have_no_mask_and_the_same_vectors():
    embedder = SpanbertEmbedder("tiny").eval()
    masks = []
    embedder.encoder.encoder.register_forward_pre_hook(
        lambda module, args, options: masks.append(options["attention_mask"]), with_kwargs=True
    )
    token_ids = torch.randint(10, 200, (3, 12))
    with torch.no_grad():
        embedder.encode(token_ids, torch.zeros_like(token_ids))
        segment_ids = torch.zeros_like(token_ids)
        segment_ids[0, 7:] = -1
        embedder.encode(token_ids, segment_ids)
        everything = torch.ones(token_ids.shape, dtype=torch.bool)
        plain = embedder.encoder(token_ids, attention_mask=NOTHING_MASKED).last_hidden_state
        masked = embedder.encoder(token_ids, attention_mask=added_mask(everything))
    assert masks[0] is None
    assert masks[1].shape == (3, 1, 1, 12)
    torch.testing.assert_close(plain, masked.last_hidden_state, atol=1e-5, rtol=0)


def test_a_mask_of_two_dimensions_means_what_it_does_in_transformers():
    embedder = SpanbertEmbedder("tiny").eval()
    token_ids = torch.randint(10, 200, (2, 9))
    mask = torch.ones(2, 9, dtype=torch.bool)
    mask[1, 5:] = False
    with torch.no_grad():
        theirs = embedder.encoder(token_ids, attention_mask=mask.long()).last_hidden_state
        ours = embedder.encoder(token_ids, attention_mask=added_mask(mask)).last_hidden_state
    assert torch.equal(theirs, ours)
