import logging

import pytest

from spanbert_allen.common.errors import DataError
from spanbert_allen.formats.coref.conll.conllu import read_conllu


def row(number, word, entity=None):
    misc = "_" if entity is None else f"SpaceAfter=No|Entity={entity}"
    return "\t".join([str(number), word, *["_"] * 7, misc])


FERRY = [
    "# newdoc id = GUM_bio_ferry",
    "# global.Entity = GRP-etype-infstat",
    "# meta::genre = bio",
    "# sent_id = 1",
    "# speaker = Mina",
    "# text = The keeper's ferry isn't hers.",
    row(1, "The", "(1-object(2-person"),
    row(2, "keeper", "2)"),
    row(3, "'s"),
    row(4, "ferry", "1)"),
    row("5-6", "isn't"),
    row(5, "is"),
    row(6, "n't"),
    row(7, "hers", "(2-person)"),
    "",
    "# sent_id = 2",
    row(1, "It", "(1)"),
    row(2, "sank", "(3-event)"),
    "",
]


def read(tmp_path, *lines, name="file.conllu"):
    path = tmp_path / name
    path.write_text("\n".join(lines) + "\n")
    return list(read_conllu(path))


def test_documents(tmp_path):
    other = ["# newdoc id = nw_b", row(1, "Ida", "(e7-person-1)")]
    ferry, ida = read(tmp_path, *FERRY, *other)
    assert ferry.words == ["The", "keeper", "'s", "ferry", "is", "n't", "hers", "It", "sank"]
    assert ferry.sentence_ids == [0] * 7 + [1] * 2
    assert ferry.clusters == [((0, 1), (6, 6)), ((0, 3), (7, 7)), ((8, 8),)]
    assert ferry.speakers == ["Mina"] * 7 + ["-"] * 2
    assert (ferry.doc_key, ferry.genre) == ("GUM_bio_ferry", "bio")
    assert (ida.doc_key, ida.genre, ida.speakers) == ("nw_b", "nw", None)
    assert ida.clusters == [((0, 0),)]


def test_a_file_without_names(tmp_path):
    (document,) = read(tmp_path, row(1, "Ida"), "", name="ida.de.conllu")
    assert (document.doc_key, document.clusters) == ("ida", [])


@pytest.mark.parametrize("begin", ["# newdoc", "#newdoc ", "# newdoc id =", "# newdoc id = "])
def test_documents_without_names(tmp_path, begin):
    rows = [row(1, "Ida", "(e1)"), ""]
    lines = ["# global.Entity = eid", begin, *rows, begin, *rows, "# newdoc id = c", *rows]
    documents = read(tmp_path, *lines, name="ida.de.conllu")
    assert [document.doc_key for document in documents] == ["ida:2", "ida:5", "c"]
    assert all(document.words == ["Ida"] for document in documents)
    assert all(document.clusters == [((0, 0),)] for document in documents)


@pytest.mark.parametrize("line", ["# newdocument", "# newdoc_id = a", "# newdoc ident = a"])
def test_what_only_looks_like_a_document(tmp_path, line):
    (document,) = read(tmp_path, row(1, "Ida"), "", line, row(1, "Tom"), "")
    assert document.words == ["Ida", "Tom"]


def test_the_place_of_the_entity_is_told(tmp_path):
    lines = ["# global.Entity = etype-eid-head", row(1, "Ida", "(person-e1-1"), row(2, "S.", "e1)")]
    (document,) = read(tmp_path, *lines, row(3, "she", "(person-e1-1)"))
    assert document.clusters == [((0, 1), (2, 2))]


def test_what_stands_before_the_first_document_holds_for_all(tmp_path):
    rows = [row(1, "Ida", "(person-e1)"), row(2, "met", "(person-e2)"), ""]
    lines = [
        "# global.Entity = etype-eid",
        "# newdoc id = a",
        *rows,
        "# newdoc id = b",
        "# newdoc id = c",
        *rows,
    ]
    documents = read(tmp_path, *lines)
    assert [document.doc_key for document in documents] == ["a", "b", "c"]
    clusters = [((0, 0),), ((1, 1),)]
    assert [document.clusters for document in documents] == [clusters, [], clusters]


def test_what_cannot_be_a_mention_goes_and_is_told(tmp_path, caplog):
    lines = [
        row(1, "a", "(e1[1/2]-x)(e2(e3"),
        row(2, "b", "(e1[2/2]-x)e3)e2)"),
        row("2.1", "_", "(e2)"),
        row(3, "c", "(e2(e4"),
        row("3.1", "_", "e4)e2)"),
        row("3.2", "_", "(e5"),
        row(4, "d", "e5)"),
    ]
    with caplog.at_level(logging.WARNING):
        (document,) = read(tmp_path, *lines)
    # e2, e3 and e4 share mentions; e5 begins with the word after its empty node.
    assert document.clusters == [((0, 1), (2, 2)), ((3, 3),)]
    assert "4 places repaired in reading; the first: " in caplog.text
    assert "file.conllu:1: a mention of 'e1' in 2 parts, which is left out" in caplog.text


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        (row(1, "a", "(e1"), "f.conllu:1: the entity 'e1' opened here never closes"),
        (row(1, "a", "e1)"), "f.conllu:1: the entity 'e1' closes here, but none is open"),
        (row(1, "a", "(e1)x"), r"f.conllu:1: Entity is '\(e1\)x'; it must be brackets"),
        (row(1, "a", ""), "f.conllu:1: Entity is ''"),
        ("1\ta", "f.conllu:1: 2 columns where a row has 10"),
        ("", "the file is empty"),
    ],
)
def test_bad_files(tmp_path, line, sentence):
    with pytest.raises(DataError, match=sentence):
        read(tmp_path, line, name="f.conllu")


@pytest.mark.parametrize("bad", ["1x", "", "x", "1-", "1.x"])
def test_a_row_of_another_id_is_a_problem(tmp_path, bad):
    with pytest.raises(DataError, match=rf"file\.conllu:1: the row's id is '{bad}'; it must be"):
        read(tmp_path, row(bad, "a"))


def test_what_a_document_does_not_hold_is_counted(tmp_path):
    bridging = "\t".join(["2", "b", "be", *["_"] * 6, "Bridge=e1<e2|SplitAnte=e1<e3"])
    (document,) = read(tmp_path, row(1, "a", "(e1-person-1)(e2-person-1)"), bridging)
    assert document.not_held == {
        "SpaceAfter (words)": 1,
        "entity types and other attributes (mentions)": 2,
        "entities merged, as they share a mention (mentions)": 1,
        "lemmas, tags and syntax (words)": 1,
        "bridging (words)": 1,
        "split antecedents (words)": 1,
    }
