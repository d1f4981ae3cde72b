"""One encoder for several tasks: the same models as alone, trained together."""

from __future__ import annotations

import json
import tarfile

import pytest
import torch
from allennlp.common import Params
from allennlp.data import DataLoader, DatasetReader, Vocabulary
from allennlp.models import Model, load_archive

import spanbert_allen
from spanbert_allen.common.errors import ConfigError
from spanbert_allen.predictors import CorefPredictor, QAPredictor, RelationPredictor
from spanbert_allen.training.loop.validation import check_tracked_metrics
from tests.models.multitask_training import (
    BATCHES,
    IN_ORDER,
    MODELS,
    READERS,
    TINY,
    config,
    data,
    train,
)

spanbert_allen.register()
TEXT = "Ida lost her keys in Oslo. She found them."
RECORDS = {
    "coref": {"text": TEXT},
    "qa": {"question": "Who lost them?", "context": TEXT},
    "relation": {"text": TEXT, "subject": [0, 3], "object": [21, 25]},
}
PREDICTORS = {"coref": CorefPredictor, "qa": QAPredictor, "relation": RelationPredictor}


@pytest.fixture(scope="module")
def archive(trained_multitask):
    return load_archive(trained_multitask / "model.tar.gz")


@pytest.fixture
def model(archive):
    archive.model.get_metrics(reset=True)
    return archive.model.eval()


def single(task, model):
    """The model of one task alone, with the weights that it has among others."""
    alone = Model.from_params(
        Params(json.loads(json.dumps(MODELS[task] | {"embedder": TINY}))),
        vocab=model.tasks[task].vocab,
    )
    alone.load_state_dict(model.tasks[task].state_dict())
    return alone.eval()


def params(**settings):
    return Params(json.loads(json.dumps({"type": "spanbert_multitask"} | settings)))


def batches(model, paths, evaluation=True):
    readers = READERS | {"qa": READERS["qa"] | {"training": not evaluation}}
    loader = DataLoader.from_params(
        params(batches=dict.fromkeys(READERS, IN_ORDER), evaluation=True),
        reader=DatasetReader.from_params(params(readers=readers)),
        data_path=paths,
    )
    loader.index_with(model.vocab)
    return list(loader)


def test_a_training_ends_with_scores_of_each_task_and_their_mean(trained_multitask):
    metrics = json.loads((trained_multitask / "metrics.json").read_text())
    shares = [
        metrics["best_validation_coref_coref_f1"],
        metrics["best_validation_qa_f1"] / 100,
        metrics["best_validation_relation_f1"],
    ]
    assert metrics["best_validation_mean"] == pytest.approx(sum(shares) / 3)
    assert {"training_qa_span_accuracy", "training_relation_f1"} <= metrics.keys()


def test_the_weights_hold_the_encoder_once(trained_multitask, model):
    with tarfile.open(trained_multitask / "model.tar.gz") as file:
        weights = torch.load(file.extractfile("weights.th"), weights_only=True)
    assert not [name for name in weights if name.startswith("tasks.") and ".embedder." in name]
    assert weights.keys() == model.state_dict().keys()
    assert {id(task.embedder) for task in model.tasks.values()} == {id(model.embedder)}


def test_the_vocabulary_of_a_task_has_its_own_namespaces(trained_multitask, model):
    names = {path.name for path in (trained_multitask / "vocabulary").glob("relation*")}
    assert "relation.relation_labels.txt" in names
    assert model.tasks["relation"].labels[0] == "no_relation"


@pytest.mark.parametrize("task", READERS)
def test_a_result_is_that_of_the_task_alone(archive, model, task):
    reader = archive.validation_dataset_reader
    together = PREDICTORS[task](model, reader).predict_json(RECORDS[task])
    alone = PREDICTORS[task](single(task, model), reader.reader_of(task))
    assert "error" not in together
    assert together == alone.predict_json(RECORDS[task])


def test_gradients_reach_every_weight_and_the_encoder_from_each_task(model, tmp_path):
    model.train()
    reached = set()
    for batch in batches(model, data(tmp_path), evaluation=False):
        model.zero_grad()
        model(**batch)["loss"].backward()
        found = {
            name
            for name, weight in model.named_parameters()
            if weight.grad is not None and bool(weight.grad.any())
        }
        assert any(name.startswith("embedder.encoder.encoder.layer.0") for name in found)
        assert all(name.startswith(("embedder", f"tasks.{batch['task'][0]}.")) for name in found)
        reached |= found
    trained = {name for name, weight in model.named_parameters() if weight.requires_grad}
    unused = {name for name in trained - reached if "position" not in name and "type" not in name}
    # Of a key's bias attention's softmax takes no notice, nor that over labels of a shift of all.
    assert {name for name in unused if not name.endswith("key.bias")} == set()
    model.zero_grad()


