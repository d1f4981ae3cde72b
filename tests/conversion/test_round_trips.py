"""Folders of transformers in and out: what they say of themselves is kept."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from allennlp.commands.evaluate import evaluate_from_archive
from allennlp.models import load_archive
from transformers import BertForSequenceClassification

import spanbert_allen
from spanbert_allen.__main__ import main
from spanbert_allen.common.errors import ConfigError, DataError
from spanbert_allen.conversion.archive_settings import write_with_settings
from spanbert_allen.conversion.task import SETTINGS_KEY, Source
from spanbert_allen.conversion.tasks import TASKS
from spanbert_allen.formats.relation.jsonl import relation_record
from spanbert_allen.formats.relation.tacred import read_tacred
from spanbert_allen.modules.qa.heads import IndependentAnswers
from tests.conversion.test_classifier_conversion import (
    PAIRS,
    assert_same_logits,
    hf_folder,
    make_model,
    pair_instances,
    run_import,
)
from tests.places import FIXTURES

ARCHIVES = FIXTURES / "archives"

MARKERS = [f"{role}_{end}" for role in ("SUBJ", "OBJ") for end in ("START", "END")]


def names(*labels: str) -> dict:
    return {
        "id2label": dict(enumerate(labels)),
        "label2id": {label: number for number, label in enumerate(labels)},
    }


def exported(archive: Path, folder: Path) -> tuple[BertForSequenceClassification, dict]:
    assert main(["export", str(archive), str(folder)]) == 0
    config = json.loads((folder / "config.json").read_text())
    return BertForSequenceClassification.from_pretrained(folder).eval(), config


def same_weights(one: torch.nn.Module, other: torch.nn.Module) -> bool:
    theirs = other.state_dict()
    return all(torch.equal(tensor, theirs[name]) for name, tensor in one.state_dict().items())


@pytest.mark.parametrize(
    ("task", "labels", "options"),
    [
        ("sequence", ("ENTAILMENT", "NEUTRAL", "CONTRADICTION"), ["--glue-task", "mnli"]),
        ("relation", ("lives_in", "no_relation", "born_in"), ["--mode", "text", "--markers"]),
    ],
)
def test_labels_come_out_in_the_order_in_which_they_came_in(tmp_path, task, labels, options):
    model = make_model(3, **names(*labels), classifier_dropout=0.25)
    source = hf_folder(tmp_path / "hf", model)
    if "--markers" in options:
        options = [*options, *MARKERS]
    run_import(source, tmp_path / "a.tar.gz", task, *options)
    archive = load_archive(tmp_path / "a.tar.gz")
    assert archive.model.classifier.dropout == 0.25
    assert [label.lower() for label in archive.model.labels] != [one.lower() for one in labels]
    again, config = exported(tmp_path / "a.tar.gz", tmp_path / "out")
    assert list(config["id2label"].values()) == list(labels)
    assert config["classifier_dropout"] == 0.25
    assert config["problem_type"] == "single_label_classification"
    assert same_weights(model, again)


@pytest.mark.parametrize(
    ("readers", "qa", "other"),
    [
        ({"dataset_reader": {}}, 384, 128),
        ({"dataset_reader": {}, "validation_dataset_reader": {"max_length": 90}}, 90, 90),
    ],
)
def test_the_length_of_the_reader_that_predicts_is_kept_also_where_nothing_says_it(
    readers, qa, other
):
    head = IndependentAnswers.__new__(IndependentAnswers)
    answers = SimpleNamespace(
        qa_outputs=head, impossible_answers=False, threshold=0.0, temperature=1
    )
    number = SimpleNamespace(
        regression=True, classifier=SimpleNamespace(dropout=0.1), task=None, temperature=1
    )
    for task, model, length in (("qa", answers, qa), ("sequence", number, other)):
        config = {**readers, "model": {}}
        assert TASKS[task].bert_settings(model, config)[SETTINGS_KEY]["max_length"] == length


def test_a_number_keeps_its_problem_and_dropout(tmp_path):
    model = make_model(1, problem_type="regression", classifier_dropout=0.0)
    run_import(hf_folder(tmp_path / "hf", model), tmp_path / "a.tar.gz", "sequence")
    again, config = exported(tmp_path / "a.tar.gz", tmp_path / "out")
    assert (config["problem_type"], config["classifier_dropout"]) == ("regression", 0.0)
    assert same_weights(model, again)


@pytest.mark.parametrize("labels", ["abc", "a"])
def test_a_text_of_any_number_of_labels_stays_one(tmp_path, labels):
    model = make_model(len(labels), **names(*labels), problem_type="multi_label_classification")
    run_import(hf_folder(tmp_path / "hf", model), tmp_path / "a.tar.gz", "sequence")
    archive = load_archive(tmp_path / "a.tar.gz")
    assert archive.model.multi_label and archive.validation_dataset_reader.multi_label
    assert_same_logits(archive, model, pair_instances(archive))
    result = spanbert_allen.load(tmp_path / "a.tar.gz").predict(*PAIRS[0])
    assert list(result["probabilities"]) == list(labels)
    assert result["label"] == [name for name, one in result["probabilities"].items() if one >= 0.5]
    again, config = exported(tmp_path / "a.tar.gz", tmp_path / "out")
    assert config["problem_type"] == "multi_label_classification"
    assert list(config["id2label"].values()) == list(labels)
    assert same_weights(model, again)
    with pytest.raises(ConfigError, match=r"several labels .*leave --glue-task and --regression"):
        run_import(tmp_path / "hf", tmp_path / "b.tar.gz", "sequence", "--regression")


@pytest.mark.parametrize("task", ["sequence", "relation"])
def test_a_head_that_does_not_choose_one_class_is_refused(tmp_path, task):
    model = make_model(3, **names("a", "b", "c"), problem_type="multi_label_classification")
    folder = hf_folder(tmp_path / "hf", model)
    options = ["--markers", *MARKERS] if task == "relation" else []
    if task == "relation":
        with pytest.raises(ConfigError, match=r"several labels .* cannot be imported"):
            run_import(folder, tmp_path / "a.tar.gz", task, *options)
    config = json.loads((folder / "config.json").read_text()) | {"problem_type": "regression"}
    (folder / "config.json").write_text(json.dumps(config))
    with pytest.raises(ConfigError, match="predicts 3 numbers"):
        run_import(folder, tmp_path / "a.tar.gz", task, *options)
    assert not list(tmp_path.glob("*.tar.gz")) and not list(tmp_path.glob(".import*"))


def test_a_configuration_without_return_dict_imports_and_predicts(tmp_path):
    model = make_model(3, **names("bad", "so-so", "good"))
    folder = hf_folder(tmp_path / "hf", model)
    config = json.loads((folder / "config.json").read_text()) | {"return_dict": False}
    (folder / "config.json").write_text(json.dumps(config))
    run_import(folder, tmp_path / "a.tar.gz", "sequence")
    archive = load_archive(tmp_path / "a.tar.gz")
    assert_same_logits(archive, model, pair_instances(archive))
    result = spanbert_allen.load(tmp_path / "a.tar.gz").predict(*PAIRS[0])
    assert result["label"] in {"bad", "so-so", "good"}


def sharded(tmp_path: Path) -> tuple[Path, BertForSequenceClassification]:
    model = make_model(3, **names("bad", "so-so", "good"))
    folder = hf_folder(tmp_path / "hf", model)
    (folder / "model.safetensors").unlink()
    model.save_pretrained(folder, max_shard_size="100KB")
    assert len(list(folder.glob("model-*.safetensors"))) > 1
    return folder, model


def test_weights_in_several_files_are_read(tmp_path):
    folder, model = sharded(tmp_path)
    run_import(folder, tmp_path / "a.tar.gz", "sequence")
    archive = load_archive(tmp_path / "a.tar.gz")
    assert_same_logits(archive, model, pair_instances(archive))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"weight_map": {"a": "../other.safetensors"}}, "names files that do not stand beside it"),
        ({"weight_map": 3}, "is no index of weights"),
        ({"weight_map": {"a": "model-9.safetensors"}}, r"model-9\.safetensors: holds no weights"),
    ],
)
def test_an_index_that_is_none_is_said(tmp_path, change, message):
    folder, _ = sharded(tmp_path)
    (folder / "model.safetensors.index.json").write_text(json.dumps(change))
    with pytest.raises(DataError, match=message):
        run_import(folder, tmp_path / "a.tar.gz", "sequence")


def test_the_source_is_not_written_over_and_a_full_disk_is_said(tmp_path, monkeypatch):
    folder = hf_folder(tmp_path / "hf", make_model(3, **names("bad", "so-so", "good")))
    archive = tmp_path / "a.tar.gz"
    run_import(folder, archive, "sequence")
    with pytest.raises(DataError, match="this is also what is read"):
        run_import(archive, archive, "sequence")
    before = archive.read_bytes()

    def full(*_arguments: object) -> None:
        raise RuntimeError("[enforce fail at inline_container.cc] PytorchStreamWriter failed")

    monkeypatch.setattr(torch, "save", full)
    with pytest.raises(DataError, match=r"a\.tar\.gz: the disk is full, .*before stays"):
        run_import(folder, archive, "sequence")
    assert archive.read_bytes() == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.tar.gz", "hf"]


def test_an_export_on_a_full_disk_leaves_nothing(tmp_path, monkeypatch):
    folder = hf_folder(tmp_path / "hf", make_model(3, **names("bad", "so-so", "good")))
    run_import(folder, tmp_path / "a.tar.gz", "sequence")

    def full(*_arguments: object, **_options: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(BertForSequenceClassification, "save_pretrained", full)
    with pytest.raises(DataError, match=r"out: the disk is full.*nothing of the folder was kept"):
        main(["export", str(tmp_path / "a.tar.gz"), str(tmp_path / "out")])
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.tar.gz", "hf"]


def test_a_relation_model_reads_texts_and_types_as_before(tmp_path):
    """Also in other files than TACRED's."""
    model = load_archive(ARCHIVES / "relation.tar.gz").model
    reader = {"type": "spanbert_relation_jsonl", "mode": "ner", "max_length": 40}
    reader |= {"language": "de", "unknown_type": "TITLE"}
    config = {"dataset_reader": reader, "model": {}}
    kept = json.loads(json.dumps(TASKS["relation"].bert_settings(model, config)))
    source = Source(
        name="theirs",
        encoder={"model_name": "tiny"},
        config=kept,
        num_outputs=len(model.labels),
        max_positions=64,
    )
    made = TASKS["relation"].blueprint(source, {}).config["dataset_reader"]
    assert made.items() >= {**reader, "type": "spanbert_relation", "window": "entities"}.items()

    assert main(["export", str(ARCHIVES / "relation.tar.gz"), str(tmp_path / "hf")]) == 0
    run_import(tmp_path / "hf", tmp_path / "back.tar.gz", "relation")
    tacred, own = FIXTURES / "relation" / "tacred.json", tmp_path / "own.jsonl"
    own.write_text("".join(json.dumps(relation_record(one)) + "\n" for one in read_tacred(tacred)))
    scores = [
        evaluate_from_archive(archive, str(data))
        for archive in (ARCHIVES / "relation.tar.gz", tmp_path / "back.tar.gz")
        for data in ((tacred,) if "relation" in archive.name else (tacred, own))
    ]
    assert scores[0] == pytest.approx(scores[1]) and scores[1] == pytest.approx(scores[2])


