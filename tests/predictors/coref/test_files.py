"""Files in and out of `allennlp predict` with the coreference predictor, by content and by name."""

import json
from pathlib import Path

import pytest

from spanbert_allen.common.errors import DataError
from spanbert_allen.formats.coref.conll.reader import read_conll
from spanbert_allen.predictors.bulk import BulkManager
from tests.predictors.coref.fakes import fake_predictor
from tests.predictors.test_bulk import manager, read_results, write_lines

ROW = "bc/a\t0\t{}\t{}\t-\t*\t-\t-\t-\t{}\t*\t-"
CONLL = [
    "",
    "# made by hand",
    "#begin document (bc/a); part 000",
    ROW.format(0, "Ann", "Bo"),
    ROW.format(1, "left", "Bo"),
    "",
    ROW.format(0, "ann", "Cy"),
    "#end document",
    "#begin document (bad); part 000",
    "too few columns",
    "#end document",
    "#begin document (bc/a); part 001",
    ROW.format(0, "B", "-"),
    ROW.format(1, "b", "-"),
    "#end document",
]


def test_conll_files_are_known_by_their_content(tmp_path: Path) -> None:
    data, out = write_lines(tmp_path / "in.data", *CONLL), tmp_path / "out.jsonl"
    with pytest.raises(SystemExit):
        manager(data, out, fake_predictor()).run()
    first, bad, last = read_results(out)
    assert (first["doc_key"], first["text"]) == ("bc/a_0", "Ann left ann")
    assert [mention["words"] for mention in first["clusters"][0]] == [[0, 0], [2, 2]]
    assert [mention["sentence"] for mention in first["clusters"][0]] == [0, 1]
    assert (bad["line"], "columns" in bad["error"]) == (10, True)
    assert last["doc_key"] == "bc/a_1"


def test_speakers_and_genre_of_a_conll_file_reach_the_model(tmp_path: Path) -> None:
    predictor = fake_predictor()
    first, *_ = predictor.records(str(write_lines(tmp_path / "in.conll", *CONLL)))
    document = predictor.record_to_instance(first)["metadata"].metadata["document"]
    assert (list(document.speakers), document.genre) == (["Bo", "Bo", "Cy"], "bc")


def test_from_conll_to_conll(tmp_path: Path) -> None:
    data, out = write_lines(tmp_path / "in.conll", *CONLL), tmp_path / "out.conll"
    with pytest.raises(SystemExit):
        manager(data, out, fake_predictor()).run()
    assert "#not predicted: line 10:" in out.read_text()
    documents = list(read_conll(out))
    assert [document.doc_key for document in documents] == ["bc/a_0", "bc/a_1"]
    assert documents[0].clusters == [((0, 0), (2, 2))]
    assert list(documents[0].speakers or ()) == ["Bo", "Bo", "Cy"]


@pytest.mark.parametrize(
    ("name", "made", "part"),
    [
        ("out.txt", "out.txt", "Ann left. ann sang.\n\fB b\n"),
        ("out.html", "out.html", "<sub>1</sub>"),
        ("out/", "out/in_2.ann", "*\tCoreference T1 T2\n"),
    ],
)
def test_the_output_is_what_its_name_says(tmp_path: Path, name: str, made: str, part: str) -> None:
    data = write_lines(tmp_path / "in.jsonl", '"Ann left. ann sang."', '"B b"')
    BulkManager(fake_predictor(), str(data), f"{tmp_path}/{name}", 2, False, False).run()
    assert part in (tmp_path / made).read_text()


def test_many_documents_go_through_the_model_at_once(tmp_path: Path) -> None:
    lines = [json.dumps({"tokens": ["w"] * length}) for length in (3, 1, 2)]
    predictor = fake_predictor()
    manager(write_lines(tmp_path / "in.jsonl", *lines), None, predictor, batch_size=1).run()
    assert predictor._model.batches == [["in:2", "in:3", "in:1"]]


OTHERS = {
    "preco": [{"id": "p", "sentences": [["A", "a"]], "mention_clusters": []}, {"id": "bad"}],
    "wl-coref": [
        {"document_id": "p", "cased_words": ["A", "a"], "sent_id": [0, 0], "span_clusters": []},
        {"document_id": "bad", "cased_words": 3},
    ],
}


@pytest.mark.parametrize("name", OTHERS)
def test_other_formats_are_known_by_their_content(tmp_path: Path, name: str) -> None:
    lines = [json.dumps(record) for record in OTHERS[name]]
    data, out = write_lines(tmp_path / "in.jsonl", *lines, lines[0]), tmp_path / "out.jsonl"
    with pytest.raises(SystemExit):
        manager(data, out, fake_predictor()).run()
    first, bad, last = read_results(out)
    assert (first["doc_key"], first["text"], len(first["clusters"])) == ("p", "A a", 1)
    assert (bad["line"], last) == (2, first)


def test_texts_in_brackets_stay_texts(tmp_path: Path) -> None:
    data, out = write_lines(tmp_path / "in.jsonl", '"[A] a"', '"B"'), tmp_path / "out.jsonl"
    manager(data, out, fake_predictor()).run()
    assert [result["text"] for result in read_results(out)] == ["[A] a", "B"]


def test_a_folder_is_read_as_the_files_in_it(tmp_path: Path, capsys) -> None:
    folder, out = tmp_path / "texts", tmp_path / "out.jsonl"
    (folder / "more").mkdir(parents=True)
    write_lines(folder / "a.conll", *CONLL)
    write_lines(
        folder / "b.jsonl", '{"text": "A a"}', '{"text": 3}', '{"doc_key": "c", "text": "C c"}'
    )
    write_lines(folder / "more" / "d.jsonl", "{nonsense")
    write_lines(folder / "notes.md", "not read")
    for place in ("more", "most"):
        (folder / place).mkdir(exist_ok=True)
        write_lines(folder / place / "e.txt", "A a")
        write_lines(folder / place / "f.jsonl", '{"text": "A a"}')
    with pytest.raises(SystemExit):
        manager(folder, out, fake_predictor()).run()
    results = read_results(out)
    keys = [result.get("doc_key") for result in results]
    assert keys[:7] == ["bc/a_0", None, "bc/a_1", "b:1", "b:2", "c", None]
    assert keys[7:] == ["more/e.txt", "more/f.jsonl:1", "most/e.txt", "most/f.jsonl:1"]
    errors = [result["error"] for result in results if "error" in result]
    files = ["a.conll", "b.jsonl", "more/d.jsonl"]
    assert [error.partition(": ")[0] for error in errors] == files
    said = capsys.readouterr().err
    assert f"the first: {folder}/a.conll:10: " in said
    assert said.count("a.conll") == 1
    empty = tmp_path / "empty"
    empty.mkdir()
    with pytest.raises(DataError, match="no file in this folder has a name ending in"):
        list(fake_predictor().records(str(empty)))
