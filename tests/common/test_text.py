import unicodedata
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spanbert_allen.common import text
from spanbert_allen.common.errors import ConfigError
from spanbert_allen.common.text import (
    MAX_WORD_CHARS,
    checked_language,
    sentence_ids_of_words,
    split_text,
)

ALPHABET = st.one_of(
    st.sampled_from([*" \n\r\t.!?\"'(),-abcé5漢", "\r\n\r\n", "\n\n", "Mr.", "don't"]),
    st.characters(),
)
TEXTS = st.lists(ALPHABET, max_size=60).map("".join)


def is_printed(char: str) -> bool:
    return not char.isspace() and unicodedata.category(char)[0] != "C"


@settings(deadline=None, max_examples=300)
@given(TEXTS, st.lists(st.integers(-3, 70), max_size=4))
def test_words_stand_where_they_say_and_nothing_is_lost(text, breaks):
    split = split_text(text, breaks=breaks)
    covered = set()
    for word, (start, end) in zip(split.words, split.word_chars, strict=True):
        assert word == text[start:end]
        assert not covered.intersection(range(start, end))
        assert any(map(is_printed, word))
        covered.update(range(start, end))
    assert split.word_chars == sorted(split.word_chars)
    assert {index for index, char in enumerate(text) if is_printed(char)} <= covered


@settings(deadline=None, max_examples=300)
@given(TEXTS, st.lists(st.integers(-3, 70), max_size=4))
def test_sentences_count_up_and_end_at_breaks(text, breaks):
    split = split_text(text, breaks=breaks)
    steps = [0, *split.sentence_ids]
    assert all(after - before in (0, 1) for before, after in pairwise(steps))
    assert split.sentence_ids[:1] in ([], [0])
    for offset in breaks:
        before = [i for i, span in enumerate(split.word_chars) if span.start < offset]
        after = [i for i, span in enumerate(split.word_chars) if span.end > offset]
        assert not set(before) & set(after)
        if before and after and offset > 0:
            assert split.sentence_ids[before[-1]] < split.sentence_ids[after[0]]


@pytest.mark.parametrize(
    ("text", "words", "sentence_ids"),
    [
        ("", [], []),
        (" \n\t ", [], []),
        ("\x00\x01 \x7f\u200b\ufeff", [], []),
        ("  Hi there.", ["Hi", "there", "."], [0, 0, 0]),
        ("It's Mr. Wu's.", ["It", "'s", "Mr.", "Wu", "'s", "."], [0] * 6),
        ("One. Two! Three?", ["One", ".", "Two", "!", "Three", "?"], [0, 0, 1, 1, 2, 2]),
        ('"No." She left.', ['"', "No", ".", '"', "She", "left", "."], [0, 0, 0, 0, 1, 1, 1]),
        ("a heading\n\nand text", ["a", "heading", "and", "text"], [0, 0, 1, 1]),
        ("a heading\r\n \r\nand", ["a", "heading", "and"], [0, 0, 1]),
        ("one\r\nline", ["one", "line"], [0, 0]),
        ("one\nline\rmore", ["one", "line", "more"], [0, 0, 0]),
        ("\ufeffFirst", ["First"], [0]),
        ("a\x00b", ["a", "b"], [0, 0]),
        ("good👍 luck", ["good", "👍", "luck"], [0, 0, 0]),
        ("lone \ud83d half", ["lone", "half"], [0, 0]),
    ],
)
def test_split(text, words, sentence_ids):
    split = split_text(text)
    assert (split.words, split.sentence_ids) == (words, sentence_ids)


def test_a_break_ends_word_and_sentence():
    split = split_text("Wait I know", breaks=[5, 9])
    assert split.words == ["Wait", "I", "kn", "ow"]
    assert split.sentence_ids == [0, 1, 1, 2]


def test_a_stretch_without_blanks_is_cut_but_stays_one_sentence():
    split = split_text("x" * (2 * MAX_WORD_CHARS + 1) + " end")
    assert [len(word) for word in split.words] == [MAX_WORD_CHARS, MAX_WORD_CHARS, 1, 3]
    assert split.sentence_ids == [0, 0, 0, 0]


def test_a_text_longer_than_spacys_limit_is_split():
    # One paragraph, 1.2 million characters; spaCy refuses more than a million.
    split = split_text("Sea! " * 240_000)
    assert len(split.words) == 480_000
    assert split.sentence_ids[-1] == 239_999


def test_another_language_has_its_own_rules():
    assert split_text("z.B. so", language="de").words == ["z.B.", "so"]


def test_an_unknown_language_is_named():
    known = r"spaCy has no rules for it; choose among af, am, .*, zh, where xx stands for any"
    with pytest.raises(ConfigError, match=f"language 'klingon': {known}"):
        split_text("nuqneH", language="klingon")
    for other in ("EN", "en_US", 5, ["en"], "lex_attrs"):
        with pytest.raises(ConfigError, match=known):
            checked_language(other)
    assert [checked_language(one) for one in ("en", "xx", "zh", "eng")] == ["en", "xx", "zh", "eng"]


def test_what_rules_for_a_language_need_is_said(monkeypatch):
    """The error of spaCy names the packages."""

    def blank(language):
        raise ImportError("It needs SudachiPy.\nInstall it.")

    monkeypatch.setattr("spacy.blank", blank)
    sentence = r"language 'ja': .* need another package \(It needs SudachiPy\. Install it\.\)"
    with pytest.raises(ConfigError, match=sentence):
        split_text("\u732b", language="ja")


def test_sentences_of_given_words():
    words = ["It", "is", ".", '"', "Yes", "?", "No", "", "\ud83d", "x y"]
    assert sentence_ids_of_words(words) == [0, 0, 0, 0, 1, 1, 2, 2, 2, 2]
    assert sentence_ids_of_words(words, breaks=[1, 9]) == [0, 1, 1, 1, 2, 2, 3, 3, 3, 4]
    assert sentence_ids_of_words([]) == []


def test_words_that_were_seen_are_forgotten(monkeypatch):
    monkeypatch.setattr(text, "MAX_KNOWN_WORDS", 2_000)
    sizes = []
    for start in range(0, 9_000, 1_000):
        split_text(" ".join(f"w{number}" for number in range(start, start + 1_000)))
        sizes.append(len(text._PIPELINES["en"].vocab.strings))
    assert max(sizes) < 5_000
