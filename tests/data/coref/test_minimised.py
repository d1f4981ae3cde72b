"""Documents in pieces against the original program's way to make them, written out simply."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spanbert_allen.common.errors import ConfigError
from spanbert_allen.common.spans import WordSpan
from spanbert_allen.data.coref.minimised import MinimisedMaker
from spanbert_allen.formats.coref.document import CorefDocument
from spanbert_allen.formats.coref.lossy import Dropped
from spanbert_allen.formats.coref.registry import find_format
from tests.formats.coref.documents import documents

MAKER = MinimisedMaker("tiny", segment_length=12)
ROOM = 10


def pieces_of(word):
    return [MAKER.tokenizer.vocabulary[i] for i in MAKER.tokenizer.pieces_of(word)]


def as_the_original(document):
    """The specification of the conversion, 1.2 and 1.3, piece by piece."""
    pieces, words, ends_word, ends_sentence = [], [], [], []
    for index, word in enumerate(document.words):
        cut = pieces_of(word)
        pieces += cut
        words += [index] * len(cut)
        ends_word += [False] * (len(cut) - 1) + [True]
        last = index + 1 == len(document.words)
        ends = last or document.sentence_ids[index + 1] != document.sentence_ids[index]
        ends_sentence += [False] * (len(cut) - 1) + [ends]
    segments, sentence_map, subtoken_map = [], [], []
    start = sentence = previous_word = 0
    while start < len(pieces):
        tentative = min(start + ROOM - 1, len(pieces) - 1)
        end = next((e for e in range(tentative, start - 1, -1) if ends_sentence[e]), None)
        if end is None:
            end = next(e for e in range(tentative, start - 1, -1) if ends_word[e])
        segments.append(["[CLS]", *pieces[start : end + 1], "[SEP]"])
        sentence_map.append(sentence)
        subtoken_map.append(previous_word)
        for place in range(start, end + 1):
            sentence_map.append(sentence)
            subtoken_map.append(words[place])
            sentence += ends_sentence[place]
        sentence_map.append(sentence)
        previous_word = words[end]
        subtoken_map.append(previous_word)
        start = end + 1
    return segments, sentence_map, subtoken_map


WORDS = st.sampled_from(["the", "boat", "harbour", "Ida", "sees", "unsinkable", "x-y", ".", "?"])


@given(documents(WORDS, max_sentences=6))
@settings(max_examples=60, deadline=None)
def test_pieces_and_maps_are_the_originals(document):
    document = find_format("minimised").reduce(document, Dropped())
    made = MAKER.make(document, Dropped())
    segments, sentence_map, subtoken_map = as_the_original(document)
    assert made.segments == segments
    assert made.sentence_map == sentence_map
    assert made.subtoken_map == subtoken_map
    assert made.to_document() == document
    assert made.clusters is not None
    flat = [piece for segment in segments for piece in segment]
    for cluster in made.clusters:
        for first, last in cluster:
            mention = WordSpan(subtoken_map[first], subtoken_map[last])
            assert any(mention in one for one in document.clusters)
            assert flat[first : last + 1][0] == pieces_of(document.words[mention.start])[0]
            assert flat[first : last + 1][-1] == pieces_of(document.words[mention.end])[-1]


def test_speakers_and_words_without_pieces():
    document = CorefDocument.from_sentences(
        "k",
        [["\u200b", "Ida", "\u200b"], ["\u200b"]],
        speakers=["a", "b", "c", "d"],
        clusters=[(WordSpan(0, 2),), (WordSpan(2, 3),)],
    )
    dropped = Dropped()
    made = MAKER.make(document, dropped)
    num_pieces = len(pieces_of("Ida"))
    assert made.speakers == ["[SPL]", *["b"] * num_pieces, "[SPL]"]
    assert made.subtoken_map == [0, *[1] * num_pieces, 1]
    assert made.clusters == [[(1, num_pieces)]]
    assert dropped == {"mentions whose words have no pieces of their own (mentions)": 1}
    assert made.to_document().words == document.words


def test_nothing():
    made = MAKER.make(CorefDocument.from_sentences("k", [], clusters=[]), Dropped())
    assert (made.segments, made.sentence_map) == ([], [])
    assert made.to_document().words == []


@pytest.mark.parametrize("length", [2, 513])
def test_lengths_that_the_encoder_does_not_take(length):
    with pytest.raises(ConfigError, match=f"a segment of {length} pieces: it must be from 3"):
        MinimisedMaker("tiny", segment_length=length)


def test_arrays_are_of_integers():
    made = MAKER.make(CorefDocument.from_sentences("k", [["Ida"]], clusters=[]), Dropped())
    assert not any(isinstance(value, np.integer) for value in made.sentence_map + made.subtoken_map)
