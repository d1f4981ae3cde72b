from __future__ import annotations

import pytest
import torch

from spanbert_allen.modules.encoder.word_pooling import WORD_POOLINGS

# One document with [CLS] and [SEP] inside of its second word; one of one word; one of none.
WORD_IDS = torch.tensor([[-1, 0, 1, -1, -1, 1, 1, 3, -1], [-1, 0, -1, -1] + [-1] * 5, [-1] * 9])
FIRST_PIECES = torch.tensor([[1, 2, -1, 7], [1, -1, -1, -1], [-1] * 4])


@pytest.mark.parametrize(
    ("pooling", "expected"),
    [
        ("first", [[1.0, 2.0, 0.0, 7.0], [10.0, 0.0, 0.0, 0.0], [0.0] * 4]),
        ("mean", [[1.0, 13 / 3, 0.0, 7.0], [10.0, 0.0, 0.0, 0.0], [0.0] * 4]),
    ],
)
def test_words(pooling, expected):
    # Shape: (3, 9, 2)
    pieces = torch.arange(27.0).view(3, 9, 1).expand(3, 9, 2)
    words = WORD_POOLINGS[pooling](pieces, WORD_IDS, FIRST_PIECES)
    torch.testing.assert_close(words, torch.tensor(expected)[..., None].expand(3, 4, 2))


@pytest.mark.parametrize("pooling", WORD_POOLINGS)
@pytest.mark.parametrize(("num_pieces", "num_words"), [(0, 0), (0, 2), (3, 0)])
def test_nothing(pooling, num_pieces, num_words):
    nothing = torch.full((2, num_pieces), -1), torch.full((2, num_words), -1)
    words = WORD_POOLINGS[pooling](torch.ones(2, num_pieces, 5), *nothing)
    assert torch.equal(words, torch.zeros(2, num_words, 5))