def test_a_relation_model_without_a_negative_label_stays_one(tmp_path):
    """Also if one of its labels is called as the usual one is."""
    settings = {"negative_label": None}
    write_with_settings(ARCHIVES / "relation.tar.gz", tmp_path / "a.tar.gz", settings)
    before = load_archive(tmp_path / "a.tar.gz").model
    assert "no_relation" in before.labels and before.negative_label is None
    exported(tmp_path / "a.tar.gz", tmp_path / "hf")
    run_import(tmp_path / "hf", tmp_path / "b.tar.gz", "relation")
    after = load_archive(tmp_path / "b.tar.gz").model
    assert (after.labels, after.negative_label) == (before.labels, None)
    run_import(
        tmp_path / "hf", tmp_path / "c.tar.gz", "relation", "--negative-label", "no_relation"
    )
    assert load_archive(tmp_path / "c.tar.gz").model.negative_label == "no_relation"


@pytest.mark.parametrize(("task", "length"), [("qa", 9), ("relation", 2), ("sequence", 2)])
def test_a_length_that_the_reader_refuses_makes_no_archive(tmp_path, task, length):
    assert main(["export", str(ARCHIVES / f"{task}.tar.gz"), str(tmp_path / "hf")]) == 0
    with pytest.raises(ConfigError, match=r"leaves no room|must be \d or more"):
        run_import(tmp_path / "hf", tmp_path / "a.tar.gz", task, "--max-length", str(length))
    assert not list(tmp_path.glob("*.tar.gz")) and not list(tmp_path.glob(".import*"))
