"""Trainings that start from the weights of a trained model."""

from __future__ import annotations

import copy
import json
import shutil
from types import SimpleNamespace

import pytest
import torch
from allennlp.commands.train import train_model
from allennlp.common import Params
from allennlp.data import Vocabulary
from allennlp.models import Model

import spanbert_allen.plugin  # registers what the configurations name
from spanbert_allen.common.errors import ConfigError
from spanbert_allen.training.loop import initial_weights
from tests.places import FIXTURES

ARCHIVES = FIXTURES / "archives"
SENTENCES = (
    ("Ida", "works for", "Acme", "person", "company", "employer"),
    ("Acme", "was founded by", "Ida", "company", "person", "founder"),
    ("Ida", "lives in", "Oslo", "person", "town", "home"),
)


def relation_file(path, labels):
    """One example for each label, in this order."""
    lines = []
    for number, label in enumerate(labels):
        (example,) = [one for one in SENTENCES if one[-1] == label]
        subject, words, object_, subject_type, object_type, _ = example
        tokens = [subject, *words.split(), object_]
        last = len(tokens) - 1
        record = {"id": str(number), "tokens": tokens, "label": label}
        record |= {"subject": [0, 0], "object": [last, last]}
        record |= {"subject_type": subject_type, "object_type": object_type}
        lines.append(json.dumps(record) + "\n")
    path.write_text("".join(lines))
    return str(path)


def relation(tmp_path, labels, **trainer):
    data = relation_file(tmp_path / f"{'_'.join(labels)}.jsonl", labels)
    embedder = {"type": "spanbert", "model_name": "tiny", "pooler": True}
    return {
        "dataset_reader": {
            "type": "spanbert_relation_jsonl",
            "indexer": {"type": "spanbert", "model_name": "tiny"},
            "mode": "ner",
        },
        "train_data_path": data,
        "vocabulary": {"type": "spanbert_relation", "negative_label": None},
        "model": {
            "type": "spanbert_relation",
            "embedder": embedder | {"train": trainer.pop("train", "all")},
            "negative_label": None,
        },
        "data_loader": {"batch_size": 4},
        "trainer": {"type": "spanbert", "num_epochs": 1, "announce_memory": False} | trainer,
    }


def unchanged(**trainer):
    """Settings with which the weights at the end are those at the start."""
    return {"optimizer": {"type": "sgd", "lr": 0.0}} | trainer


@pytest.fixture(scope="module")
def first(tmp_path_factory):
    """A relation model with a frozen encoder; and its archive."""
    folder = tmp_path_factory.mktemp("first")
    config = relation(folder, ["employer", "founder"], train="none")
    config["trainer"] |= {"num_epochs": 3, "optimizer": {"type": "adam", "lr": 0.01}}
    model = train_model(Params(config), str(folder / "run"))
    return model, folder / "run" / "model.tar.gz"


def test_labels_and_markers_keep_their_rows_and_new_ones_are_told(first, tmp_path, capsys):
    old, archive = first
    config = relation(tmp_path, ["home", "founder"], **unchanged(init=str(archive)))
    new = train_model(Params(config), str(tmp_path / "run"))
    (said,) = [one for one in capsys.readouterr().out.splitlines() if "trained from new" in one]
    assert "`home` of classifier.weight, `home` of classifier.bias" in said
    assert "`the marker OBJ=town`" in said
    assert "founder" not in said
    rows = {
        model: dict(zip(model.labels, model.classifier.weight, strict=True)) for model in (old, new)
    }
    assert torch.equal(rows[old]["founder"], rows[new]["founder"])
    vectors = "embedder.encoder.embeddings.word_embeddings.weight"
    for marker in ("SUBJ=company", "OBJ=person"):
        before, after = (
            model.state_dict()[vectors][model.row_names()[vectors].index(f"the marker {marker}")]
            for model in (old, new)
        )
        assert torch.equal(before, after)


def test_the_new_archive_loads_where_the_first_is_gone(first, tmp_path):
    _, archive = first
    moved = tmp_path / "first.tar.gz"
    shutil.copy(archive, moved)
    config = relation(tmp_path, ["employer", "founder"], **unchanged(init=str(moved)))
    train_model(Params(copy.deepcopy(config)), str(tmp_path / "run"))
    moved.unlink()
    predictor = spanbert_allen.load(tmp_path / "run" / "model.tar.gz")
    assert set(predictor._model.labels) == {"employer", "founder"}
    # A run that goes on has its weights in its checkpoint.
    train_model(Params(config), str(tmp_path / "run"), recover=True)


def test_a_frozen_encoder_can_be_trained_on(first, tmp_path):
    old, archive = first
    config = relation(tmp_path, ["employer", "founder"], init=str(archive))
    config["trainer"]["optimizer"] = {"type": "sgd", "lr": 0.1}
    new = train_model(Params(config), str(tmp_path / "run"))
    before, after = old.embedder.encoder, new.embedder.encoder
    pairs = zip(before.parameters(), after.parameters(), strict=True)
    assert not all(torch.equal(one, other) for one, other in pairs)


def test_the_encoder_alone(first, tmp_path):
    old, archive = first
    settings = unchanged(init=str(archive), init_parts="encoder")
    new = train_model(
        Params(relation(tmp_path, ["employer", "founder"], **settings)), str(tmp_path / "run")
    )
    assert torch.equal(
        old.embedder.encoder.pooler.dense.weight, new.embedder.encoder.pooler.dense.weight
    )
    assert not torch.equal(old.classifier.weight, new.classifier.weight)


