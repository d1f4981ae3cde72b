from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spanbert_allen.common.errors import DataError
from spanbert_allen.common.spans import WordSpan
from spanbert_allen.formats.coref.conll.reader import read_conll
from spanbert_allen.formats.coref.conll.writer import conll_lines, write_conll
from spanbert_allen.formats.coref.document import CorefDocument
from tests.formats.coref.conll.test_brackets import crosses
from tests.formats.coref.conll.test_reader import FIXTURES

WORDS = st.text(st.characters(codec="utf-8", exclude_characters="/"), max_size=5)
KEYS = st.one_of(WORDS, st.sampled_from(["a_0", "a_12", "a_012", "nw/x_3", "#a", "a; part 1"]))


@st.composite
def documents(draw):
    sentences = draw(st.lists(st.lists(WORDS, min_size=1, max_size=5), max_size=5))
    num_words = sum(map(len, sentences))
    clusters: list[set[WordSpan]] = [set() for _ in range(4)]
    taken: set[WordSpan] = set()
    if num_words:
        word = st.integers(0, num_words - 1)
        for one, other, number in draw(
            st.lists(st.tuples(word, word, st.integers(0, 3)), max_size=15)
        ):
            mention = WordSpan(min(one, other), max(one, other))
            if mention not in taken and not any(crosses(mention, m) for m in clusters[number]):
                clusters[number].add(mention)
                taken.add(mention)
    speakers = draw(st.none() | st.lists(WORDS, min_size=num_words, max_size=num_words))
    return CorefDocument.from_sentences(
        draw(KEYS),
        sentences,
        speakers=speakers,
        clusters=sorted(tuple(sorted(cluster)) for cluster in clusters if cluster),
    )


def as_written(text):
    """What stands for a string that would not be one field of a row."""
    return "".join("_" if char.isspace() else char for char in text) or "_"


@given(st.lists(documents(), min_size=1, max_size=3))
def test_written_documents_are_read_again(tmp_path_factory, drawn):
    path = tmp_path_factory.mktemp("conll") / "f.conll"
    write_conll(drawn, path)
    for before, after in zip(drawn, read_conll(path), strict=True):
        assert after.words == [as_written(word) for word in before.words]
        assert after.sentence_ids == before.sentence_ids
        assert after.clusters == before.clusters
        names = None if before.speakers is None else [as_written(s) for s in before.speakers]
        if names is not None and not {"-", "_"}.issuperset(names):
            assert after.speakers == names
        else:
            assert after.speakers is None


@pytest.mark.parametrize("name", ["small", "litbank_raw"])
def test_what_was_read_is_written_the_same(tmp_path, name):
    read = list(read_conll(FIXTURES / f"{name}.conll"))
    write_conll(read, tmp_path / "f.conll")
    assert list(read_conll(tmp_path / "f.conll")) == read


@pytest.mark.parametrize("key", ["doc", "doc_0", "doc_12", "doc_012", "tc/a_b_3", "web: a (b)"])
def test_keys_come_back(tmp_path, key):
    write_conll([CorefDocument.from_sentences(key, [["a"]])], tmp_path / "f")
    assert [document.doc_key for document in read_conll(tmp_path / "f")] == [as_written(key)]


def test_lines():
    document = CorefDocument.from_sentences(
        "nw/a_3", [["She", "sang"], [""]], speakers=["Ida B", "Ida B", "-"]
    )
    assert list(conll_lines(document, [[WordSpan(0, 0), WordSpan(0, 1)]])) == [
        "#begin document (nw/a); part 003\n",
        "nw/a\t3\t0\tShe\tXX\t(TOP*\t-\t-\t-\tIda_B\t*\t(0)|(0\n",
        "nw/a\t3\t1\tsang\tXX\t*)\t-\t-\t-\tIda_B\t*\t0)\n",
        "\n",
        "nw/a\t3\t0\t_\tXX\t(TOP*)\t-\t-\t-\t-\t*\t-\n",
        "\n#end document\n",
    ]


def test_other_clusters_can_be_written(tmp_path):
    read = list(read_conll(FIXTURES / "small.conll"))
    clusters = [[[WordSpan(0, 2), WordSpan(6, 6)]], [], []]
    write_conll(read, tmp_path / "f", clusters=clusters)
    again = list(read_conll(tmp_path / "f"))
    assert [document.clusters for document in again] == [[((0, 2), (6, 6))], [], []]
    with pytest.raises(ValueError, match="shorter"):
        write_conll(read, tmp_path / "f", clusters=clusters[:2])


def test_an_error_names_the_document_and_leaves_the_file(tmp_path):
    path = Path(tmp_path / "f")
    path.write_text("old")
    document = CorefDocument.from_sentences("odd", [["a", "b", "c"]])
    with pytest.raises(DataError, match="document odd: words 0-1 and 1-2 are mentions of one"):
        write_conll([document], path, clusters=[[[WordSpan(0, 1), WordSpan(1, 2)]]])
    assert path.read_text() == "old"


