import logging

import pytest

from spanbert_allen.common.errors import DataError
from spanbert_allen.formats.coref.conll.reader import read_conll, refuse_unannotated
from spanbert_allen.formats.coref.findings import RepeatedKept
from tests import places

FIXTURES = places.FIXTURES / "coref"
DATA = places.SHARED / "data"
needs_data = pytest.mark.skipif(
    not DATA.is_dir(), reason="needs the LitBank and OntoGUM files in ../shared/data"
)


def row(word="word", label="-", speaker="-"):
    return "\t".join(["doc", "0", "0", word, "NN", "*", "-", "-", "-", speaker, "*", label])


def written(tmp_path, *lines):
    path = tmp_path / "f.conll"
    path.write_text("".join(line + "\n" for line in lines), encoding="utf-8")
    return path


def document(tmp_path, *rows):
    (read,) = read_conll(written(tmp_path, "#begin document (doc); part 000", *rows, END))
    return read


BEGIN, END = "#begin document (doc); part 000", "#end document"


def test_conll_2012_layout():
    first, second, third = read_conll(FIXTURES / "small.conll")
    assert [d.doc_key for d in (first, second, third)] == [
        "tc/harbour/00/boat_0",
        "tc/harbour/00/boat_1",
        "notes_12",
    ]
    assert first.words == first.text.split(" ")
    assert first.sentence_ids == [0] * 5 + [1] * 3 + [2] * 5
    assert first.speakers == ["Ida"] * 5 + ["Tom"] * 8
    assert first.clusters == [((0, 0), (8, 8), (10, 10)), ((0, 2), (6, 6), (10, 11))]
    assert (first.genre, third.genre) == ("tc", None)
    assert first.text == "My old boat leaks . Does it ? You and your boat ."
    assert [first.text[a:b] for a, b in first.word_chars] == first.words


def test_nested_crossing_and_absent():
    _, second, third = read_conll(FIXTURES / "small.conll")
    # Cluster 7 is closed twice, once while 3 is open: 0-1 and 3-5 cross 0-4.
    assert second.clusters == [((0, 1), (3, 5)), ((0, 4), (8, 8))]
    assert second.speakers is None
    assert third.words == ["#", "1"]
    assert third.clusters == []


def test_litbank_layout_with_empty_labels():
    (read,) = read_conll(FIXTURES / "litbank_raw.conll")
    assert read.doc_key == "7_the_lamp_brat_0"
    assert len(read.words) == 14
    assert read.clusters == [((0, 1), (6, 6)), ((3, 4), (9, 9)), ((6, 7),), ((12, 12),)]
    assert read.speakers is None


def test_singletons_can_be_left_out():
    (read,) = read_conll(FIXTURES / "litbank_raw.conll", keep_singletons=False)
    assert read.clusters == [((0, 1), (6, 6)), ((3, 4), (9, 9))]


@pytest.mark.parametrize(
    ("line", "word", "clusters"),
    [
        (row(label="(1)"), "word", [((0, 0),)]),
        (row(label="(1)") + "\t", "word", [((0, 0),)]),  # a tab too many
        (row(label=""), "word", []),
        (row(label="_"), "word", []),
        (row(label="_").replace("\t", " "), "word", []),
        (row(label="(1)").replace("\t", "   "), "word", [((0, 0),)]),
        (row(word="two words"), "two words", []),
        (row(word="a\u00a0b").replace("\t", " "), "a\u00a0b", []),
        (row(word="/."), ".", []),
        (row(word="/?"), "?", []),
        (row(word="/!"), "/!", []),
        (row(word="(1)", label=""), "(1)", []),
    ],
)
def test_rows(tmp_path, line, word, clusters):
    read = document(tmp_path, line)
    assert (read.words, read.clusters) == ([word], clusters)


def test_a_speaker_of_some_words_is_kept_for_all(tmp_path):
    read = document(tmp_path, row(), row(speaker="Ida"), row(speaker="_"))
    assert read.speakers == ["-", "Ida", "_"]


@pytest.mark.parametrize(
    ("line", "key"),
    [
        ("#begin document (nw/x(1)/a); part 010", "nw/x(1)/a_10"),
        ("#begin document (a b);", "a b"),
        ("#begin document plain; part 1", "plain_1"),
        ("#begin document plain", "plain"),
    ],
)
def test_document_keys(tmp_path, line, key):
    (read,) = read_conll(written(tmp_path, line, row(), END))
    assert read.doc_key == key


def test_a_mention_may_cross_a_blank_line(tmp_path):
    read = document(tmp_path, row(label="(1"), "", "", row(label="1)"))
    assert read.clusters == [((0, 1),)]
    assert read.sentence_ids == [0, 1]


