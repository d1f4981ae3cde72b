from __future__ import annotations

import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from spanbert_allen.modules.encoder.packing import pack_segments


def test_long_segments_come_first_and_packs_keep_to_the_budget():
    # Shape: (2, 9)
    segment_ids = torch.tensor([[0, 0, 0, 1, 1, 1, 1, 2, 2], [0, 0, 0, 1, 2, -1, -1, -1, -1]])
    packs = pack_segments(segment_ids, 8)
    assert [pack.places.tolist() for pack in packs] == [
        [[3, 4, 5, 6], [0, 1, 2, 0]],
        [[9, 10, 11], [7, 8, 0]],
        [[12], [13]],
    ]
    assert [pack.mask.sum(1).tolist() for pack in packs] == [[4, 3], [3, 2], [1, 1]]


def test_one_segment_always_goes_through():
    assert [pack.places.shape for pack in pack_segments(torch.zeros(2, 5), 3)] == [(1, 5), (1, 5)]


def test_documents_do_not_share_a_segment():
    packs = pack_segments(torch.zeros(3, 2), 100)
    assert packs[0].places.tolist() == [[0, 1], [2, 3], [4, 5]]


def test_nothing_to_pack():
    assert pack_segments(torch.full((2, 3), -1), 10) == []
    assert pack_segments(torch.empty(1, 0), 10) == []


@given(
    st.lists(st.lists(st.integers(1, 6), max_size=5), min_size=1, max_size=4), st.integers(1, 30)
)
@settings(deadline=None)
def test_every_piece_goes_through_once(lengths_of_documents, max_pieces):
    rows = [
        [i for i, n in enumerate(lengths) for _ in range(n)] for lengths in lengths_of_documents
    ]
    width = max(map(len, rows))
    segment_ids = torch.tensor([row + [-1] * (width - len(row)) for row in rows])
    places = []
    num_segments = 0
    for pack in pack_segments(segment_ids, max_pieces):
        num_segments += len(pack.mask)
        assert len(pack.mask) == 1 or pack.mask.numel() <= max_pieces
        assert pack.mask[0].all()
        for line, mask in zip(pack.places, pack.mask, strict=True):
            # One whole segment: neighbours, in order.
            assert (line[mask].diff() == 1).all()
        places += pack.places[pack.mask].tolist()
    assert sorted(places) == (segment_ids.flatten() >= 0).nonzero().squeeze(-1).tolist()
    assert num_segments == sum(map(len, lengths_of_documents))