def test_what_was_read_is_written_again(tmp_path):
    lines = [
        "#begin document (nw/x); part 0",
        "nw/x 0 0 Ida NNP (TOP(S(NP*) ida 01 2 Eva (PERSON) (ARG0*) (0".replace(" ", "\t"),
        "nw/x 0 1 ran VBD (VP*))) run 01 1 Eva * (V*) 0)".replace(" ", "\t"),
        "",
        "#end document",
    ]
    source, target = tmp_path / "in.conll", tmp_path / "out.conll"
    source.write_text("\n".join(lines) + "\n")
    write_conll(read_conll(source, keep_columns=True), target)
    assert target.read_text().splitlines() == [
        line.replace("(3", "(0").replace("3)", "0)") for line in lines
    ]


def test_a_name_without_a_part_stays_one(tmp_path):
    document = CorefDocument.from_sentences("book", [["a"]], clusters=[])
    write_conll([document], tmp_path / "f.conll")
    # coref-hoi reads only headers with a part.
    assert (tmp_path / "f.conll").read_text().startswith("#begin document (book); part 0000\n")
    assert [one.doc_key for one in read_conll(tmp_path / "f.conll")] == ["book"]


@pytest.mark.parametrize("header", ["#begin document (#x);", "#begin document (#x); part 002"])
def test_a_name_that_begins_like_a_comment(tmp_path, header):
    source, target = tmp_path / "in.conll", tmp_path / "out.conll"
    row = "\t".join(["#x", "0", "0", "word", *"-*----*", "(1)"])
    source.write_text(f"{header}\n# a comment\n{row}\n#end document\n")
    (document,) = read_conll(source, keep_columns=True)
    assert (document.words, document.clusters) == (["word"], [((0, 0),)])
    write_conll([document], target)
    assert list(read_conll(target)) == [document]


def test_the_speaker_is_that_of_the_document(tmp_path):
    source = tmp_path / "in.conll"
    source.write_text(
        "\n".join(["#begin document (x);", "x 0 0 a NN (TOP*) - - - Eva * -", "#end document"])
    )
    (document,) = read_conll(source, keep_columns=True)
    other = replace(document, speakers=["Ida"])
    assert "\tNN\t(TOP*)\t-\t-\t-\tIda\t*\t-\n" in "".join(conll_lines(other, []))


def test_documents_whose_names_become_one_stay_apart(tmp_path):
    """Those of one name in the first place, as parts that a file repeats, keep it."""
    keys = ["a b", "a_b", "#a_b", "a b", "c d_1", "c_d_1", "a_b-2"]
    made = [CorefDocument.from_sentences(key, [["Ida"]], clusters=[]) for key in keys]
    write_conll(made, tmp_path / "f")
    read = [document.doc_key for document in read_conll(tmp_path / "f")]
    assert read == ["a_b", "a_b-2", "a_b-3", "a_b", "c_d_1", "c_d_1-2", "a_b-2-2"]


def test_a_document_that_gets_a_number_keeps_its_columns(tmp_path):
    row = "\t".join(["a_b", "0", "0", "Ida", "NNP", "(TOP*)", *"----*", "(1)"])
    (tmp_path / "in").write_text(f"#begin document (a_b); part 000\n{row}\n#end document\n")
    (tagged,) = read_conll(tmp_path / "in", keep_columns=True)
    blank = CorefDocument.from_sentences(f"{tagged.doc_key[:1]} b_0", [["Ida"]], clusters=[])
    write_conll([blank, tagged], tmp_path / "out")
    _, read = read_conll(tmp_path / "out", keep_columns=True)
    assert (read.doc_key, read.columns.rows) == ("a_b_0-2", tagged.columns.rows)


@pytest.mark.parametrize("name", ["a b", "x"])
def test_a_document_under_another_name_keeps_its_columns(tmp_path, name):
    """A blank in a name is none in a file; a document of a folder may be named for its place."""
    row = "\t".join(["a", "0", "0", "Ida", "NNP", "(TOP*)", *"--", "1", "Eva", "*", "(1)"])
    (tmp_path / "in").write_text(f"#begin document ({name}); part 003\n{row}\n#end document\n")
    (tagged,) = read_conll(tmp_path / "in", keep_columns=True)
    write_conll([replace(tagged, doc_key=f"{name[:3]}_3y")], tmp_path / "renamed")
    write_conll([tagged], tmp_path / "same")
    for target, key in (("renamed", f"{name.replace(' ', '_')}_3y"), ("same", f"{name}_3")):
        (read,) = read_conll(tmp_path / target, keep_columns=True)
        assert read.doc_key == key.replace(" ", "_")
        assert (read.speakers, read.columns.rows) == (["Eva"], tagged.columns.rows)
