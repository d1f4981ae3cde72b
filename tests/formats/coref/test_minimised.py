"""Minimised JSON lines, by the goldens of the original program's conventions."""

from __future__ import annotations

import pytest

from spanbert_allen.common.errors import DataError
from spanbert_allen.common.record_checks import RecordError
from spanbert_allen.formats.coref.findings import Findings, RecordFindings
from spanbert_allen.formats.coref.minimised import parse_minimised
from spanbert_allen.formats.coref.records import RecordContext
from spanbert_allen.formats.coref.registry import find_format

# Two sentences in three segments: the first is cut inside of a sentence, after "ship".
RECORD = {
    "doc_key": "nw/harbour_0",
    "sentences": [
        ["[CLS]", "Me", "##ina", "steer", "##ed", "a", "ship", "[SEP]"],
        ["[CLS]", "home", ".", "[SEP]"],
        ["[CLS]", "It", "sank", "[SEP]"],
    ],
    "speakers": [
        ["[SPL]", *["Ida"] * 6, "[SPL]"],
        ["[SPL]", "Ida", "Ida", "[SPL]"],
        ["[SPL]", "-", "-", "[SPL]"],
    ],
    "sentence_map": [0] * 11 + [1] * 4 + [2],
    "subtoken_map": [0, 0, 0, 1, 1, 2, 3, 3, 3, 4, 5, 5, 5, 6, 7, 7],
    "clusters": [[[5, 6], [13, 13]]],
    "constituents": [],
    "ner": [],
    "pronouns": [13],
}


def parse(**changes):
    context = RecordContext(default_key="f:3", findings=RecordFindings(Findings(), "f", 3))
    try:
        return parse_minimised({**RECORD, **changes}, context)
    except RecordError as error:
        raise DataError(str(error), "f", 3) from error


def test_in_words():
    document = parse().to_document()
    assert document.words == ["Meina", "steered", "a", "ship", "home", ".", "It", "sank"]
    assert document.sentence_ids == [0] * 6 + [1] * 2
    assert document.speakers == ["Ida"] * 6 + ["-"] * 2
    assert (document.doc_key, document.genre) == ("nw/harbour_0", "nw")
    assert document.clusters == [((2, 3), (6, 6))]


def test_words_where_the_file_has_them():
    words = ["Méina", "steered", "a", "ship", "home", ".", "It", "sank", "\u200b"]
    document = parse(tokens=words).to_document()
    assert document.words == words
    assert document.sentence_ids == [0] * 6 + [1] * 3


def test_the_record_again():
    assert parse().to_record() == {**RECORD, "pronouns": []}
    assert parse(tokens=list("abcdefgh")).to_record()["tokens"] == list("abcdefgh")


def test_without_speakers_and_annotation():
    document = parse(speakers=None, clusters=None).to_document()
    assert (document.speakers, document.clusters) == (None, None)
    assert parse(speakers=[["-"] * 8, ["-"] * 4, ["-"] * 4]).to_document().speakers is None


def test_a_genre_for_a_name():
    """Inputs of the original's predictions are named so."""
    assert parse(doc_key="bc").to_document().genre == "bc"


def test_mentions_of_the_same_words_are_one():
    document = parse(clusters=[[[1, 2], [5, 6]], [[1, 1], [13, 13]]]).to_document()
    assert document.clusters == [((0, 0), (2, 3), (6, 6))]


def test_predicted_clusters_may_hold_special_pieces():
    """[CLS] counts as the word before it, as the original maps it."""
    record = {**RECORD, "clusters": [], "predicted_clusters": [[[8, 9], [12, 13]]]}
    context = RecordContext(default_key="k")
    document = find_format("minimised-predicted").parse(record, context)
    assert document.clusters == [((3, 4), (5, 6))]


def test_a_predicted_mention_of_the_same_words_stays_in_the_first_cluster():
    record = {**RECORD, "predicted_clusters": [[[1, 2], [5, 6]], [[2, 2], [13, 13]]]}
    document = find_format("minimised-predicted").parse(record, RecordContext(default_key="k"))
    assert document.clusters == [((0, 0), (2, 3)), ((6, 6),)]


def test_a_document_of_nothing():
    nothing = {"sentences": [], "speakers": [], "sentence_map": [], "subtoken_map": []}
    assert parse(**nothing, clusters=[]).to_document().words == []


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"sentences": None}, "sentences is None; it must be a list of segments"),
        ({"sentences": [["a"]]}, r"sentences\[0\] is \['a'\]; a segment is \[CLS\], word pieces,"),
        ({"sentences": [["[CLS]", "[SEP]"]]}, "a segment is"),
        ({"sentence_map": [0]}, "sentence_map has 1 entries for 16 pieces"),
        ({"sentence_map": "a"}, "sentence_map is 'a'; it must be a list with a number a piece"),
        ({"subtoken_map": [1] + [0] * 15}, r"subtoken_map\[1\] is 0, which is less than the one"),
        ({"subtoken_map": [0] * 15 + [2**31]}, r"subtoken_map\[15\] is 2147483648; in a docume"),
        ({"sentence_map": [0] * 15 + [10**30]}, r"sentence_map\[15\] is 10{30}; in a document "),
        ({"clusters": [[[0, 10**400]]]}, r"clusters\[0\]\[0\] is .*; no text is as long as that"),
        ({"doc_key": 10**400}, "doc_key is 10+...; it must be a string or a whole number"),
        ({"subtoken_map": [-1] * 16}, r"subtoken_map\[0\] is -1, which is less"),
        ({"speakers": [["x"]]}, "it must have a list for each segment"),
        ({"speakers": [["x"], [], []]}, r"speakers\[0\] has 1 names for 8 pieces"),
        ({"tokens": ["a"]}, "subtoken_map goes up to word 7, but there are 1 tokens"),
        (
            {"clusters": [[[3, 16]]]},
            "is pieces 3 to 16, but the document has 16",
        ),
        ({"clusters": [[[8, 9]]]}, r"pieces 8 to 9, begins or ends with \[CLS\] or \[SEP\]"),
    ],
)
def test_bad_records(changes, sentence):
    with pytest.raises(DataError, match=f"^f:3: .*{sentence}"):
        parse(**changes)
