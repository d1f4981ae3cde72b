"""Blocks of whole sentences within documents."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spanbert_allen.common.errors import DataError
from spanbert_allen.data.pretraining.blocks import pair_blocks, single_blocks
from tests.data.pretraining.corpora import corpus_of_sizes


def blocks_of(tmp_path, documents, most, **options):
    folder = tmp_path / str(len(list(tmp_path.iterdir())))
    return single_blocks(corpus_of_sizes(folder, documents), most, **options).tolist()


def test_whole_sentences_until_the_next_does_not_fit(tmp_path):
    assert blocks_of(tmp_path, [[4, 4, 4], [3, 7]], 10) == [[0, 8], [8, 12], [12, 22]]


def test_a_sentence_longer_than_a_block_is_cut_by_default(tmp_path):
    assert blocks_of(tmp_path, [[4, 4, 20]], 10) == [[0, 8], [8, 18], [18, 28]]
    assert blocks_of(tmp_path, [[4, 13, 4]], 10) == [[0, 4], [4, 14], [14, 17], [17, 21]]


def test_the_originals_losses(tmp_path):
    """A long last sentence takes the block before with it; one in the middle is left out."""
    with pytest.raises(DataError, match="has no block of 10 pieces"):
        blocks_of(tmp_path, [[4, 4, 20]], 10, reproduce=True)
    kept = blocks_of(tmp_path, [[4, 13, 4], [2, 12]], 10, reproduce=True)
    assert kept == [[0, 4], [17, 21]]


@settings(max_examples=60, deadline=None)
@given(
    documents=st.lists(st.lists(st.integers(1, 30), min_size=1, max_size=8), min_size=1),
    most=st.integers(1, 20),
)
def test_blocks_cover_every_document_and_none_two(tmp_path_factory, documents, most):
    folder = tmp_path_factory.mktemp("corpus") / "corpus"
    blocks = single_blocks(corpus_of_sizes(folder, documents), most)
    assert blocks[0, 0] == 0
    assert blocks[-1, 1] == sum(map(sum, documents))
    assert np.array_equal(blocks[1:, 0], blocks[:-1, 1])
    lengths = blocks[:, 1] - blocks[:, 0]
    assert lengths.min() >= 1 and lengths.max() <= most
    ends = np.cumsum([sum(document) for document in documents])
    assert set(ends) <= set(blocks[:, 1].tolist())


def test_pairs_fit_and_half_of_them_follow_each_other(tmp_path):
    documents = [[5 + (i * j) % 9 for i in range(30)] for j in range(40)]
    corpus = corpus_of_sizes(tmp_path / "corpus", documents)
    firsts, pairs = pair_blocks(corpus, 40, seed=1)
    lengths = firsts[:, 1] - firsts[:, 0], pairs.spans[:, 1] - pairs.spans[:, 0]
    assert min(lengths[0].min(), lengths[1].min()) >= 1
    assert (lengths[0] + lengths[1]).max() <= 40
    assert 0.4 < pairs.is_random.mean() < 0.65
    of_piece = np.repeat(np.arange(40), [sum(document) for document in documents])
    same = of_piece[firsts[:, 0]] == of_piece[pairs.spans[:, 0]]
    assert np.array_equal(same, pairs.is_random == 0)
    again = pair_blocks(corpus, 40, seed=1)
    assert np.array_equal(again[0], firsts) and np.array_equal(again[1].spans, pairs.spans)
    assert not np.array_equal(pair_blocks(corpus, 40, seed=2)[1].spans[:9], pairs.spans[:9])


def test_pairs_need_two_documents(tmp_path):
    corpus = corpus_of_sizes(tmp_path / "corpus", [[4, 4, 4]])
    with pytest.raises(DataError, match="has one document only"):
        pair_blocks(corpus, 10, seed=1)
