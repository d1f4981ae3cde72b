"""Records of fastcoref, PreCo, wl-coref and our predictor."""

from __future__ import annotations

import logging

import pytest

from spanbert_allen.common.errors import DataError
from spanbert_allen.common.record_checks import RecordError
from spanbert_allen.formats.coref.findings import Findings, RecordFindings
from spanbert_allen.formats.coref.records import RecordContext, read_documents
from spanbert_allen.formats.coref.registry import find_format


def parse(name, **record):
    context = RecordContext(default_key="f:3", findings=RecordFindings(Findings(), "f", 3))
    try:
        return find_format(name).parse(record, context)
    except RecordError as error:
        raise DataError(str(error), "f", 3) from error


def texts(document):
    return [[document.text[slice(*document.chars_of(m))] for m in c] for c in document.clusters]


def test_fastcoref_for_training():
    document = parse(
        "fastcoref",
        sentences=[["Ida", "left", "."], ["She", "ran"]],
        speakers=[["x", "x", "x"], ["y", "y"]],
        clusters=[[[0, 0], [3, 3]]],
    )
    assert document.doc_key == "f:3"
    assert document.sentence_ids == [0, 0, 0, 1, 1]
    assert document.speakers == ["x", "x", "x", "y", "y"]
    assert texts(document) == [["Ida", "She"]]
    # As its own reader: words go before a text, and speakers may be nested whatever words are.
    document = parse(
        "fastcoref",
        text="Ida ran",
        tokens=["Ida", "ran"],
        speakers=[["x"], ["y"]],
        clusters=[[[0, 1]]],
        genre=3,
    )
    assert (document.words, document.speakers) == (["Ida", "ran"], ["x", "y"])
    assert texts(document) == [["Ida ran"]]
    assert parse("fastcoref", text="", tokens=["a"], speakers=[]).speakers is None


def test_fastcoref_cuts_words_where_mentions_end():
    document = parse(
        "fastcoref",
        doc_key="k",
        text="The cat's-paw saw Ida. She ran.",
        clusters=[[[0, 7], [4, 7]], [[18, 21], [23, 26]]],
        clusters_strings=[],
    )
    assert texts(document) == [["The cat", "cat"], ["Ida", "She"]]
    assert "".join(document.words) == "Thecat's-pawsawIda.Sheran."
    assert document.sentence_ids[document.words.index("She")] == 1


def test_fastcoref_predicted_on_words():
    document = parse(
        "fastcoref", text=["Ida", "left", ".", "She", "ran"], clusters=[[[0, 1], [3, 4]], [[0, 2]]]
    )
    assert texts(document) == [["Ida", "She"], ["Ida left"]]
    assert document.sentence_ids == [0, 0, 0, 1, 1]


def test_preco():
    document = parse(
        "preco",
        id="dev_1",
        sentences=[["Ida", "left", "."], [" "], ["She", "and", "Tom"]],
        mention_clusters=[[[2, 0, 1], [0, 0, 1]], [[2, 0, 3]]],
    )
    assert document.doc_key == "dev_1"
    assert document.words == ["Ida", "left", ".", "She", "and", "Tom"]
    assert document.sentence_ids == [0, 0, 0, 2, 2, 2]
    assert document.clusters == [((0, 0), (3, 3)), ((3, 5),)]
    assert parse("preco", sentences=[["a"]]).clusters is None


def test_wl_coref():
    fields = {
        "document_id": "nw/a",
        "part_id": 2,
        "cased_words": ["Ida", "left", "She", "ran"],
        "sent_id": [3, 3, 5, 5],
        "speaker": ["x", "x", "-", "-"],
    }
    document = parse("wl-coref", **fields, clusters=[[[0, 1], [2, 3]]], pos=["a", "b", "c", "d"])
    assert (document.doc_key, document.genre) == ("nw/a_2", "nw")
    assert (document.sentence_ids, document.speakers) == ([0, 0, 1, 1], ["x", "x", "-", "-"])
    assert document.clusters == [((0, 0), (2, 2))]
    with_heads = {"clusters": [[[0, 4]]], "span_clusters": [[[0, 2]]], "word_clusters": [[0]]}
    assert parse("wl-coref", **fields, **with_heads).clusters == [((0, 1),)]
    bare = parse("wl-coref", cased_words=["a"], sent_id=[0], speaker=["_"], document_id="b")
    assert (bare.doc_key, bare.speakers, bare.clusters) == ("b", None, None)


def test_our_predictions():
    clusters = [[{"start": 0, "end": 3, "words": [0, 0]}, {"start": 5, "end": 8}]]
    record = {"schema": "spanbert_allen.coref/1", "doc_key": "k", "clusters": clusters}
    document = parse("predictions", **record, text="Ida. Shelley ran.")
    assert texts(document) == [["Ida", "She"]]  # a word is cut there
    assert document.words == ["Ida", ".", "She", "lley", "ran", "."]


