"""Passages: pieces with their characters, windows, and answers in pieces."""

import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spanbert_allen.data.pieces import PieceTokenizer
from spanbert_allen.data.qa.alignment import answer_pieces, answer_words, is_found
from spanbert_allen.data.qa.passage import make_passage
from spanbert_allen.data.qa.windows import best_windows, window_spans
from spanbert_allen.encoders import WordPieceVocabulary, find_encoder
from spanbert_allen.formats.qa.question import Answer

TOKENIZERS = {name: PieceTokenizer.from_files(find_encoder(name)) for name in ("minilm", "tiny")}
ODD = "aÉe\u0301ß Σσς.,-\u00a0\u202f\t\n漢字😀\u200b[SEP]İ"


def texts_of(passage):
    return [passage.text[start:end] for start, end in passage.piece_chars]


def test_pieces_know_their_characters():
    passage = make_passage("  Zoë's  naïve café—$5,000.", TOKENIZERS["minilm"])
    pieces = [TOKENIZERS["minilm"].vocabulary[i] for i in passage.piece_ids]
    for piece, text in zip(pieces, texts_of(passage), strict=True):
        plain = text.lower().replace("ë", "e").replace("ï", "i").replace("é", "e")
        assert piece.removeprefix("##") == plain
    assert passage.word(0) == "Zoë's"
    assert passage.pieces() == pieces


def test_passages_are_sent_without_the_vocabulary():
    passage = make_passage("Zoë's  naïve café", TOKENIZERS["minilm"])
    sent = pickle.dumps(passage)
    assert len(sent) < 2000
    received = pickle.loads(sent)
    assert received.pieces() == passage.pieces() and received.word(2) == "café"
    assert received.basic == TOKENIZERS["minilm"].basic
    assert received.basic.parts("Zoë's") == ["zoe", "'", "s"]


def test_words_are_cut_at_five_characters_only():
    passage = make_passage("a\u00a0b c\u202fd\te\r\nf", TOKENIZERS["minilm"])
    assert [passage.word(i) for i in range(len(passage.word_chars))] == [
        "a\u00a0b", "c", "d", "e", "f",
    ]  # fmt: skip


@pytest.mark.parametrize("name", TOKENIZERS)
@given(text=st.one_of(st.text(), st.text(ODD)))
def test_characters_of_any_text(name, text):
    tokenizer = TOKENIZERS[name]
    passage = make_passage(text, tokenizer)
    words = [passage.word(i) for i in range(len(passage.word_chars))]
    assert passage.pieces() == [tokenizer.vocabulary[i] for i in passage.piece_ids]
    assert passage.piece_ids.tolist() == [i for word in words for i in tokenizer.pieces_of(word)]
    starts, ends = passage.piece_chars[:, 0], passage.piece_chars[:, 1]
    assert (starts < ends).all()
    # In order, inside of their words; one character may become several pieces.
    assert (np.diff(starts) >= 0).all() and (np.diff(ends) >= 0).all()
    chars = passage.word_chars[passage.piece_words]
    assert (chars[:, 0] <= starts).all() and (ends <= chars[:, 1]).all()


def test_an_empty_text_has_no_pieces_and_no_windows():
    passage = make_passage(" \n", TOKENIZERS["minilm"])
    assert len(passage) == 0 and passage.pieces() == []
    assert window_spans(0, 10, 5) == []


def test_windows_as_the_original_cuts_them():
    spans = window_spans(900, 371, 128)
    assert [start for start, _ in spans] == [0, 128, 256, 384, 512, 640]
    assert spans[-1] == (640, 900)
    best = best_windows(spans, 900)
    assert best[500] == 2 and best[640] == 4


@given(st.integers(1, 300), st.integers(1, 60), st.integers(1, 80))
def test_every_piece_is_in_its_best_window(num_pieces, room, stride):
    spans = window_spans(num_pieces, room, stride)
    best = best_windows(spans, num_pieces)
    for piece in range(num_pieces):
        scores = [
            min(piece - start, end - 1 - piece) + 0.01 * (end - start)
            if start <= piece < end
            else -1
            for start, end in spans
        ]
        assert best[piece] == scores.index(max(scores)) and max(scores) >= 0


def aligned(context, text, start=None):
    tokenizer = TOKENIZERS["minilm"]
    passage = make_passage(context, tokenizer)
    answer = Answer(text, context.index(text) if start is None else start)
    words = answer_words(passage, answer)
    if not is_found(passage, answer, words):
        return None
    span = answer_pieces(passage, answer, words, tokenizer)
    found = passage.chars(*span)
    return context[found.start : found.end]


@pytest.mark.parametrize(
    ("context", "text", "learnt"),
    [
        ("from 1887-1889, he", "1887", "1887"),
        ("It was 324m high", "324", "324m"),
        ("the $5 million- deal", "5 million", "5 million"),
        ("so (Steve Smith's book", "Steve Smith", "Steve Smith"),
        ("a  b\nc d", "b\nc", "b\nc"),
    ],
)
def test_answers_in_pieces(context, text, learnt):
    tokenizer = TOKENIZERS["minilm"]
    if text == "324" and tokenizer.tokenize("324m")[0] == "324":
        learnt = "324"
    assert aligned(context, text) == learnt


@pytest.mark.parametrize(
    ("word", "text", "span"), [("1887-1889,", "1887", (0, 0)), ("324m", "324", (0, 1))]
)
def test_answers_in_pieces_as_the_original_narrows_them(word, text, span):
    """Goldens of the specification, 1.2, with the pieces that the cased vocabulary has there."""
    entries = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "1887", "-", "1889", ",", "32", "##4", "##m")
    tokenizer = PieceTokenizer(WordPieceVocabulary(entries), lower_case=False)
    passage, answer = make_passage(word, tokenizer), Answer(text, 0)
    words = answer_words(passage, answer)
    assert len(passage) > span[1] + 1
    assert answer_pieces(passage, answer, words, tokenizer) == span


def test_an_answer_that_is_not_where_it_should_be_is_not_found():
    assert aligned("one two three", "three", start=0) is None
    assert aligned("  one two", "one", start=0) is None


def test_a_word_without_pieces_leaves_the_answer_to_the_others():
    assert aligned("one \u200b two", "one \u200b two") == "one \u200b two"
    passage = make_passage("one \u200b two", TOKENIZERS["minilm"])
    answer = Answer("\u200b", 4)
    words = answer_words(passage, answer)
    assert answer_pieces(passage, answer, words, TOKENIZERS["minilm"]) is None
