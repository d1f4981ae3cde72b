"""A tiny model that has learned some short texts by heart, through `allennlp predict` itself."""

import json
from pathlib import Path

import pytest
from allennlp.predictors import Predictor

from spanbert_allen.formats.coref.conll.reader import read_conll
from tests.predictors.command import run_predict
from tests.predictors.coref.trained import DATA


@pytest.fixture(scope="module")
def archive(trained_coref: Path) -> Path:
    return trained_coref / "model.tar.gz"


def read_results(path: Path) -> list[dict]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


RESULT_KEYS = ("schema", "doc_key", "text", "clusters", "heads")
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
    assert set(from_reader[0]) == set(RESULT_KEYS)


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


def test_what_is_asked_for_by_predictor_args(
    archive: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data, out = tmp_path / "texts.jsonl", tmp_path / "out.jsonl"
    data.write_text(json.dumps(LEARNED) + "\n", encoding="utf-8")
    asked = {"probabilities": True, "top_antecedents": 3, "singleton_threshold": -1000}
    options = ("--output-file", out, "--silent", "--predictor-args", json.dumps(asked))
    run_predict(monkeypatch, archive, data, *options)
    (result,) = read_results(out)
    singletons = [cluster for cluster in result["clusters"] if len(cluster) == 1]
    (keeper, her), *_ = (cluster for cluster in result["clusters"] if len(cluster) > 1)
    assert singletons
    assert her["link_probability"] > 0.5 > keeper["antecedents"][1]["probability"]
    assert keeper["link_probability"] is None
    assert 0 <= singletons[0][0]["mention_probability"] <= her["mention_probability"] <= 1
    for mention in (keeper, her):
        probabilities = [antecedent["probability"] for antecedent in mention["antecedents"]]
        assert probabilities == sorted(probabilities, reverse=True)
        assert sum(probabilities) <= 1.0001
    assert her["antecedents"][0]["text"] == "The keeper"
    assert her["antecedents"][0]["score"] == her["link_score"]
    assert keeper["antecedents"][0]["text"] is None


def test_resolved_text_and_rows(
    archive: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = tmp_path / "texts.jsonl"
    data.write_text(json.dumps(LEARNED) + "\n", encoding="utf-8")
    for name in ("out.txt", "out.conll"):
        run_predict(monkeypatch, archive, data, "--output-file", tmp_path / name, "--silent")
    assert (tmp_path / "out.txt").read_text() == (
        "The keeper lit the keeper's lamp.\nThe keeper's lamp burned.\n"
    )
    (document,) = read_conll(tmp_path / "out.conll")
    assert document.clusters == [((0, 1), (3, 3)), ((3, 4), (6, 6))]
    again = tmp_path / "again.jsonl"
    run_predict(monkeypatch, archive, tmp_path / "out.conll", "--output-file", again, "--silent")
    assert word_spans(read_results(again)[0]) == [[[0, 1], [3, 3]], [[3, 4], [6, 6]]]


def test_a_high_link_threshold_links_nothing(archive: Path) -> None:
    predictor = Predictor.from_path(str(archive), import_plugins=False)
    assert predictor.predict(LEARNED)["clusters"]
    assert predictor.predict(LEARNED, link_threshold=1000.0)["clusters"] == []
    low = predictor.predict(LEARNED, link_threshold=-1000.0)["clusters"]
    assert sum(map(len, low)) > 4


def test_scores_do_not_depend_on_the_batch(archive: Path) -> None:
    options = {"probabilities": True, "top_antecedents": 3}
    predictor = Predictor.from_path(str(archive), import_plugins=False, **options)
    together = predictor.predict_many(TEXTS)
    alone = [predictor.predict(text) for text in TEXTS]
    for one, other in zip(together, alone, strict=True):
        for cluster, same in zip(one["clusters"], other["clusters"], strict=True):
            for mention, twin in zip(cluster, same, strict=True):
                assert mention["words"] == twin["words"]
                for name in ("mention_probability", "link_probability"):
                    assert mention[name] == pytest.approx(twin[name], abs=1e-3)
                assert [a["words"] for a in mention["antecedents"]] == [
                    a["words"] for a in twin["antecedents"]
                ]
