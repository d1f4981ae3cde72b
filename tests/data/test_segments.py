from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spanbert_allen.data.segments import cut_document, segment_starts

CLS, SEP = 1, 2


def cut(pieces_of_words, sentence_ids, max_length):
    return cut_document(
        pieces_of_words, sentence_ids, max_length=max_length, cls_id=CLS, sep_id=SEP
    )


def starts(word_ids, sentence_ids, room):
    return segment_starts(np.array(word_ids), np.array(sentence_ids), room).tolist()


def test_cuts_at_the_last_end_of_a_sentence_that_fits():
    assert starts(range(9), [0, 0, 1, 1, 1, 2, 2, 3, 3], room=6) == [0, 5]
    assert starts(range(9), [0, 0, 1, 1, 1, 2, 2, 3, 3], room=4) == [0, 2, 5]
    assert starts(range(9), [0, 0, 1, 1, 1, 2, 2, 3, 3], room=9) == [0]


def test_cuts_at_the_end_of_a_word_where_no_sentence_ends():
    assert starts([0, 0, 1, 2, 2, 2, 3], [0] * 7, room=4) == [0, 3]
    assert starts([0, 0, 1, 2, 2, 2, 3, 3], [0] * 7 + [1], room=4) == [0, 3, 7]


def test_cuts_inside_of_a_word_longer_than_a_segment():
    assert starts([0, 1, 1, 1, 1, 1, 1, 1, 2], [0] * 9, room=3) == [0, 1, 4, 7]


def test_cuts_anywhere_when_told_to():
    found = segment_starts(np.array([0, 0, 0, 1, 1, 2]), np.array([0] * 3 + [1] * 3), 2)
    assert found.tolist() == [0, 2, 3, 5]
    found = segment_starts(
        np.array([0, 0, 0, 1, 1, 2]), np.array([0] * 3 + [1] * 3), 2, anywhere=True
    )
    assert found.tolist() == [0, 2, 4]
    document = cut_document(
        [(10, 11, 12), (13,)], [0, 1], max_length=4, cls_id=CLS, sep_id=SEP, anywhere=True
    )
    assert document.token_ids.tolist() == [CLS, 10, 11, SEP, CLS, 12, 13, SEP]


def test_a_small_document_in_full():
    # Words: one of 2 pieces, one without any, one of 1; then a sentence of 3 + 1.
    document = cut([(10, 11), (), (12,), (13, 14, 15), (16,)], [0, 0, 0, 4, 4], max_length=6)
    assert document.token_ids.tolist() == [CLS, 10, 11, 12, SEP, CLS, 13, 14, 15, 16, SEP]
    assert document.segment_ids.tolist() == [0] * 5 + [1] * 6
    assert document.word_ids.tolist() == [-1, 0, 0, 2, -1, -1, 3, 3, 3, 4, -1]
    # [SEP] after the end of a sentence, and the [CLS] after it, count with the next sentence.
    assert document.sentence_ids.tolist() == [0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 2]
    assert document.first_pieces.tolist() == [1, -1, 3, 6, 9]
    assert document.last_pieces.tolist() == [2, -1, 3, 8, 9]
    assert document.num_segments == 2


def test_special_pieces_inside_of_a_sentence_belong_to_it():
    document = cut([(10,), (11,), (12,)], [0, 0, 0], max_length=4)
    assert document.token_ids.tolist() == [CLS, 10, 11, SEP, CLS, 12, SEP]
    assert document.sentence_ids.tolist() == [0, 0, 0, 0, 0, 0, 1]


def test_a_word_over_several_segments_begins_and_ends_where_its_pieces_do():
    document = cut([(10, 11, 12, 13, 14)], [0], max_length=4)
    assert document.token_ids.tolist() == [CLS, 10, 11, SEP, CLS, 12, 13, SEP, CLS, 14, SEP]
    assert (document.first_pieces.tolist(), document.last_pieces.tolist()) == ([1], [9])


@pytest.mark.parametrize("pieces_of_words", [[], [()], [(), ()]])
def test_no_pieces_no_segments(pieces_of_words):
    document = cut(pieces_of_words, [0] * len(pieces_of_words), max_length=5)
    assert len(document.token_ids) == len(document.sentence_ids) == document.num_segments == 0
    assert document.first_pieces.tolist() == [-1] * len(pieces_of_words)
    assert document.token_ids.dtype == np.int64


@given(st.lists(st.tuples(st.integers(0, 9), st.booleans()), max_size=40), st.integers(3, 12))
def test_every_piece_is_there_once_and_in_order(words, max_length):
    pieces = iter(range(10, 1000))
    pieces_of_words = [tuple(next(pieces) for _ in range(count)) for count, _ in words]
    sentence_ids = np.cumsum([begins for _, begins in words]).tolist()
    document = cut(pieces_of_words, sentence_ids, max_length)
    plain = document.word_ids >= 0
    flat = [piece for word in pieces_of_words for piece in word]
    assert document.token_ids[plain].tolist() == flat
    assert [pieces_of_words[i] for i in dict.fromkeys(document.word_ids[plain].tolist())] == [
        word for word in pieces_of_words if word
    ]
    for i, word in enumerate(pieces_of_words):
        ends = document.first_pieces[i], document.last_pieces[i]
        assert (
            ends == (-1, -1)
            if not word
            else tuple(document.token_ids[list(ends)])
            == (
                word[0],
                word[-1],
            )
        )
    for segment in range(document.num_segments):
        ids = document.token_ids[document.segment_ids == segment]
        assert 3 <= len(ids) <= max_length
        assert (ids[0], ids[-1]) == (CLS, SEP)
        assert not np.isin(ids[1:-1], (CLS, SEP)).any()


@given(
    st.lists(st.tuples(st.integers(0, 5), st.booleans()), min_size=1, max_size=40),
    st.integers(3, 12),
)
def test_a_segment_ends_as_the_original_program_would_end_it(words, max_length):
    """Piece by piece, from the tentative end to the left."""
    word_ids = [i for i, (count, _) in enumerate(words) for _ in range(count)]
    sentence_of_word = np.cumsum([begins for _, begins in words]).tolist()
    sentence_ids = [sentence_of_word[i] for i in word_ids]
    last = len(word_ids) - 1

    def ends(ids, piece):
        return piece == last or ids[piece] != ids[piece + 1]

    expected, current = [], 0
    while current <= last:
        expected.append(current)
        tentative = min(current + max_length - 3, last)
        for ids in (sentence_ids, word_ids):
            places = [p for p in range(current, tentative + 1) if ends(ids, p)]
            if places:
                break
        current = (places[-1] if places else tentative) + 1
    assert starts(word_ids, sentence_ids, max_length - 2) == expected
