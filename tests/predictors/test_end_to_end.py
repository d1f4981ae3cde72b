"""A tiny model that has learned some short texts by heart, through `allennlp predict` itself."""

import json
import sys
from pathlib import Path

import pytest
from allennlp.commands import main
from allennlp.predictors import Predictor

from tests.predictors.trained_coref import DATA


@pytest.fixture(scope="module")
def archive(trained_coref: Path) -> Path:
    return trained_coref / "model.tar.gz"


def run_predict(monkeypatch: pytest.MonkeyPatch, *arguments: object) -> None:
    monkeypatch.setattr(sys, "argv", ["allennlp", "predict", *map(str, arguments)])
    # Ours is registered; allennlp_models, which is a plugin too, takes long to import.
    monkeypatch.setattr("allennlp.commands.import_plugins", lambda: None)
    main(prog="allennlp")


def read_results(path: Path) -> list[dict]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


RESULT_KEYS = ("schema", "doc_key", "text", "clusters")
LEARNED = "The keeper lit her lamp.\nIt burned."
TEXTS = [
    LEARNED,
    "",
    "Anna",
    "Anna left",
    "\x01\x02",
    "The cat saw the dog. The dog ran, and the cat ran after it. It was a good day for the cat.",
]


def test_predict_texts(archive: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lines = [json.dumps({"text": text}) for text in TEXTS]
    lines.insert(1, "{}")
    data, out = tmp_path / "texts.jsonl", tmp_path / "out.jsonl"
    data.write_text("\n".join(lines), encoding="utf-8")
    with pytest.raises(SystemExit) as stop:
        run_predict(monkeypatch, archive, data, "--output-file", out, "--silent", "--batch-size", 3)
    assert stop.value.code == 1
    results = read_results(out)
    assert results.pop(1)["line"] == 2
    assert [result["text"] for result in results] == TEXTS
    assert [len(result["clusters"]) for result in results[1:5]] == [0, 0, 0, 0]
    learned = results[0]["clusters"]
    assert [[(m["start"], m["end"], m["text"], m["sentence"]) for m in c] for c in learned] == [
        [(0, 10, "The keeper", 0), (15, 18, "her", 0)],
        [(15, 23, "her lamp", 0), (25, 27, "It", 1)],
    ]
    for cluster in learned:
        assert all(isinstance(mention["mention_score"], float) for mention in cluster)
        assert cluster[0]["link_score"] is None
        assert cluster[1]["link_score"] > 0


def test_predict_with_the_dataset_reader(
    archive: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "out.jsonl"
    options = ("--output-file", out, "--silent", "--use-dataset-reader", "--batch-size", 4)
    overrides = {"dataset_reader.type": "spanbert_coref_conll"}
    run_predict(monkeypatch, archive, DATA / "small.conll", *options, "-o", json.dumps(overrides))
    from_reader = read_results(out)
    assert len(from_reader) > 1
    assert {"schema", "doc_key", "text", "clusters"} == set(from_reader[0])


def test_results_do_not_depend_on_the_batch(archive: Path) -> None:
    predictor = Predictor.from_path(str(archive), import_plugins=False)
    records = [{"text": text, "doc_key": "d"} for text in TEXTS * 2]
    together = predictor.predict_batch_json(records)
    alone = [predictor.predict_json(record) for record in records]
    assert [word_spans(result) for result in together] == [word_spans(result) for result in alone]


def test_the_three_forms_of_a_document_agree(archive: Path) -> None:
    predictor = Predictor.from_path(str(archive), "spanbert_coref", import_plugins=False)
    sentences = [["The", "keeper", "lit", "her", "lamp", "."], ["It", "burned", "."]]
    words = [word for sentence in sentences for word in sentence]
    by_sentences = predictor.predict(sentences=sentences)
    assert by_sentences["clusters"]
    assert predictor.predict(words=words) == by_sentences
    assert word_spans(predictor.predict(LEARNED)) == word_spans(by_sentences)


def word_spans(result: dict) -> list[list[list[int]]]:
    return [[mention["words"] for mention in cluster] for cluster in result["clusters"]]