def test_a_loss_is_weighted(model, tmp_path):
    (batch,) = (one for one in batches(model, data(tmp_path)) if one["task"][0] == "relation")
    with torch.no_grad():
        loss = model(**dict(batch))["loss"]
        model.loss_weights = {"relation": 0.5}
        try:
            assert model(**dict(batch))["loss"] == pytest.approx(loss.item() / 2)
        finally:
            model.loss_weights = {}


def test_only_tasks_that_have_been_evaluated_have_scores(model, tmp_path):
    assert "mean" in model.get_metrics()  # of all tasks, before there is any data
    paths = data(tmp_path)
    with torch.no_grad():
        for batch in batches(model, {"relation": paths["relation"]}):
            model(**batch)
    assert all(name.startswith("relation_") for name in model.get_metrics(reset=True))


def test_one_task_alone_trains_as_its_own_model(tmp_path):
    several = config(tmp_path, tasks=("qa",))
    reader = READERS["qa"]
    alone = {
        **several,
        "dataset_reader": {**reader, "training": True},
        "validation_dataset_reader": reader,
        "train_data_path": several["train_data_path"]["qa"],
        "validation_data_path": several["validation_data_path"]["qa"],
        "model": MODELS["qa"] | {"embedder": TINY},
        "data_loader": {"batch_sampler": BATCHES["qa"]},
        "validation_data_loader": {"batch_sampler": IN_ORDER},
    }
    several, alone = json.loads(json.dumps([several, alone]))
    del alone["vocabulary"]
    # The tasks' batches may come in another order: here there is one an epoch.
    for one in (several["data_loader"]["batches"]["qa"], alone["data_loader"]["batch_sampler"]):
        one["max_pieces"] = 4000
    several["trainer"]["validation_metric"] = "+qa_f1"
    alone["trainer"] = several["trainer"] | {"validation_metric": "+f1"}
    losses = []
    for settings, name in ((several, "several"), (alone, "alone")):
        folder = train(settings, tmp_path / name)
        lines = (folder / "evaluations.jsonl").read_text().splitlines()
        losses.append([json.loads(line)["training"]["loss"] for line in lines])
    assert losses[0] == losses[1]
    assert len(losses[0]) == 2


def built(tasks, **settings):
    settings |= {"embedder": TINY, "tasks": tasks}
    return Model.from_params(params(**settings), vocab=Vocabulary())


@pytest.mark.parametrize(
    ("tasks", "settings", "sentence"),
    [
        ({}, {}, "model.tasks: there is none"),
        ({"qa": {"type": "spanbert_qa", "embedder": TINY}}, {}, "leave `embedder` out of it"),
        ({"qa": {"type": "spanbert_qa"}}, {"loss_weights": {"q": 1}}, "there is no task 'q'"),
        ({"qa": {"type": "spanbert_qa"}}, {"mean_of": {"f1": 1}}, "such as `qa_f1`"),
    ],
)
def test_settings_that_cannot_be(tasks, settings, sentence):
    with pytest.raises(ConfigError, match=sentence):
        built(tasks, **settings)


def test_a_mean_of_a_metric_that_there_is_not():
    model = built({"qa": {"type": "spanbert_qa"}}, mean_of={"qa_f2": 100}).eval()
    with pytest.raises(ConfigError, match=r"model.mean_of.qa_f2: .*did you mean `qa_f1`"):
        model.get_metrics()


@pytest.mark.parametrize("task", ["qa", "my_qa"])
def test_a_mean_of_scores_of_parts_of_the_data_may_choose_the_best_weights(task):
    """As the configuration of several tasks asks for MNLI's `matched_acc`."""
    settings = {"type": "spanbert_qa", "by_dataset": True}
    model = built({task: settings}, mean_of={f"{task}_NewsQA_f1": 100, f"{task}_f1": 100}).eval()
    check_tracked_metrics(model, ["mean"])
    for number, dataset in enumerate(("NewsQA", "DROP")):
        answer = ("Oslo", "Rome")[number]
        model.tasks[task].answer_scores(dataset, answer, ["Oslo"], dataset=dataset)
    model.tally(task)
    assert model.get_metrics(reset=True)["mean"] == pytest.approx((1 + 0.5) / 2)


def test_a_batch_of_two_tasks_is_refused():
    model = built({"qa": {"type": "spanbert_qa"}})
    with pytest.raises(ConfigError, match="a batch holds examples of coref and qa"):
        model(task=["qa", "coref"])