def test_clusters_sharing_a_mention_are_merged_and_counted(tmp_path, caplog):
    rows = [row(label="(1)|(2)"), row(label="(2)|(3)"), row(label="(3)"), row(label="(4)")]
    with caplog.at_level(logging.WARNING):
        assert document(tmp_path, *rows).clusters == [((0, 0), (1, 1), (2, 2)), ((3, 3),)]
    assert "2 places repaired in reading; the first: " in caplog.text
    assert "f.conll:2: a mention that closes here is in two clusters" in caplog.text


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ([], r"f\.conll: the file is empty; a CoNLL file begins `#begin document \(name\)`"),
        (["# nothing"], r"f\.conll: the file holds no document"),
        (['{"text": "x"}'], r"f\.conll:1: not a CoNLL file: a line `#begin document"),
        ([row()], r"f\.conll:1: not a CoNLL file"),
        ([BEGIN, row(), END, "", row()], r"f\.conll:5: a row outside a document; it belongs"),
        ([BEGIN, row(), "", "a b c"], r"f\.conll:4: 3 columns where a row has 12 or more"),
        ([BEGIN, row(word="")], r"f\.conll:2: the word \(column 4\) is empty"),
        ([BEGIN, row(label="(3"), row(), END], r"f\.conll:2: the bracket `\(3` opened here never"),
        ([BEGIN, row(), row(label="3)"), END], r"f\.conll:3: '3\)' closes a mention of cluster 3"),
        ([BEGIN, row(label="(x)"), END], r"f\.conll:2: the last column holds '\(x\)'"),
        ([BEGIN, row(label="(1|(1"), row(label="1)|1)"), END], r"f\.conll:3: .* twice in one clus"),
        ([BEGIN, row()], r"f\.conll:1: document doc_0 begins here and has no `#end document`"),
        ([BEGIN, row(), BEGIN, END], r"f\.conll:1: document doc_0 begins here and has no `#end"),
        ([BEGIN, END, END], r"f\.conll:3: `#end document` without a `#begin document`"),
        (["#begin document (); part 0"], r"f\.conll:1: the document has no name"),
        (["#begin document"], r"f\.conll:1: the document has no name"),
    ],
)
def test_malformed_files(tmp_path, lines, message):
    with pytest.raises(DataError, match=message) as caught:
        list(read_conll(written(tmp_path, *lines)))
    assert "\n" not in str(caught.value)


def test_documents_before_a_mistake_are_read(tmp_path):
    documents = read_conll(written(tmp_path, BEGIN, row(), END, BEGIN, "bad"))
    assert next(documents).words == ["word"]
    with pytest.raises(DataError):
        next(documents)


def test_an_empty_document_is_a_document(tmp_path):
    read = document(tmp_path)
    assert (read.words, read.clusters) == ([], [])


def test_few_columns_and_repeated_mentions_as_they_stand(tmp_path):
    path = written(
        tmp_path, "#begin document (case);", "x (1|(1", "x 1)|1)", "", "a\t0\tw\t(0)\t", END
    )
    (read,) = read_conll(path, columns="any", findings=RepeatedKept())
    assert read.doc_key == "case"
    assert read.words == ["_", "_", "_"]
    assert read.clusters == [((0, 1), (0, 1)), ((2, 2),)]
    with pytest.raises(DataError, match="twice in one cluster"):
        list(read_conll(path, columns="any"))
    with pytest.raises(DataError, match="2 columns where a row has 12"):
        list(read_conll(path))


def counts(documents):
    clusters = [cluster for document in documents for cluster in document.clusters]
    return (
        len(documents),
        sum(len(document.words) for document in documents),
        sum(len(cluster) for cluster in clusters),
        len(clusters),
        sum(len(cluster) == 1 for cluster in clusters),
    )


@needs_data
@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("litbank/train", (80, 169_456, 23_218, 6_344, 4_635)),
        ("litbank/dev", (10, 20_438, 3_053, 776, 563)),
        ("ontogum/train", (84, 76_760, 9_118, 2_280, 0)),
        ("ontogum/dev", (12, 10_631, 1_233, 296, 0)),
    ],
)
def test_real_files_have_the_published_counts(name, expected):
    documents = list(read_conll(DATA / f"{name}.conll"))
    assert counts(documents) == expected
    has_speakers = [document.doc_key for document in documents if document.speakers is not None]
    assert len(has_speakers) == {"ontogum/train": 20, "ontogum/dev": 4}.get(name, 0)


@needs_data
def test_litbanks_own_files_hold_what_the_merged_ones_do():
    merged = {
        document.doc_key: document
        for name in ("train", "dev")
        for document in read_conll(DATA / "litbank" / f"{name}.conll")
    }
    raw = [document for path in (DATA / "litbank/raw").iterdir() for document in read_conll(path)]
    assert len(raw) == 3
    for document in raw:
        assert document == merged[document.doc_key]


@needs_data
def test_all_files_of_the_official_scorers_tests_can_be_read():
    paths = [*(DATA / "coref_scorer_cases").glob("TC-*.key")]
    paths += (DATA / "coref_scorer_cases").glob("TC-*.response")
    assert len(paths) == 50
    for path in paths:
        (document,) = read_conll(path, columns="any", findings=RepeatedKept())
        assert document.clusters


def test_numbers_of_any_length(tmp_path):
    long = "1" * 5000
    path = written(tmp_path, f"#begin document (x); part {long}", row(label=f"({long})"), END)
    (read,) = read_conll(path)
    assert (read.doc_key, read.clusters) == (f"x_{long}", [((0, 0),)])
    path = written(tmp_path, "#begin document (x);", row(label=f"({long}"), END)
    with pytest.raises(DataError, match=r"f\.conll:2: the bracket `\(1{60}` opened here never clo"):
        list(read_conll(path))


def test_bare_numbers_in_files_for_a_scorer(tmp_path):
    rows = ["x\t(1", "x\t1|2", "x\t1|(3)", "x\t1)|2"]
    path = written(tmp_path, "#begin document (case);", *rows, END)
    (read,) = read_conll(path, columns="any", findings=RepeatedKept())
    assert read.clusters == [((0, 3),), ((2, 2),)]


def test_a_file_without_a_cluster_is_not_annotated(tmp_path):
    path = written(tmp_path, "#begin document (x);", row(), END)
    with pytest.raises(DataError, match=r"f\.conll: no document of this file has a cluster: its"):
        list(refuse_unannotated(read_conll(path), path))
    path = written(
        tmp_path, "#begin document (x);", row(), END, "#begin document (y);", row(label="(1)"), END
    )
    assert len(list(refuse_unannotated(read_conll(path), path))) == 2
