"""Results in other formats: what they hold, and that they appear whole or not at all."""

import gzip
import json
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spanbert_allen.common.errors import DataError
from spanbert_allen.formats.coref.conll.reader import read_conll
from spanbert_allen.results.kinds import result_kind
from spanbert_allen.results.writing.brat import standoff
from spanbert_allen.results.writing.writers import format_of, open_results
from tests.results.results import coref_result, result_of

TEXT = "Ida lost her\r\nkeys. She\tate."
RESULT = coref_result(TEXT, ["Ida", "her", "She\tate"], ["her\r\nkeys"])
ERROR = {"line": 2, "error": "no text"}
WORDS = {
    "doc_key": "nw/x_3",
    "text": "Ida lost her keys . She ate .",
    "sentences": [["Ida", "lost", "her", "keys", "."], ["She", "ate", "\ud800"]],
    "speakers": [["A"] * 5, ["B"] * 3],
    "clusters": [
        [
            {"start": 0, "end": 3, "words": [0, 0], "text": "Ida"},
            {"start": 9, "end": 12, "words": [2, 2], "text": "her"},
            {"start": 20, "end": 23, "words": [5, 5], "text": "She"},
        ],
        [{"start": 9, "end": 17, "words": [2, 3], "text": "her keys"}],
    ],
}


def write(path: Path | str, *results: dict, file_format: str | None = None) -> None:
    with open_results(path, file_format) as writer:
        for result in results:
            writer.add(result)


def test_brat_counts_characters_and_cuts_at_line_ends() -> None:
    assert standoff(RESULT) == (
        "T1\tMention 0 3\tIda\n"
        "T2\tMention 9 12;14 18\ther keys\n"
        "T3\tMention 9 12\ther\n"
        "T4\tMention 20 27\tShe ate\n"
        "*\tCoreference T1 T3 T4\n"
    )


def test_a_brat_folder_has_two_files_a_document(tmp_path: Path) -> None:
    named = [RESULT | {"doc_key": key} for key in ("a/b:1", "A_b_1", "..", "..", "\ud800")]
    write(tmp_path / "out", *named, ERROR, file_format="brat")
    found = sorted(path.name for path in (tmp_path / "out").iterdir())
    stems = ["A_b_1-2", "_", "a_b_1", "document", "document-2"]
    assert found == sorted(
        ["annotation.conf", *(f"{stem}{end}" for stem in stems for end in (".ann", ".txt"))]
    )
    assert (tmp_path / "out" / "a_b_1.txt").read_bytes().decode() == TEXT
    assert (tmp_path / "out" / "a_b_1.ann").read_text() == standoff(RESULT)
    assert "Coreference Arg1:Mention" in (tmp_path / "out" / "annotation.conf").read_text()


def test_brat_files_of_long_names(tmp_path: Path) -> None:
    keys = ["\u30df" * 300 + end for end in "ab"]
    write(tmp_path / "out", *(RESULT | {"doc_key": key} for key in keys), file_format="brat")
    assert len(list((tmp_path / "out").glob("\u30df*.ann"))) == 2


def test_a_brat_pair_is_for_one_document(tmp_path: Path) -> None:
    write(tmp_path / "one.ann", RESULT, ERROR)
    assert (tmp_path / "one.txt").read_bytes().decode() == TEXT
    assert (tmp_path / "one.ann").read_text() == standoff(RESULT)
    with pytest.raises(DataError, match=r"two.ann: the second document .* a folder"):
        write(tmp_path / "two.ann", RESULT, RESULT)
    assert not list(tmp_path.glob("two*"))


def test_a_folder_appears_whole_or_not_at_all(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt), open_results(f"{tmp_path}/out/") as writer:
        writer.add(RESULT)
        raise KeyboardInterrupt
    assert not list(tmp_path.iterdir())
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine").write_text("kept")
    with pytest.raises(DataError, match="something is here already"):
        write(tmp_path / "full", RESULT)
    assert [path.name for path in (tmp_path / "full").iterdir()] == ["mine"]
    with pytest.raises(DataError, match="does not exist; make it first"):
        write(f"{tmp_path}/none/out/", RESULT)


