from __future__ import annotations

import copy
import pickle
import unicodedata
import warnings

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spanbert_allen.common.errors import DataError
from spanbert_allen.data import pieces as pieces_module
from spanbert_allen.data.pieces import PieceTokenizer
from spanbert_allen.encoders import WordPieceVocabulary, find_encoder
from tests import places

CASED = places.SHARED / "data" / "bert_cased_vocab" / "vocab.txt"

ZOE = "Zoë's naïve café—$5,000."
# Text and pieces as the original program gave them.
GOLDENS = [
    (ZOE, "Z ##o ##ë ' s na ##ï ##ve café — $ 5 , 000 ."),
    ("[TLE] A [PAR] b [SEP] c[SEP]", "[ T ##LE ] A [ PA ##R ] b [SEP] c [ SE ##P ]"),
    ("x\u200by z\u00a0w", "x ##y z w"),
    ("e\u0301a é", "e ##\u0301 ##a é"),
    ("[unused5]", "[ unused ##5 ]"),
    ("a" * 101, "[UNK]"),
]

SMALL = WordPieceVocabulary(
    (
        *("[PAD]", "[unused1]", "[unused5]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"),
        *"!$',.[]—",
        *("Z", "##o", "##ë", "s", "na", "##ï", "##ve", "café", "5", "000", "T", "##LE", "A", "PA"),
        *("##R", "b", "c", "SE", "##P", "x", "##y", "z", "w", "e", "##\u0301", "##a", "é"),
        *("unused", "##5", "a", "the", "h", "##e", "漢", "字"),
    )
)


@pytest.fixture(scope="module")
def small() -> PieceTokenizer:
    return PieceTokenizer(SMALL, lower_case=False)


@pytest.fixture(scope="module")
def bert_cased() -> PieceTokenizer:
    if not CASED.is_file():
        pytest.skip(f"BERT's cased vocabulary is not at {CASED}")
    vocabulary = WordPieceVocabulary.from_bytes(CASED.read_bytes(), str(CASED))
    return PieceTokenizer(vocabulary, lower_case=False)


@pytest.mark.parametrize(("text", "pieces"), GOLDENS)
def test_goldens_with_a_small_vocabulary(small, text, pieces):
    assert small.tokenize(text) == pieces.split()


@pytest.mark.parametrize(("text", "pieces"), GOLDENS)
def test_goldens_with_the_cased_vocabulary(bert_cased, text, pieces):
    assert bert_cased.tokenize(text) == pieces.split()


def test_ids_of_the_cased_vocabulary(bert_cased):
    special = ["[PAD]", "[unused1]", "[unused99]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    others = ["[unused100]", "[unused101]", "!"]
    ids = [bert_cased.id_of(piece) for piece in special + others]
    assert ids == [0, 1, 99, 100, 101, 102, 103, 104, 105, 106]
    assert bert_cased.pieces_of("[SEP]") == (102,)
    with pytest.raises(DataError, match=r"`\[unused0\]` is not in the vocabulary"):
        bert_cased.id_of("[unused0]")


def test_a_hundred_characters_are_not_too_many(small):
    assert small.tokenize("a" * 100) == ["a", *["##a"] * 99]


@pytest.mark.parametrize("word", ["", " ", "\u200b", "\x00", "\ufffd", "\ud800", "\u0085", "\x1f"])
def test_nothing_to_see_gives_no_pieces(small, word):
    assert small.pieces_of(word) == ()


def test_special_strings_can_be_ordinary_text():
    plain = PieceTokenizer(SMALL, lower_case=False, keep_special_strings=False)
    assert plain.tokenize("b [SEP] c") == ["b", "[", "SE", "##P", "]", "c"]
    assert plain.id_of("[SEP]") not in plain.pieces_of("[SEP]")


def test_chinese_characters_stand_alone(small):
    assert small.tokenize("a漢字b") == ["a", "漢", "字", "b"]
    together = PieceTokenizer(SMALL, lower_case=False, space_cjk=False)
    assert together.tokenize("a漢字b") == ["[UNK]"]


@pytest.mark.parametrize(
    ("lower_case", "strip_accents", "pieces"),
    [
        (True, None, ["z", "##oe"]),
        (True, False, ["z", "##oë"]),
        (False, True, ["Z", "##oe"]),
        (False, None, ["Z", "##oë"]),
    ],
)
def test_case_and_accents(lower_case, strip_accents, pieces):
    entries = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "Z", "z", "##oe", "##oë")
    tokenizer = PieceTokenizer(
        WordPieceVocabulary(entries), lower_case=lower_case, strip_accents=strip_accents
    )
    assert tokenizer.tokenize("Zoë") == pieces
    assert tokenizer.tokenize("[CLS]") == ["[CLS]"]


def test_lower_casing_leaves_a_final_sigma_to_python():
    entries = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "ος")
    tokenizer = PieceTokenizer(WordPieceVocabulary(entries), lower_case=True)
    assert tokenizer.tokenize("ΟΣ") == ["ος"]