def test_another_task(tmp_path, capsys):
    archive = ARCHIVES / "coref.tar.gz"
    config = relation(tmp_path, ["home", "employer"], **unchanged(init=str(archive)))
    new = train_model(Params(config), str(tmp_path / "run"))
    old = spanbert_allen.load(archive)._model
    name = "encoder.layer.0.output.dense.weight"
    assert torch.equal(
        old.embedder.encoder.state_dict()[name], new.embedder.encoder.state_dict()[name]
    )
    (said,) = [one for one in capsys.readouterr().out.splitlines() if "trained from new" in one]
    assert said.endswith(
        "trained from new: classifier.weight, classifier.bias, pooler.dense.weight, "
        "pooler.dense.bias"
    )


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"init": "nowhere.tar.gz"}, "`trainer.init`: there is no file or folder nowhere.tar.gz"),
        ({"init_parts": "head"}, "`trainer.init_parts` is 'head': it must be 'all' or 'encoder'"),
    ],
)
def test_what_cannot_be_started_from(tmp_path, settings, said):
    with pytest.raises(ConfigError, match=said):
        train_model(
            Params(relation(tmp_path, ["home", "employer"], **settings)), str(tmp_path / "run")
        )


def test_from_archive_names_init(tmp_path):
    config = relation(tmp_path, ["home", "employer"])
    config["model"] = {"type": "from_archive", "archive_file": str(ARCHIVES / "relation.tar.gz")}
    with pytest.raises(ConfigError, match="does not load without the first: leave `model` out"):
        train_model(Params(config), str(tmp_path / "run"))


def test_weights_of_classes_are_those_of_the_new_data(monkeypatch, tmp_path):
    """They are a buffer: counted from the data that is trained on, not from that before."""

    def classifier(weight: float) -> Model:
        vocab = Vocabulary({"labels": {"a": 2, "b": 1}})
        embedder = {"type": "spanbert", "model_name": "tiny", "pooler": True}
        params = {"type": "spanbert_sequence_classifier", "embedder": embedder}
        return Model.from_params(Params(params | {"class_weights": {"a": weight}}), vocab=vocab)

    old, new = classifier(3.0), classifier(5.0)
    archive = SimpleNamespace(model=old)
    monkeypatch.setattr(initial_weights, "load_archive", lambda path: archive)
    initial_weights.start_from_archive(new, tmp_path)
    assert new.class_weights.tolist() == [5.0, 1.0]
    assert torch.equal(new.classifier.weight, old.classifier.weight)


def test_a_head_of_another_width_is_trained_from_new(monkeypatch, tmp_path, caplog):
    vocab = Vocabulary({"labels": {"a": 2, "b": 1}})
    embedder = {"type": "spanbert", "model_name": "tiny", "pooler": True}
    params = {"type": "spanbert_sequence_classifier", "embedder": embedder}
    old, new = (Model.from_params(Params(copy.deepcopy(params)), vocab=vocab) for _ in range(2))
    old.classifier = torch.nn.Linear(2 * old.classifier.in_features, 2)
    before = new.classifier.weight.clone()
    archive = SimpleNamespace(model=old)
    monkeypatch.setattr(initial_weights, "load_archive", lambda path: archive)
    with caplog.at_level("WARNING", logger="spanbert_allen"):
        initial_weights.start_from_archive(new, tmp_path)
    (said,) = [one.message for one in caplog.records if one.levelname == "WARNING"]
    assert said.endswith("and therefore trained from new: classifier.weight")
    assert torch.equal(new.classifier.weight, before)
    assert torch.equal(new.classifier.bias, old.classifier.bias)


def test_tasks_among_several_start_from_a_model_of_such_a_task(monkeypatch, tmp_path, caplog):
    """The head was trained from new. Tasks of other kinds have only the encoder of it."""
    embedder = {"type": "spanbert", "model_name": "tiny", "pooler": True}
    classifier = {"type": "spanbert_sequence_classifier"}
    old = Model.from_params(
        Params(classifier | {"embedder": dict(embedder)}),
        vocab=Vocabulary({"labels": {"a": 2, "b": 1}}),
    )
    tasks = {"one": dict(classifier), "two": dict(classifier), "qa": {"type": "spanbert_qa"}}
    new = Model.from_params(
        Params({"type": "spanbert_multitask", "embedder": embedder, "tasks": tasks}),
        vocab=Vocabulary({"one.labels": {"b": 2, "c": 1}, "two.labels": {"a": 2, "b": 1}}),
    )
    archive = SimpleNamespace(model=old)
    monkeypatch.setattr(initial_weights, "load_archive", lambda path: archive)
    initial_weights.start_from_archive(new, tmp_path)
    rows = {
        task: dict(zip(model.labels, model.classifier.weight, strict=True))
        for task, model in (("old", old), ("one", new.tasks["one"]), ("two", new.tasks["two"]))
    }
    for task, label in (("one", "b"), ("two", "a"), ("two", "b")):
        assert torch.equal(rows[task][label], rows["old"][label])
    (said,) = [one for one in caplog.messages if "trained from new" in one]
    assert said.endswith(
        "new: `c` of tasks.one.classifier.weight, `c` of tasks.one.classifier.bias, "
        "tasks.qa.qa_outputs.weight, tasks.qa.qa_outputs.bias"
    )