def test_conll_rows_are_read_back(tmp_path: Path) -> None:
    path = tmp_path / "out.conll.gz"
    write(path, WORDS, ERROR, WORDS | {"doc_key": "other", "speakers": None, "clusters": []})
    text = gzip.decompress(path.read_bytes()).decode()
    assert "#not predicted: line 2: no text\n" in text
    first, second = read_conll(path)
    assert (first.doc_key, list(first.speakers or ())) == ("nw/x_3", ["A"] * 5 + ["B"] * 3)
    assert list(first.words) == ["Ida", "lost", "her", "keys", ".", "She", "ate", "?"]
    assert list(first.sentence_ids) == [0] * 5 + [1] * 3
    assert [[tuple(span) for span in cluster] for cluster in first.clusters or ()] == [
        [(0, 0), (2, 2), (5, 5)],
        [(2, 3)],
    ]
    assert (second.doc_key, second.speakers, second.clusters) == ("other", None, [])
    with pytest.raises(DataError, match=r"prediction of d does not hold the words .*sentences"):
        write(tmp_path / "no.conll", RESULT)
    assert not (tmp_path / "no.conll").exists()


def test_resolved_texts_stand_in_order_with_page_breaks(tmp_path: Path) -> None:
    path = tmp_path / "out.txt"
    short = coref_result("Ida ate. She\fsang.\n", ["Ida", "She"])
    write(path, short, ERROR, short | {"resolved_text": "Made before."})
    assert path.read_text().split("\f") == ["Ida ate. Ida sang.\n", "\n", "Made before.\n"]


def test_lines_stay_lines(tmp_path: Path) -> None:
    write(tmp_path / "out.jsonl", RESULT, ERROR)
    lines = (tmp_path / "out.jsonl").read_text().splitlines()
    assert [json.loads(line) for line in lines] == [RESULT, ERROR]


def test_a_page(tmp_path: Path) -> None:
    write(tmp_path / "out.html", RESULT, ERROR)
    page = (tmp_path / "out.html").read_text()
    assert page.count("<article ") == 2 and "Not predicted: no text" in page


ANSWER = {"question": "Who?", "context": "Ida.", "answers": [], "start": None, "end": None}
ANSWER |= {"id": "q", "answer": "", "no_answer_score": None}


def test_documents_whose_names_become_one_in_conll_stay_apart(tmp_path: Path) -> None:
    write(tmp_path / "out.conll", *(WORDS | {"doc_key": key} for key in ("a b", "a_b")))
    assert [one.doc_key for one in read_conll(tmp_path / "out.conll")] == ["a_b", "a_b-2"]


@pytest.mark.parametrize("ending", ["conll", "txt", "ann"])
def test_answers_are_no_coreference(tmp_path: Path, ending: str) -> None:
    with pytest.raises(DataError, match="formats of coreference"):
        write(tmp_path / f"out.{ending}", ANSWER)
    assert not list(tmp_path.iterdir())
    assert (result_kind(ANSWER), result_kind(RESULT), result_kind({})) == ("qa", "coref", None)
    write(tmp_path / "out.html", ANSWER)


def test_formats_by_name(tmp_path: Path) -> None:
    names = ["a.conll", "a.CONLL.gz", "a.txt", "a.htm", "a.html"]
    names += ["a.ann", "a.ANN.gz", "out/", str(tmp_path)]
    assert [format_of(name) for name in names] == [
        *["conll"] * 2, "resolved", *["html"] * 2, *["brat"] * 4,
    ]  # fmt: skip
    assert {format_of(name) for name in ("a", "a.jsonl", "a.json", "-", "a.gz")} == {"jsonl"}


spans = st.tuples(st.integers(0, 20), st.integers(1, 9)).map(lambda pair: (pair[0], sum(pair)))


@given(chains=st.lists(st.lists(spans, min_size=1, max_size=3, unique=True), max_size=4))
def test_brat_pieces_are_the_text_of_the_mention(chains: list[list[tuple[int, int]]]) -> None:
    text = "ab\ncd e\r\n\r\nfg hi jkl\nmn opq"
    lines = standoff(result_of(text, chains)).splitlines()
    entities = [line for line in lines if line.startswith("T")]
    assert len(entities) == sum(map(len, chains))
    for line in entities:
        _, place, shown = line.split("\t")
        pieces = re.findall(r"(\d+) (\d+)", place)
        assert " ".join(text[int(start) : int(end)] for start, end in pieces) == shown
    named = [line.split()[2:] for line in lines if line.startswith("*")]
    assert sorted(map(len, named)) == sorted(len(chain) for chain in chains if len(chain) > 1)
