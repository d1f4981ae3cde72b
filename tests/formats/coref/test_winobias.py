import pytest

from spanbert_allen.common.errors import DataError
from spanbert_allen.common.spans import WordSpan
from spanbert_allen.formats.coref.document import CorefDocument
from spanbert_allen.formats.coref.winobias import (
    document_of_line,
    is_winobias,
    read_winobias,
    winobias_line,
)

LINE = "3 [The developer] argued with (the designer) because [she] did not like (her)."


def test_a_line():
    document = document_of_line(LINE, "k")
    assert document.words[:3] == ["The", "developer", "argued"]
    assert document.words[-2:] == ["her", "."]
    assert document.clusters == [((0, 1), (7, 7)), ((4, 5), (11, 11))]
    assert set(document.sentence_ids) == {0}
    assert winobias_line(document) == LINE[2:] + "\n"


@pytest.mark.parametrize(
    ("line", "words", "clusters"),
    [
        ("[The cook's] dog", ["The", "cook's", "dog"], [((0, 1),)]),
        ("It is [hers], he said.", ["It", "is", "hers", ",", "he", "said", "."], [((2, 2),)]),
        ("([a b] c)", ["a", "b", "c"], [((0, 1),), ((0, 2),)]),
        ("12 cooks", ["cooks"], []),
        ("12", ["12"], []),
        (".", ["."], []),
    ],
)
def test_words_and_mentions(line, words, clusters):
    document = document_of_line(line, "k")
    assert (document.words, document.clusters) == (words, clusters)


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("[the cook", r"f:2: the bracket \[ never closes"),
        ("the cook)", r"f:2: the bracket \) closes nothing"),
        ("[the (cook] x)", r"f:2: the bracket \] closes nothing"),
        ("the [ ] cook", r"f:2: there is no word between \[ and \]"),
    ],
)
def test_brackets_that_do_not_match(tmp_path, line, sentence):
    (tmp_path / "f").write_text(f"[a] b\n{line}\n")
    with pytest.raises(DataError, match=sentence):
        list(read_winobias(tmp_path / "f"))


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (LINE, True),
        (LINE[2:], True),
        ("12 [The cook] slept.", True),
        ("[Her] dog saw [the cook].", True),
        # Texts with brackets.
        ("Ida (born 1990) met Tom (her brother).", False),
        ("1 Ida (the cook) met Tom.", False),
        ("She left [1] and came back [2].", False),
        ("3 men left [1].", False),
        ("[Ida laughs] So I went home. [Tom nods]", False),
        ("He said that [the king] had left.", False),
        ("See [it](http://a.b) and [the other](http://c.d).", False),
        ("1 [The cook met her.", False),
        ("1 [The (cook] met) [her].", False),
        ("[x] [ ] [her]", False),
        ("[her]\t[the cook]", False),
        ("12 cooks", False),
    ],
)
def test_lines_that_show_what_they_are(line, expected):
    assert is_winobias(line) is expected


def test_a_file(tmp_path):
    (tmp_path / "f.txt").write_text(f"{LINE}\n\n[a] b\n")
    assert [one.doc_key for one in read_winobias(tmp_path / "f.txt")] == ["f:1", "f:3"]
    (tmp_path / "f.txt").write_text("\n")
    with pytest.raises(DataError, match="the file is empty"):
        list(read_winobias(tmp_path / "f.txt"))


@pytest.mark.parametrize(
    ("clusters", "line"),
    [
        ([(WordSpan(0, 0),), (WordSpan(0, 1),)], "([a] b)\n"),
        ([(WordSpan(0, 1),), (WordSpan(1, 1),)], "[a (b)]\n"),
        ([(WordSpan(0, 0), WordSpan(0, 1))], "[[a] b]\n"),
    ],
)
def test_mentions_that_begin_or_end_together(clusters, line):
    document = CorefDocument.from_sentences("k", [["a", "b"]], clusters=clusters)
    assert winobias_line(document) == line
    assert document_of_line(line, "k") == document
