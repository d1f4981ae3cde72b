"""All pairs of a text in one sequence: codes, positions and groups written out, and what is cut."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from spanbert_allen.common.spans import PieceSpan, WordSpan
from spanbert_allen.data.relation.pairs import examples_of_texts, pairs_at_once, pairs_sequence
from spanbert_allen.formats.relation.example import RelationExample

CLS, SEP = 1001, 1002


def example(subject: tuple[int, int], object_: tuple[int, int], num_words: int = 5):
    return RelationExample(
        id="x", words=["w"] * num_words, subject=WordSpan(*subject), object=WordSpan(*object_)
    )


def sequence_of(examples, pieces, max_length=99, window="start"):
    return pairs_sequence(examples, pieces, cls=CLS, sep=SEP, max_length=max_length, window=window)


def test_golden():
    pieces = [[10, 11], [20], [30, 31], [40], [50]]
    found = sequence_of([example((0, 0), (2, 3)), example((4, 4), (1, 1))], pieces)
    text = [CLS, 10, 11, 20, 30, 31, 40, 50, SEP]
    assert found.codes == [*text, -5, -7, -6, -8, -13, -15, -14, -16]
    assert found.position_ids == [*range(9), 1, 2, 4, 6, 7, 7, 3, 3]
    assert found.groups == [0] * 9 + [1] * 4 + [2] * 4
    assert found.spans == [
        (PieceSpan(9, 10), PieceSpan(11, 12)),
        (PieceSpan(13, 14), PieceSpan(15, 16)),
    ]
    assert (found.is_cut, found.is_entity_cut) == (False, False)
    assert found.kept == (WordSpan(0, 4),)


@given(
    st.lists(st.integers(0, 3), min_size=2, max_size=12),
    st.integers(4, 30),
    st.sampled_from(["start", "entities"]),
    st.data(),
)
def test_markers_are_tied_to_their_entities(lengths, max_length, window, data):
    pieces = [[10 * number + piece for piece in range(n)] for number, n in enumerate(lengths)]
    spans = []
    for _ in range(2):
        start = data.draw(st.integers(0, len(lengths) - 1))
        spans.append((start, data.draw(st.integers(start, len(lengths) - 1))))
    found = sequence_of([example(*spans, len(lengths))], pieces, max_length, window)
    text = found.codes[: found.groups.index(1)]
    assert text[0] == CLS and text[-1] == SEP and len(text) <= max_length
    assert found.position_ids[: len(text)] == list(range(len(text)))
    wanted = [[n for word in range(s, e + 1) for n in pieces[word]] for s, e in spans]
    kept = [[piece for piece in some if piece in text] for some in wanted]
    expected = [text.index(some[i]) if some else 0 for some in kept for i in (0, -1)]
    assert found.position_ids[len(text) :] == expected
    assert found.is_entity_cut == (kept != wanted)
    whole = [piece for some in pieces for piece in some]
    assert found.is_cut == (len(text) - 2 < len(whole))
    if not found.is_cut:
        assert text[1:-1] == whole


def test_which_pairs_share_a_sequence():
    pairs = [example((0, 0), (number, number)) for number in (1, 2, 3, 4)]
    other = replace(pairs[0], words=["v"] * 5)
    assert list(map(len, examples_of_texts([*pairs, other, pairs[0]]))) == [4, 1, 1]
    sizes = {"max_length": 12, "max_pairs": 3}
    assert list(map(len, pairs_at_once(pairs, 10, **sizes))) == [3, 1]
    assert list(map(len, pairs_at_once(pairs, 11, **sizes))) == [1, 1, 1, 1]