def test_our_predictions_with_their_words():
    clusters = [[{"start": 0, "end": 3, "words": [0, 0]}, {"start": 9, "end": 16, "words": [2, 3]}]]
    document = parse(
        "predictions",
        text="Ida, \n  a Shelley.",
        sentences=[["Ida", ","], ["a", "Shelley", "."]],
        speakers=[["x", "x"], ["y", "y", "y"]],
        clusters=clusters,
        schema="spanbert_allen.coref/1",
    )
    assert texts(document) == [["Ida", "a Shelley"]]
    assert (document.sentence_ids, document.speakers) == (
        [0, 0, 1, 1, 1],
        ["x", "x", "y", "y", "y"],
    )


@pytest.mark.parametrize(
    ("name", "record", "sentence"),
    [
        ("fastcoref", {"text": "a", "clusters": [[[0, 4]]]}, "is characters 0 to 4, but the text"),
        ("fastcoref", {"text": ["a"], "clusters": [[[0, 2]]]}, "words 0 to 2, .* the end outside"),
        ("fastcoref", {"text": ["a", 1]}, r"text\[1\] is 1; it must be a string"),
        ("preco", {"sentences": "a"}, "sentences is 'a'; it must be a list"),
        ("preco", {"sentences": [["a"]], "id": 1.5}, "id is 1.5; it must be a string"),
        (
            "preco",
            {"sentences": [["a"]], "mention_clusters": [[[1, 0, 1]]]},
            r"mention_clusters\[0\]\[0\] is in sentence 1, but the document has 1",
        ),
        (
            "preco",
            {"sentences": [["a"]], "mention_clusters": [[[0, 0, 2]]]},
            "is words 0 to 2 of sentence 0, which has 1 words",
        ),
        ("preco", {"sentences": [["a"]], "mention_clusters": [[[0, 0]]]}, "must be .sentence, s"),
        ("wl-coref", {}, "cased_words is None; it must be a list of words"),
        ("wl-coref", {"cased_words": ["a"], "sent_id": [1.0]}, "must be a list of whole numbers"),
        ("wl-coref", {"cased_words": ["a"], "sent_id": []}, "sent_id has 0 entries for 1 words"),
        ("wl-coref", {"cased_words": ["a", "b"], "sent_id": [1, 0]}, r"sent_id\[1\] is 0 after 1"),
        ("wl-coref", {"cased_words": [], "sent_id": [], "part_id": "x"}, "part_id is 'x'"),
        ("predictions", {"error": "too hot"}, "this document was not predicted: 'too hot'"),
        ("predictions", {"text": "a"}, "no result of the predictor"),
        (
            "predictions",
            {"text": "a", "clusters": [[[0, 1]]]},
            r"clusters\[0\] is .* list mentions",
        ),
        ("predictions", {"text": "a", "clusters": [], "sentences": 1}, "sentences is 1"),
        (
            "predictions",
            {"text": "a", "clusters": [], "sentences": [["b"]]},
            "the word 'b' of sent",
        ),
    ],
)
def test_bad_records(name, record, sentence):
    with pytest.raises(DataError, match=f"^f:3: .*{sentence}"):
        parse(name, **record)


def test_clusters_that_share_a_mention_are_made_one_and_counted(tmp_path, caplog):
    path = tmp_path / "f.jsonl"
    path.write_text(
        '{"sentences": [["a", "b", "c"]], "mention_clusters": '
        "[[[0, 0, 1], [0, 1, 2]], [[0, 2, 3]], [[0, 1, 2], [0, 0, 3]]]}\n"
    )
    with caplog.at_level(logging.WARNING):
        (document,) = find_format("preco").read(path)
    assert document.clusters == [((0, 0), (0, 2), (1, 1)), ((2, 2),)]
    assert "1 places repaired in reading; the first: " in caplog.text
    assert "f.jsonl:1: mention_clusters[2][0], 'b', is the mention that" in caplog.text


class Noted(Findings):
    def __init__(self):
        super().__init__()
        self.problems = []

    def problem(self, error):
        self.problems.append(str(error))


def test_all_mistakes_of_a_file_can_be_noted(tmp_path):
    path = tmp_path / "f.jsonl"
    path.write_text(
        'x\n{"tokens": ["a"], "clusters": [[[0, 1], [0, 0], [0, 0], [2, 2]], [[1]]]}\n\n'
        '{"sentences": [["a"]], "doc_key": "good"}\n{}\n'
    )
    found = Noted()
    parser = find_format("jsonl").parse
    assert [one.doc_key for one in read_documents(path, parser, findings=found)] == ["good"]
    assert [problem[len(str(path)) + 1 :][:18] for problem in found.problems] == [
        "1: not JSON (Expec",
        "2: clusters[0][0] ",
        "2: clusters[0][2],",
        "2: clusters[0][3] ",
        "2: clusters[1][0] ",
        "5: the record has ",
    ]
