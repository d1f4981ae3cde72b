"""spaCy documents: their words, sentences and speakers, and their tags for resolved text."""

import pytest
import spacy
from hypothesis import given
from hypothesis import strategies as st
from spacy.attrs import LANG
from spacy.tokens import Doc, Token
from spacy.vocab import Vocab

from spanbert_allen.common.text import split_text
from spanbert_allen.formats.spacy.documents import document_of_doc, is_doc
from spanbert_allen.results.writing.doc_mention_rules import DocRules, has_tags
from spanbert_allen.results.writing.resolved_text import resolved_text
from tests.results.results import result_of

ENGLISH = spacy.blank("en")
SENTENCES = spacy.blank("en")
SENTENCES.add_pipe("sentencizer")


@pytest.fixture
def extensions():
    names = ((Token, "speaker"), (Doc, "genre"))
    missing = [(owner, name) for owner, name in names if not owner.has_extension(name)]
    for owner, name in missing:
        owner.set_extension(name, default=None)
    yield
    for owner, name in missing:
        owner.remove_extension(name)


def test_words_are_tokens_white_space_included() -> None:
    doc = ENGLISH("Ida  left.\n\nShe can't.")
    document = document_of_doc(doc, doc_key="mine")
    assert list(document.words) == [token.text for token in doc]
    assert (document.doc_key, document.text) == ("mine", doc.text)
    for word, (start, end) in zip(document.words, document.word_chars, strict=True):
        assert doc.text[start:end] == word


def test_sentences_are_the_docs_own_or_found_by_rule() -> None:
    words = ["Ida", "left", ".", "She", "sang", "."]
    own = Doc(Vocab(), words=words, sent_starts=[1, 0, 0, 0, 1, 0])
    assert list(document_of_doc(own).sentence_ids) == [0, 0, 0, 0, 1, 1]
    none = Doc(ENGLISH.vocab, words=words)
    assert list(document_of_doc(none).sentence_ids) == [0, 0, 0, 1, 1, 1]
    assert document_of_doc(ENGLISH("")).words == []


def test_speakers_and_genre_are_extensions(extensions) -> None:
    doc = ENGLISH("Hi there. You too")
    assert document_of_doc(doc).speakers is None
    for token in doc[:3]:
        token._.speaker = "Ida"
    doc._.genre = "tc"
    document = document_of_doc(doc)
    assert (document.speakers, document.genre) == (["Ida"] * 3 + ["-"] * 2, "tc")


@given(st.text("aB. \n\t'1", max_size=30))
def test_a_doc_of_a_text_has_the_words_of_the_text(text: str) -> None:
    document = document_of_doc(SENTENCES(text))
    split = split_text(text)
    kept = [number for number, word in enumerate(document.words) if not word.isspace()]
    assert [document.words[number] for number in kept] == split.words
    assert [document.word_chars[number] for number in kept] == split.word_chars


def test_is_doc() -> None:
    assert is_doc(ENGLISH("a"))
    assert not is_doc("a") and not is_doc(ENGLISH("a")[:1])


# A word, its part of speech, and its finer tag or else a morphological feature.
TAGGED = (
    "Mayors/NOUN of/ADP Paris/PROPN met/VERB Ida/PROPN 's/PART/POS friend/NOUN ./PUNCT "
    "her/PRON/PRP$ friend/NOUN announced/VERB it/PRON ,/PUNCT which/PRON/WDT hurt/VERB "
    "herself/PRON/Reflex=Yes this/DET"
)


def tagged(text: str, language: str = "en") -> Doc:
    parts = [item.split("/") for item in text.split()]
    tags = [part[2] if len(part) > 2 and "=" not in part[2] else "" for part in parts]
    morphs = [part[2] if len(part) > 2 and "=" in part[2] else "" for part in parts]
    vocab = Vocab(lex_attr_getters={LANG: lambda _: language})
    columns = {"pos": [part[1] for part in parts], "tags": tags, "morphs": morphs}
    return Doc(vocab, words=[part[0] for part in parts], **columns)


def expression(doc: Doc, first: int, last: int):
    from spanbert_allen.results.writing.mention_rules import Expression

    return Expression(doc[first : last + 1].text, (first, last))


@pytest.mark.parametrize(
    ("first", "last", "kind", "is_possessive"),
    [
        (0, 2, "noun", False),
        (2, 2, "name", False),
        (4, 5, "name", True),
        (4, 6, "noun", False),
        (8, 8, "pronoun", True),
        (8, 9, "noun", False),
        (10, 10, "other", False),
        (11, 11, "pronoun", False),
        (13, 13, "other", False),
        (15, 15, "other", False),
        (16, 16, "pronoun", False),
    ],
)
def test_kinds_by_tags(first: int, last: int, kind: str, is_possessive: bool) -> None:
    doc = tagged(TAGGED)
    assert has_tags(doc) and not has_tags(ENGLISH("a b"))
    rules, mention = DocRules(doc), expression(doc, first, last)
    assert (rules.kind(mention), rules.is_possessive(mention)) == (kind, is_possessive)


def test_a_parse_knows_the_head() -> None:
    words, heads, deps = ["Ida", "the", "cook"], [0, 2, 0], ["ROOT", "det", "appos"]
    doc = Doc(Vocab(), words=words, pos=["PROPN", "DET", "NOUN"], heads=heads, deps=deps)
    assert DocRules(doc).kind(expression(doc, 0, 2)) == "name"
    unparsed = Doc(Vocab(), words=words, pos=["PROPN", "DET", "NOUN"])
    assert DocRules(unparsed).kind(expression(unparsed, 0, 2)) == "noun"


def test_tags_decide_what_is_replaced() -> None:
    """By letters alone, `sales` would be left and `Announced` be a name."""
    doc = tagged("Announced/VERB sales/NOUN fell/VERB and/CCONJ its/PRON/PRP$ boss/NOUN left/VERB")
    result = result_of(doc.text, [[(0, 9), (25, 28)]])
    result["clusters"][0][0]["words"], result["clusters"][0][1]["words"] = [0, 0], [4, 4]
    assert resolved_text(result, rules=DocRules(doc)) == doc.text
    result = result_of(doc.text, [[(10, 15), (25, 28)]])
    result["clusters"][0][0]["words"], result["clusters"][0][1]["words"] = [1, 1], [4, 4]
    assert (
        resolved_text(result, rules=DocRules(doc)) == "Announced sales fell and sales' boss left "
    )


def test_possessives_of_other_languages_stay() -> None:
    doc = tagged("Marie/PROPN aime/VERB sa/DET/Poss=Yes mère/NOUN", "fr")
    result = result_of(doc.text, [[(0, 5), (11, 13)]])
    result["clusters"][0][1]["words"] = [2, 2]
    result["clusters"][0][0]["words"] = [0, 0]
    assert resolved_text(result, rules=DocRules(doc)) == doc.text
