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
    with pytest.raises(DataError, match="has no block, as `reproduce` leaves out"):
        blocks_of(tmp_path, [[14], [4, 4, 20]], 10, reproduce=True)
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


def documents_of(corpus, starts):
    """Return the documents that pieces are in."""
    ends = corpus.sentence_ends[corpus.document_ends - 1]
    return np.searchsorted(ends, starts, side="right")


def test_the_last_document_gives_no_random_sequence_in_the_original(tmp_path):
    corpus = corpus_of_sizes(tmp_path / "corpus", [[3] * 20] * 4)
    for reproduce in (True, False):
        _, pairs = pair_blocks(corpus, 12, seed=3, reproduce=reproduce)
        drawn = documents_of(corpus, pairs.spans[pairs.is_random == 1, 0])
        assert set(drawn) == ({0, 1, 2} if reproduce else {0, 1, 2, 3})


def test_the_original_gives_up_looking_for_another_document(tmp_path):
    """Of two documents only the first can be drawn: its own random sequences are from itself."""
    corpus = corpus_of_sizes(tmp_path / "corpus", [[3] * 20] * 2)
    for reproduce in (True, False):
        firsts, pairs = pair_blocks(corpus, 12, seed=3, reproduce=reproduce)
        is_random = pairs.is_random == 1
        own = documents_of(corpus, firsts[is_random, 0])
        drawn = documents_of(corpus, pairs.spans[is_random, 0])
        assert {0, 1} == set(own)
        assert drawn.tolist() == ([0] * len(own) if reproduce else (1 - own).tolist())


def test_the_first_sequence_of_a_pair_leaves_a_sentence_or_two(tmp_path):
    """Four sentences fill a pair: the original never gives three of them to the first sequence."""
    corpus = corpus_of_sizes(tmp_path / "corpus", [[3] * 40] * 10)
    for reproduce in (True, False):
        firsts, pairs = pair_blocks(corpus, 12, seed=3, short_share=0, reproduce=reproduce)
        follows = pairs.is_random == 0
        sentences = (firsts[:, 1] - firsts[:, 0])[follows] // 3
        filled = (pairs.spans[:, 1] - firsts[:, 0])[follows] == 12
        assert set(sentences[filled]) == ({1, 2} if reproduce else {1, 2, 3})


def test_short_pairs_have_two_pieces_to_one_less_than_the_most(tmp_path):
    corpus = corpus_of_sizes(tmp_path / "corpus", [[1] * 400] * 4)
    firsts, pairs = pair_blocks(corpus, 9, seed=3, short_share=1, reproduce=True)
    follows = (pairs.is_random == 0) & (firsts[:, 1] < 390)
    assert set((pairs.spans[:, 1] - firsts[:, 0])[follows]) == set(range(2, 9))


def test_sentences_that_a_random_sequence_displaces_begin_the_next_pair(tmp_path):
    corpus = corpus_of_sizes(tmp_path / "corpus", [[3] * 20] * 3)
    firsts, pairs = pair_blocks(corpus, 12, seed=3, short_share=0)
    inside = documents_of(corpus, firsts[:-1, 0]) == documents_of(corpus, firsts[1:, 0])
    behind = np.where(pairs.is_random == 1, firsts[:, 1], pairs.spans[:, 1])[:-1]
    assert pairs.is_random[:-1][inside].any()
    assert np.array_equal(firsts[1:, 0][inside], behind[inside])
