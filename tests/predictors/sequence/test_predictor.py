"""Classes of a user's own texts, and GLUE's files, from tiny models that have learned."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from allennlp.models import load_archive
from allennlp.predictors import Predictor

import spanbert_allen
from spanbert_allen.common.errors import DataError
from spanbert_allen.results.terminal.render import render_terminal
from tests import places
from tests.predictors.command import run_predict, trained_archive

GLUE = places.FIXTURES / "glue"
INDEXER = {"type": "spanbert", "model_name": "tiny"}
EMBEDDER = {"type": "spanbert", "model_name": "tiny", "pooler": True}


def train(folder: Path, reader: dict, model: dict, data: Path, epochs: int) -> Path:
    config = {
        "dataset_reader": {"indexer": INDEXER, "max_length": 40, **reader},
        "train_data_path": str(data),
        "model": {"type": "spanbert_sequence_classifier", "embedder": EMBEDDER, **model},
        "data_loader": {"batch_size": 4, "shuffle": True},
        "trainer": {
            "num_epochs": epochs,
            "optimizer": {"type": "adam", "lr": 0.01},
            "cuda_device": -1,
        },
    }
    return trained_archive(config, folder)


@pytest.fixture(scope="module")
def rte(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("rte") / "model"
    task = {"task": "RTE"}
    reader = {"type": "spanbert_glue", **task}
    return train(folder, reader, task, GLUE / "RTE" / "train.tsv", epochs=80)


@pytest.fixture(scope="module")
def rte_predictor(rte: Path) -> Predictor:
    return Predictor.from_path(str(rte))


@pytest.fixture(scope="module")
def stsb(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("stsb") / "model"
    task = {"task": "STS-B"}
    reader = {"type": "spanbert_glue", **task}
    return train(folder, reader, task, GLUE / "STS-B" / "train.tsv", epochs=1)


def test_what_was_learned_is_predicted(rte_predictor):
    result = rte_predictor.predict("Ida was in Oslo.", "Ida has never been in Oslo.")
    assert list(result["probabilities"]) == ["entailment", "not_entailment"]
    assert result["label"] == "not_entailment"
    assert result["probability"] == result["probabilities"]["not_entailment"] > 0.9
    assert sum(result["probabilities"].values()) == pytest.approx(1)
    assert result["schema"] == "spanbert_allen.sequence/1"
    assert (result["text"], result["text_pair"]) == (
        "Ida was in Oslo.",
        "Ida has never been in Oslo.",
    )


def test_the_archive_has_the_scores_of_the_training(rte):
    metrics = json.loads((rte.parent / "metrics.json").read_text())
    assert metrics["training_acc"] == 1.0
    archive = load_archive(rte)
    reader = archive.dataset_reader
    model = archive.model.eval()
    instances = list(reader.read(GLUE / "RTE" / "dev.tsv"))
    outputs = model.forward_on_instances(instances)
    assert [int(one["logits"].argmax()) for one in outputs] == [0, 1, 1, 0]
    assert model.get_metrics() == {"acc": 1.0}


def test_several_at_once_and_single_texts(rte_predictor):
    results = rte_predictor.predict(["It rained.", "A lamp."], ["It was dry.", "A light."])
    assert [one["text"] for one in results] == ["It rained.", "A lamp."]
    alone = rte_predictor.predict("A lamp.", "A light.")
    assert alone["probabilities"] == pytest.approx(results[1]["probabilities"], abs=1e-5)
    assert "text_pair" not in rte_predictor.predict("A lamp.")
    assert rte_predictor.predict("")["label"] in ("entailment", "not_entailment")
    with pytest.raises(DataError, match="2 texts, but 1 second ones; give one for each"):
        rte_predictor.predict(["a", "b"], "c")
    with pytest.raises(DataError, match="`text` is 1; it must be a string"):
        rte_predictor.predict([1])


def test_records(rte_predictor):
    results = rte_predictor.predict_batch_json(
        [
            {"id": "a", "text": "It rained.", "text_pair": "It was dry.", "label": "whatever"},
            {"id": "b", "text": None},
        ]
    )
    assert results[0]["id"] == "a" and results[0]["label"]
    assert results[1] == {
        "schema": "spanbert_allen.sequence/1",
        "id": "b",
        "error": "`text` is None; it must be a string",
    }


def test_lines(rte, tmp_path, monkeypatch):
    source, target = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    source.write_text('{"text": "It rained.", "text_pair": "It was dry."}\n')
    run_predict(monkeypatch, rte, source, "--output-file", target, "--silent")
    (line,) = target.read_text().splitlines()
    assert json.loads(line)["id"] == "in:1"


def test_the_file_that_glue_takes(rte, rte_predictor, tmp_path, monkeypatch):
    test = GLUE / "RTE" / "test.tsv"
    run_predict(monkeypatch, rte, test, "--output-file", tmp_path, "--silent")
    rows = (tmp_path / "RTE.tsv").read_text().split("\n")
    expected = [
        rte_predictor.predict("Ida rode the tram.", "Ida was on the tram.")["label"],
        rte_predictor.predict("It rained.", "It was dry.")["label"],
    ]
    assert rows == ["index\tprediction", f"0\t{expected[0]}", f"1\t{expected[1]}", ""]


def test_a_bad_row_is_marked(rte, tmp_path, monkeypatch, capsys):
    source, target = tmp_path / "test.tsv", tmp_path / "mine.tsv"
    source.write_text("index\tsentence1\tsentence2\n0\ta\tb\n1\ta\n2\tc\td\n")
    with pytest.raises(SystemExit) as caught:
        run_predict(monkeypatch, rte, source, "--output-file", target, "--silent")
    assert caught.value.code == 1
    assert "1 of 3 records could not be predicted" in capsys.readouterr().err
    assert [row.split("\t")[0] for row in target.read_text().splitlines()] == ["index", "0", "2"]


def test_numbers_have_six_decimals(stsb, tmp_path, monkeypatch):
    source, target = GLUE / "STS-B" / "test.tsv", tmp_path / "STS-B.tsv"
    run_predict(monkeypatch, stsb, source, "--output-file", target, "--silent")
    score = Predictor.from_path(str(stsb)).predict("A tram stops.", "The tram is stopping.")[
        "score"
    ]
    assert isinstance(score, float) and not np.isnan(score)
    assert target.read_text() == f"index\tprediction\n0\t{score:.6f}\n"


def test_own_classes(tmp_path, monkeypatch):
    archive = train(
        tmp_path / "own", {"type": "spanbert_text_pairs_jsonl"}, {}, GLUE / "own.jsonl", epochs=40
    )
    predictor = spanbert_allen.load(archive)
    assert predictor.predict("A joy.")["label"] == "good"
    assert list(predictor.predict("A joy.")["probabilities"]) == ["good", "bad"]
    with pytest.raises(DataError, match=r"the model is of none of its tasks"):
        list(predictor.records(str(GLUE / "RTE" / "test.tsv")))


def test_any_number_of_classes(tmp_path, monkeypatch, capsys):
    """Train, save, load, predict; what is cut is told."""
    lines = [
        {"text": "Ida lost her keys.", "label": ["loss", "keys"]},
        {"text": "Jane lost the tram.", "label": ["loss"]},
        {"text": "A boy has keys.", "label": ["keys"]},
        {"text": "The driver is in Oslo.", "label": []},
    ]
    data = tmp_path / "own.jsonl"
    data.write_text("".join(json.dumps(line) + "\n" for line in lines))
    settings = {"multi_label": True}
    reader = {"type": "spanbert_text_pairs_jsonl", **settings}
    model = {"class_weights": "balanced", **settings}
    archive = train(tmp_path / "model", reader, model, data, epochs=80)
    predictor = spanbert_allen.load(archive)
    results = predictor.predict([line["text"] for line in lines])
    assert (set(results[0]["label"]), results[3]["label"]) == ({"loss", "keys"}, [])
    for one in results:
        likely = [label for label, share in one["probabilities"].items() if share >= 0.5]
        assert one["label"] == likely
    assert not any(one["is_cut"] for one in results)
    assert render_terminal(results[3], colour=False)
    data.write_text(json.dumps({"text": "Ida lost her keys. " * 40}) + "\n")
    run_predict(monkeypatch, archive, data, "--output-file", tmp_path / "out.jsonl", "--silent")
    assert json.loads((tmp_path / "out.jsonl").read_text())["is_cut"] is True
    assert "warning: 1 texts have more than 40 pieces" in capsys.readouterr().err
    with pytest.raises(DataError, match="may have several classes"):
        run_predict(monkeypatch, archive, data, "--output-file", tmp_path / "out.tsv", "--silent")
    with pytest.raises(DataError, match="`text` is 3; it must be a string, or a list"):
        predictor.predict(3)
