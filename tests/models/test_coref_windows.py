"""The coreference model in windows, and what its archive predicts, evaluates and scores."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable
from copy import deepcopy
from pathlib import Path

import pytest
import torch
from allennlp.commands.train import train_model
from allennlp.common import Params
from allennlp.data import Instance
from allennlp.data.fields import MetadataField
from allennlp.models import Model, load_archive

import spanbert_allen.plugin  # noqa: F401
from spanbert_allen.__main__ import main
from spanbert_allen.common.spans import WordSpan
from spanbert_allen.formats.coref.conll.writer import write_conll
from spanbert_allen.formats.coref.document import CorefDocument
from spanbert_allen.models import coref
from spanbert_allen.modules.coref.decoder import CorefDecoding
from spanbert_allen.modules.coref.windows import CorefWindows, score_in_windows
from spanbert_allen.predictors.coref.predictor import CorefPredictor

WORDS = ["Ida", "met", "her", "brother", ".", "He", "gave", "Ida", "a", "lamp", "."]
HEAD = {"hidden_dim": 12, "max_span_width": 4, "max_antecedents": 9, "feature_size": 4}
READER = {
    "type": "spanbert_coref_conll",
    "indexer": {"type": "spanbert", "model_name": "tiny", "max_length": 24},
}
MODEL = {
    "type": "spanbert_coref",
    "embedder": {"type": "spanbert", "model_name": "tiny"},
    "head": HEAD,
    "mention_loss_weight": 1.0,
    "singleton_threshold": 0.0,
}
WINDOWS = {"length": 30, "overlap": 12, "remembered": 5}


def story(name: str, times: int, *, annotated: int = 2) -> CorefDocument:
    """The same two sentences several times over, in which Ida and her brother stay who they are."""
    starts = range(0, times * len(WORDS), len(WORDS))
    ida = [WordSpan(at + word, at + word) for at in starts for word in (0, 2, 7)]
    brother = [
        span for at in starts for span in (WordSpan(at + 2, at + 3), WordSpan(at + 5, at + 5))
    ]
    return CorefDocument.from_sentences(
        name, [WORDS[:5], WORDS[5:]] * times, clusters=[tuple(ida), tuple(brother)][:annotated]
    )


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("data") / "stories.conll"
    half = story("middle_0", 6, annotated=1)
    write_conll([story("short_0", 2), story("long_0", 12), half], path)
    return path


@pytest.fixture(scope="module")
def archive_path(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    config = {
        "dataset_reader": READER,
        "train_data_path": str(data),
        "model": MODEL,
        "data_loader": {"batch_size": 1},
        "trainer": {
            "num_epochs": 12,
            "optimizer": {"type": "huggingface_adamw", "lr": 0.01},
            "cuda_device": -1,
        },
    }
    folder = tmp_path_factory.mktemp("run") / "run"
    train_model(Params(deepcopy(config)), str(folder))
    return folder / "model.tar.gz"


@pytest.fixture(scope="module")
def archive(archive_path: Path):
    return load_archive(str(archive_path))


@pytest.fixture
def model(archive) -> Model:
    archive.model.eval()
    archive.model.windows = None
    archive.model.get_metrics(reset=True)
    return archive.model


@pytest.fixture(scope="module")
def instances(archive, data: Path) -> list[Instance]:
    return list(archive.validation_dataset_reader.read(data))


def test_one_window_is_the_whole_document(model, instances):
    whole = model.forward_on_instances(instances)
    assert all(output["clusters"] for output in whole)
    model.windows = CorefWindows(length=1000, overlap=10)
    assert model.forward_on_instances(instances) == whole


def test_windows_do_not_depend_on_the_batch(model, instances):
    model.windows = CorefWindows(**WINDOWS)
    together = model.forward_on_instances(instances)
    assert any(
        cluster[-1].end - cluster[0].start > WINDOWS["length"]
        for output in together
        for cluster in output["clusters"]
    )
    for instance, output in zip(instances, together, strict=True):
        alone = model.forward_on_instance(instance)
        assert alone["clusters"] == output["clusters"]
        assert [s for c in alone["mention_scores"] for s in c] == pytest.approx(
            [s for c in output["mention_scores"] for s in c], abs=1e-4
        )


@pytest.mark.parametrize(("options", "expected"), [({}, 0.25), ({"link_threshold": -1.5}, -1.5)])
def test_windows_follow_the_threshold(archive, model, instances, monkeypatch, options, expected):
    """The model's, or the predictor's own."""
    thresholds = []

    def watched(*arguments, link_threshold, **options):
        thresholds.append(link_threshold)
        return score_in_windows(*arguments, link_threshold=link_threshold, **options)

    monkeypatch.setattr(coref, "score_in_windows", watched)
    monkeypatch.setattr(model, "decoding", CorefDecoding(link_threshold=0.25))
    model.windows = CorefWindows(**WINDOWS)
    predictor = CorefPredictor(model, archive.validation_dataset_reader, **options)
    assert "clusters" in predictor.predict_json({"text": "Ida met Tom. She left. He stayed."})
    assert thresholds == [expected]


def test_training_sees_no_windows(model, instances):
    model.train()
    losses = []
    for windows in (None, CorefWindows(length=6, overlap=1)):
        model.windows = windows
        torch.manual_seed(1)
        losses.append(model.forward_on_instance(instances[1])["loss"])
    model.eval()
    assert losses[0] == losses[1]
    assert model.forward_on_instance(instances[1])["loss"] != pytest.approx(losses[0])


def test_windows_are_set_where_an_archive_is_used(
    archive, archive_path, data, tmp_path, model, instances
):
    model.windows = CorefWindows(**WINDOWS)
    expected = model.forward_on_instances(instances)
    model.windows = None
    predictor = CorefPredictor(model, archive.validation_dataset_reader, windows=WINDOWS)
    assert words_of(predictor.predict_batch_instance(instances)) == words_of(expected)
    overrides = json.dumps({"model.windows": WINDOWS})
    out = tmp_path / "clusters.jsonl"
    predict = ["predict", str(archive_path), str(data), "--output-file", str(out), "--silent"]
    assert main([*predict, "-o", overrides]) == 0
    assert words_of(map(json.loads, out.read_text().splitlines())) == words_of(expected)


def words_of(results: Iterable[dict]) -> list[list[list[tuple[int, int]]]]:
    """The clusters of outputs of the model, or of results of the predictor."""
    return [
        [
            sorted(tuple(m["words"] if isinstance(m, dict) else m) for m in cluster)
            for cluster in result["clusters"]
        ]
        for result in results
    ]


def test_evaluation_and_the_score_command_agree(model, archive, data, instances, tmp_path):
    """Of the metrics while evaluating, and of files afterwards."""
    model.windows = CorefWindows(length=30, overlap=0, remembered=0)  # not all is found
    output = model.forward_on_instances(instances)
    evaluated = model.get_metrics(reset=True)
    predictor = CorefPredictor(model, archive.validation_dataset_reader)
    results = tmp_path / "results.jsonl"
    results.write_text(
        "".join(json.dumps(result) + "\n" for result in predictor.predict_batch_instance(instances))
    )
    scores_file = tmp_path / "scores.json"
    assert main(["score", "coref", str(data), str(results), "--out", str(scores_file)]) == 0
    scores = json.loads(scores_file.read_text())["with_singletons"]
    assert 0.3 < evaluated["coref_precision"] < 1
    assert 0.3 < evaluated["coref_recall"] < 1
    for part in ("precision", "recall", "f1"):
        assert scores["conll"][part] == pytest.approx(evaluated[f"coref_{part}"])
    for name in ("muc", "b_cubed", "ceafe", "lea"):
        assert scores[name]["f1"] == pytest.approx(evaluated[f"{name}_f1"])
    clusters = [item["clusters"] for item in output]
    predicted = tmp_path / "predicted.conll"
    documents = [instance["metadata"].metadata["document"] for instance in instances]
    write_conll(documents, predicted, clusters=clusters)
    assert main(["score", "coref", str(data), str(predicted), "--out", str(scores_file)]) == 0
    assert json.loads(scores_file.read_text())["with_singletons"] == scores


def test_a_limit_that_costs_mentions_is_said_once_a_document(model, instances, caplog):
    model.head.selection.max_kept = 13
    with caplog.at_level(logging.WARNING, logger="spanbert_allen.modules.coref.head"):
        model.forward_on_instances(instances)
        said = [record.getMessage() for record in caplog.records]
        caplog.clear()
        # Given mentions all stay.
        given = instances[0]["metadata"].metadata | {"given_spans": [[1, 1], [3, 3]]}
        fields = instances[0].fields | {"metadata": MetadataField(given)}
        model.forward_on_instance(Instance(fields))
        # A window's share is not above the limit.
        model.windows = CorefWindows(**WINDOWS)
        model.forward_on_instances(instances)
    model.head.selection.max_kept = 3900
    assert not caplog.records
    assert len(said) == 2  # the short one loses next to nothing
    assert said[0].startswith("long_0: of 228 units, model.head.max_kept keeps 13 spans")
    assert "leaves out 78 that its share of 0.4 a unit would keep" in said[0]
    assert said[1].startswith("middle_0: ")
