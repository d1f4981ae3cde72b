"""Answers in pieces back to the words they come from, as the original does it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spanbert_allen.data.pieces import BasicStep, PieceTokenizer
from spanbert_allen.encoders import find_encoder
from spanbert_allen.modules.qa.projection import joined_pieces, projected

CASED = BasicStep(lower_case=False, strip_accents=False)
UNCASED = BasicStep(lower_case=True, strip_accents=True)


@pytest.mark.parametrize(
    ("predicted", "original", "basic", "result"),
    [
        ("Steve", "Steve's book", CASED, "Steve"),
        ("5 million", "$5 million-", CASED, "5 million"),
        ("smith", "(Smith's", UNCASED, "Smith"),
        ("smith", "(Smith's", CASED, "(Smith's"),
        ("a b", "a\u00a0b c", CASED, "a\u00a0b c"),
        ("[UNK]", "x☃y", CASED, "x☃y"),
        ("", "Steve's book", CASED, "Steve's book"),
        ("a", "banana, a", CASED, "a"),
        ("' s", "Zoë's", UNCASED, "'s"),
        ("zoe", "(Zoë's", UNCASED, "Zoë"),
        ("e", "ae\u0301 e", UNCASED, "ae\u0301 e"),
    ],
)
def test_a_text_in_its_words(predicted, original, basic, result):
    span = projected(predicted, original, basic)
    assert original[span.start : span.end] == result
    assert result != "a" or span.start == 1


@pytest.mark.parametrize(
    ("pieces", "text"),
    [
        (["Z", "##o", "##ë", "'", "s"], "Zoë ' s"),
        (["##ve", "café"], "ve café"),
        (["#", "#", "##"], "# #"),
        (["[UNK]"], "[UNK]"),
        ([], ""),
    ],
)
def test_pieces_as_text(pieces, text):
    assert joined_pieces(pieces) == text


@given(st.text("aB é'-,.$5☃", min_size=1))
def test_all_pieces_of_a_text_are_all_of_it(text):
    """But for white space at its ends, and unless a piece is unknown."""
    original = " ".join(text.split())
    tokenizer = PieceTokenizer.from_files(find_encoder("tiny"))
    predicted = joined_pieces(tokenizer.tokenize(original))
    span = projected(predicted, original, tokenizer.basic)
    assert original[span.start : span.end] == original