@given(st.text(alphabet="abAPTzwxy05'.$[]#\x00\x1f\x0b\u200bé", max_size=12))
@settings(max_examples=300, deadline=None)
def test_pieces_stand_at_their_characters(word):
    """Also beside characters that are dropped, and around parts that are unknown."""
    tokenizer = PieceTokenizer(SMALL, lower_case=False)
    (places,) = tokenizer.places_of_each([word])
    pieces = [SMALL.pieces[i] for i in tokenizer.pieces_of(word)]
    rest = 0
    for piece, (start, end) in zip(pieces, places, strict=True):
        seen = "".join(c for c in word[start:end] if not unicodedata.category(c).startswith("C"))
        assert rest <= start
        assert seen == piece.removeprefix("##") or piece == "[UNK]"
        rest = end


def test_texts_are_not_remembered_and_words_only_up_to_a_limit(monkeypatch):
    monkeypatch.setattr(pieces_module, "_MOST_KNOWN", 3)
    tokenizer = PieceTokenizer(SMALL, lower_case=False)
    text = "the " * 50
    cut = tokenizer.pieces_of_each(["the", text, "a", text])
    spans = tokenizer.places_of_each([text])
    assert cut[1] == cut[3] == cut[0] * 50
    assert tokenizer.pieces_of("the the") == cut[0] * 2
    assert len(spans[0]) == 50
    assert list(tokenizer._known) == ["the", "a"]
    assert not tokenizer._known_places
    tokenizer.pieces_of_each(["b", "c"])
    assert "the" in tokenizer._known
    tokenizer.pieces_of_each(["e"])
    assert list(tokenizer._known) == ["e"]


def test_unknown_parts_of_other_lengths_have_their_own_characters(small):
    """Were [UNK] taken for its five characters, these eleven would seem to be all there."""
    assert small.tokenize("qqqq.qqqqqq") == ["[UNK]", ".", "[UNK]"]
    assert small.places_of_each(["qqqq.qqqqqq"]) == [((0, 4), (4, 5), (5, 11))]
    assert small.places_of_each(["[SEP]"]) == [((0, 5),)]


def test_many_words_are_as_each_word(small):
    words = ["the", "Zoë", "", "the", "[SEP]", "\u200b"]
    assert small.pieces_of_each(words) == [small.pieces_of(word) for word in words]


def test_it_can_be_copied_and_sent_to_another_process(small):
    for other in (copy.deepcopy(small), pickle.loads(pickle.dumps(small))):
        assert other.tokenize(ZOE) == small.tokenize(ZOE)


def longest_match(vocabulary: tuple[str, ...], part: str) -> list[str]:
    """WordPiece as its paper has it, one piece after the other."""
    if len(part) > 100:
        return ["[UNK]"]
    pieces, start = [], 0
    while start < len(part):
        for end in range(len(part), start, -1):
            piece = ("##" if start else "") + part[start:end]
            if piece in vocabulary:
                pieces.append(piece)
                start = end
                break
        else:
            return ["[UNK]"]
    return pieces


def split_at_punctuation(text: str) -> list[str]:
    parts = [""]
    for character in text:
        code = ord(character)
        is_symbol = 33 <= code <= 47 or 58 <= code <= 64 or 91 <= code <= 96 or 123 <= code <= 126
        if is_symbol or unicodedata.category(character)[0] == "P":
            parts += [character, ""]
        else:
            parts[-1] += character
    return [part for part in parts if part]


@given(st.text(alphabet="abceswxyzZAPT5o0ë—'.$[]\u0301", max_size=12))
@settings(max_examples=300, deadline=None)
def test_equal_to_longest_match_word_by_word(word):
    tokenizer = PieceTokenizer(SMALL, lower_case=False)
    parts = split_at_punctuation(word)
    expected = [piece for part in parts for piece in longest_match(SMALL.pieces, part)]
    assert tokenizer.tokenize(word) == expected


@given(st.lists(st.text(max_size=8), max_size=8))
@settings(max_examples=300, deadline=None)
def test_words_of_any_characters_give_pieces_of_the_vocabulary(words):
    tokenizer = PieceTokenizer(SMALL, lower_case=True)
    together = [i for pieces in tokenizer.pieces_of_each(words) for i in pieces]
    assert together == list(tokenizer.pieces_of(" ".join(words)))
    assert all(0 <= i < len(SMALL.pieces) for i in together)


@pytest.fixture(scope="module")
def minilm_pair():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from transformers import BertTokenizerFast
    files = find_encoder("minilm")
    folder = files.find_weights().path.parent
    return PieceTokenizer.from_files(files), BertTokenizerFast.from_pretrained(folder)


ORDINARY = [
    "Alice was beginning to get very tired of sitting by her sister on the bank, and of having",
    "“Oh dear! Oh dear! I shall be late!” said the White Rabbit—to himself… (naïvely, 1865).",
    "Crème brûlée costs €4.50/£3.99; e-mail bob_smith@example.org, or ring +44 20 7946-0018!",
    "日本語 and 中文 beside English; Ελληνικά, русский язык, Ñandú, Ångström, straße.",
    "supercalifragilisticexpialidocious antidisestablishmentarianism don't can't o'clock",
]


@pytest.mark.parametrize("text", ORDINARY)
def test_equal_to_transformers_on_ordinary_text(minilm_pair, text):
    ours, theirs = minilm_pair
    assert ours.tokenize(text) == theirs.tokenize(text)


@given(st.text(alphabet=st.characters(min_codepoint=32, max_codepoint=0x24F), max_size=40))
@settings(max_examples=200, deadline=None)
def test_equal_to_transformers_on_latin_text(minilm_pair, text):
    ours, theirs = minilm_pair
    assert ours.tokenize(text) == theirs.tokenize(text)
