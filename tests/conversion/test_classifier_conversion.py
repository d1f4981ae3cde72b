"""Relation and sequence classifiers in and out: logits stay those of transformers."""

from __future__ import annotations

import argparse
import json
import shutil
from pathlib import Path

import pytest
import torch
from allennlp.commands.evaluate import evaluate_from_archive
from allennlp.data import Batch
from allennlp.models import load_archive
from transformers import AutoTokenizer, BertConfig, BertForSequenceClassification, pipeline

import spanbert_allen
import spanbert_allen.plugin
from spanbert_allen.__main__ import main
from spanbert_allen.common.errors import ConfigError, DataError
from spanbert_allen.conversion.task import Source
from spanbert_allen.conversion.tasks import TASKS
from spanbert_allen.formats.relation.tacred_preset import TACRED_LABELS, TACRED_MARKERS
from spanbert_allen.formats.sequence.text_pair import TextPair
from tests import places
from tests.fixtures.make_tiny_spanbert import SHIPPED

FIXTURES = places.FIXTURES
PAIRS = [
    ("Ida lost her keys in Oslo.", "The keys were on the tram."),
    ("It rained.", "It was dry."),
    ("A boy of ten found them.", None),
]


def make_model(num_labels: int, **settings) -> BertForSequenceClassification:
    torch.manual_seed(5)
    config = BertConfig.from_pretrained(SHIPPED, num_labels=num_labels, **settings)
    model = BertForSequenceClassification(config)
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.dim() == 2:
                parameter.mul_(25)  # scores that differ from text to text
    return model.eval()


def hf_folder(folder: Path, model: BertForSequenceClassification) -> Path:
    model.save_pretrained(folder)
    for name in ("vocab.txt", "tokenizer_config.json"):
        shutil.copy(SHIPPED / name, folder)
    return folder


def authors_folder(folder: Path, model: BertForSequenceClassification) -> Path:
    """As the authors' program saves: plain names, no vocabulary, nothing about labels."""
    folder.mkdir()
    config = json.loads((SHIPPED / "config.json").read_text())
    for name in ("architectures", "model_type", "pad_token_id"):
        config.pop(name, None)
    (folder / "config.json").write_text(json.dumps(config))
    torch.save(model.state_dict(), folder / "pytorch_model.bin")
    return folder


def run_import(source: Path, archive: Path, task: str, *options: str) -> None:
    assert main(["import", str(source), str(archive), "--task", task, *options]) == 0


def batch_of(archive, instances) -> dict:
    batch = Batch(instances)
    batch.index_instances(archive.model.vocab)
    return batch.as_tensor_dict()


def logits(model: BertForSequenceClassification, batch: dict) -> torch.Tensor:
    types = batch.get("type_ids")
    with torch.no_grad():
        return model(
            input_ids=batch["token_ids"].long(),
            attention_mask=(batch["segment_ids"] >= 0).long(),
            token_type_ids=None if types is None else types.long(),
        ).logits


def assert_same_logits(archive, model, instances, outputs: list[int] | None = None) -> None:
    batch = batch_of(archive, instances)
    with torch.no_grad():
        ours = archive.model.eval()(**batch)["logits"]
    theirs = logits(model, batch)
    assert theirs.std(0).min() > 0.01
    if outputs is not None:
        theirs = theirs[:, outputs]
    torch.testing.assert_close(ours, theirs, atol=1e-5, rtol=0)


def pair_instances(archive) -> list:
    reader = archive.validation_dataset_reader
    return [
        reader.text_to_instance(TextPair(id="0", text=text, text_pair=second))
        for text, second in PAIRS
    ]


def test_sequence_classes_there_and_back(tmp_path):
    names = {0: "bad", 1: "so-so", 2: "good"}
    model = make_model(3, id2label=names, label2id={name: i for i, name in names.items()})
    run_import(hf_folder(tmp_path / "hf", model), tmp_path / "model.tar.gz", "sequence")
    archive = load_archive(tmp_path / "model.tar.gz")
    assert_same_logits(archive, model, pair_instances(archive))
    predicted = spanbert_allen.load(tmp_path / "model.tar.gz").predict(*PAIRS[0])
    assert list(predicted["probabilities"]) == ["bad", "so-so", "good"]

    assert main(["export", str(tmp_path / "model.tar.gz"), str(tmp_path / "out")]) == 0
    again, info = BertForSequenceClassification.from_pretrained(
        tmp_path / "out", output_loading_info=True
    )
    assert not info["missing_keys"] and not info["unexpected_keys"]
    for name, tensor in model.state_dict().items():
        assert torch.equal(again.state_dict()[name], tensor), name
    config = json.loads((tmp_path / "out" / "config.json").read_text())
    assert config["architectures"] == ["BertForSequenceClassification"]
    assert config["id2label"] == {"0": "bad", "1": "so-so", "2": "good"}
    assert config["label2id"] == {"bad": 0, "so-so": 1, "good": 2}
    assert config["problem_type"] == "single_label_classification"
    card = (tmp_path / "out" / "README.md").read_text()
    assert "pipeline_tag: text-classification" in card
    assert "the classes are bad, so-so, good" in card

    tokenizer = AutoTokenizer.from_pretrained(tmp_path / "out")
    pipe = pipeline("text-classification", model=again, tokenizer=tokenizer, top_k=None)
    theirs = {
        one["label"]: one["score"] for one in pipe({"text": PAIRS[0][0], "text_pair": PAIRS[0][1]})
    }
    assert predicted["probabilities"] == pytest.approx(theirs, abs=1e-5)

    run_import(tmp_path / "out", tmp_path / "second.tar.gz", "sequence")
    second = load_archive(tmp_path / "second.tar.gz")
    assert second.model.labels == archive.model.labels
    assert all(
        torch.equal(tensor, second.model.state_dict()[name])
        for name, tensor in archive.model.state_dict().items()
    )


def test_a_model_of_a_glue_task_has_the_outputs_in_its_order(tmp_path):
    """MNLI's classes are in another order in most models of transformers."""
    model = make_model(3, id2label={0: "ENTAILMENT", 1: "NEUTRAL", 2: "CONTRADICTION"})
    source = hf_folder(tmp_path / "hf", model)
    run_import(source, tmp_path / "a.tar.gz", "sequence", "--glue-task", "mnli")
    archive = load_archive(tmp_path / "a.tar.gz")
    assert archive.model.labels == ["contradiction", "entailment", "neutral"]
    assert_same_logits(archive, model, pair_instances(archive), [2, 0, 1])
    metrics = tmp_path / "metrics.json"
    data = FIXTURES / "glue" / "MNLI" / "dev_matched.tsv"
    evaluate_from_archive(tmp_path / "a.tar.gz", str(data), metrics_output_file=str(metrics))
    assert 0 <= json.loads(metrics.read_text())["acc"] <= 1

    assert main(["export", str(tmp_path / "a.tar.gz"), str(tmp_path / "out")]) == 0
    run_import(tmp_path / "out", tmp_path / "b.tar.gz", "sequence")  # the task is kept
    again = load_archive(tmp_path / "b.tar.gz")
    assert again.model.task.name == "MNLI"
    assert torch.equal(again.model.classifier.weight, archive.model.classifier.weight)


def test_numbers(tmp_path):
    model = make_model(1)
    run_import(hf_folder(tmp_path / "hf", model), tmp_path / "a.tar.gz", "sequence")
    archive = load_archive(tmp_path / "a.tar.gz")
    assert archive.model.regression
    assert_same_logits(archive, model, pair_instances(archive))
    assert main(["export", str(tmp_path / "a.tar.gz"), str(tmp_path / "out")]) == 0
    config = json.loads((tmp_path / "out" / "config.json").read_text())
    assert config["problem_type"] == "regression"
    assert BertForSequenceClassification.from_pretrained(tmp_path / "out").num_labels == 1


def test_a_model_of_one_class_stays_one_of_classes(tmp_path):
    model = make_model(
        1, problem_type="single_label_classification", id2label={0: "only"}, label2id={"only": 0}
    )
    run_import(hf_folder(tmp_path / "hf", model), tmp_path / "a.tar.gz", "sequence")
    result = spanbert_allen.load(tmp_path / "a.tar.gz").predict("A text.")
    assert (result["label"], result["probability"]) == ("only", 1.0)


@pytest.fixture(scope="module")
def tacred(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, BertForSequenceClassification]:
    """The authors' archive of TACRED, as an archive of ours; its tiny vocabulary has markers."""
    folder = tmp_path_factory.mktemp("tacred")
    model = make_model(len(TACRED_LABELS))
    source = authors_folder(folder / "source", model)
    run_import(source, folder / "a.tar.gz", "relation", "--vocabulary", str(SHIPPED))
    shutil.rmtree(source)
    return folder / "a.tar.gz", model


def test_the_authors_tacred_model(tacred):
    path, model = tacred
    archive = load_archive(path)
    assert archive.model.labels == list(TACRED_LABELS)
    assert archive.validation_dataset_reader.mode == "ner"
    markers = archive.model.vocab.get_token_to_index_vocabulary("relation_markers")
    assert sorted(markers, key=markers.__getitem__) == list(TACRED_MARKERS)
    instances = list(archive.validation_dataset_reader.read(tacred_file(path.parent)))
    assert_same_logits(archive, model, instances)
    batch = batch_of(archive, instances)
    pieces = archive.validation_dataset_reader.tokenizer.vocabulary
    shown = [pieces[i] for i in batch["token_ids"][0].tolist()]
    assert shown[1] == "[unused5]" and "[unused8]" in shown  # SUBJ=PERSON, OBJ=CITY


def tacred_file(folder: Path) -> Path:
    row = {"id": "1", "relation": "no_relation", "token": ["Ida", "lived", "in", "Oslo", "."]}
    row |= {"subj_start": 0, "subj_end": 0, "subj_type": "PERSON"}
    row |= {"obj_start": 3, "obj_end": 3, "obj_type": "CITY"}
    other = row | {"id": "2", "token": ["They", "sold", "keys", "to", "Ida"], "obj_type": "TITLE"}
    path = folder / "data.json"
    path.write_text(json.dumps([row, other]))
    return path


def test_a_relation_model_there_and_back(tacred, tmp_path):
    path, model = tacred
    assert main(["export", str(path), str(tmp_path / "out")]) == 0
    again = BertForSequenceClassification.from_pretrained(tmp_path / "out").eval()
    for name, tensor in model.state_dict().items():
        assert torch.equal(again.state_dict()[name], tensor), name
    assert again.config.id2label[1] == "per:title"
    card = (tmp_path / "out" / "README.md").read_text()
    assert "| SUBJ=PERSON | [unused5] |" in card
    run_import(tmp_path / "out", tmp_path / "b.tar.gz", "relation", "--threshold", "0.5")
    assert load_archive(tmp_path / "b.tar.gz").model.threshold == 0.5
    first, second = load_archive(path), load_archive(tmp_path / "b.tar.gz")
    assert first.model.labels == second.model.labels
    for namespace in ("relation_labels", "relation_markers"):
        assert first.model.vocab.get_index_to_token_vocabulary(
            namespace
        ) == second.model.vocab.get_index_to_token_vocabulary(namespace)
    assert second.validation_dataset_reader.max_length == 128

    # Which types stood together in training decides which pairs of many entities are judged.
    first.model.vocab.add_token_to_namespace("SUBJ=PERSON OBJ=CITY", "relation_type_pairs")
    settings = TASKS["relation"].bert_settings(first.model, first.config.as_dict(quiet=True))
    source = Source(
        name="out",
        encoder={"model_name": "out"},
        config=json.loads(json.dumps(settings)),
        num_outputs=len(TACRED_LABELS),
        max_positions=512,
    )
    for options, kept in (({}, {"SUBJ=PERSON OBJ=CITY": 0}), ({"markers": ["tacred"]}, {})):
        made = TASKS["relation"].blueprint(source, options).vocabulary
        assert made.get_token_to_index_vocabulary("relation_type_pairs") == kept


@pytest.mark.parametrize("negative_place", [1, 2])
def test_the_negative_label_becomes_output_0(tmp_path, negative_place):
    names = ["per:title", "per:cities"]
    names.insert(negative_place, "no_relation")
    model = make_model(3, id2label=dict(enumerate(names)))
    with torch.no_grad():
        model.classifier.bias.copy_(torch.tensor([0.5, -0.5, 1.5]))
    source = hf_folder(tmp_path / "hf", model)
    options = ["--markers", "tacred"]
    run_import(source, tmp_path / "a.tar.gz", "relation", *options)
    archive = load_archive(tmp_path / "a.tar.gz")
    assert archive.model.labels == ["no_relation", "per:title", "per:cities"]
    instances = list(archive.validation_dataset_reader.read(tacred_file(tmp_path)))
    order = [names.index(name) for name in archive.model.labels]
    assert_same_logits(archive, model, instances, order)
    # Exported, outputs and names are as they were.
    assert main(["export", str(tmp_path / "a.tar.gz"), str(tmp_path / "out")]) == 0
    again = BertForSequenceClassification.from_pretrained(tmp_path / "out").eval()
    assert [again.config.id2label[number] for number in range(3)] == names
    assert_same_logits(archive, again, instances, order)


def test_other_labels_and_markers_are_given(tmp_path):
    source = authors_folder(tmp_path / "source", make_model(3))
    options = ["--vocabulary", str(SHIPPED), "--labels", "Other", "Cause(e1,e2)", "Cause(e2,e1)"]
    with pytest.raises(ConfigError, match=r"--markers: .* give a file with one name a line"):
        run_import(source, tmp_path / "a.tar.gz", "relation", *options)
    names = tmp_path / "markers.txt"
    names.write_text("SUBJ_START\nSUBJ_END\nOBJ_START\nOBJ_END\n")
    options += ["--markers", str(names), "--mode", "text", "--negative-label", "Other"]
    run_import(source, tmp_path / "a.tar.gz", "relation", *options)
    archive = load_archive(tmp_path / "a.tar.gz")
    assert archive.model.labels == ["Other", "Cause(e1,e2)", "Cause(e2,e1)"]
    assert archive.model.negative_label == "Other"
    assert archive.validation_dataset_reader.mode == "text"


@pytest.mark.parametrize(
    ("task", "options", "error", "message"),
    [
        ("sequence", [], ConfigError, "--labels: .* does not name its 3 outputs"),
        ("sequence", ["--labels", "a", "b"], ConfigError, "2 names for the 3 outputs"),
        ("sequence", ["--labels", "a", "b", "a"], ConfigError, "'a' is there twice"),
        ("sequence", ["--glue-task", "mnli"], ConfigError, "does not say which of its outputs"),
        ("sequence", ["--glue-task", "rte"], ConfigError, "--labels: .* is which class"),
        (
            "sequence",
            ["--glue-task", "stsb"],
            ConfigError,
            "STS-B has one output, but .* 3 outputs",
        ),
        (
            "sequence",
            ["--glue-task", "mnli", "--labels", "a", "b", "c"],
            ConfigError,
            "the classes of MNLI are contradiction, entailment, neutral, those of .* a, b, c",
        ),
        ("sequence", ["--regression"], ConfigError, "--regression: .* 3 outputs"),
        ("sequence", ["--mode", "text"], ConfigError, "`mode` is no option for"),
        ("relation", [], ConfigError, "--labels: .* and TACRED has 42"),
        (
            "relation",
            ["--labels", "Other", "a", "b", "--markers", "tacred", "--negative-label", "other"],
            ConfigError,
            "'other' is none of the labels of .*: Other, a, b; leave it out",
        ),
        (
            "relation",
            ["--labels", "Other", "a", "b", "--markers", "SUBJ_START", "a", "OBJ=X"],
            ConfigError,
            "--markers: 'a' is a label as well",
        ),
        (
            "relation",
            ["--labels", "Other", "a", "b", "--markers", "SUBJ_START", "SUBJ=X"],
            ConfigError,
            "--markers: the mode `ner` needs OBJ=TYPE, which",
        ),
        (
            "relation",
            ["--labels", "Other", "a", "b", "--markers", "SUBJ=X", "--mode", "text"],
            ConfigError,
            "--markers: the mode `text` needs SUBJ_START, SUBJ_END, OBJ_START, OBJ_END, which",
        ),
        (
            "relation",
            [
                *("--labels", "Other", "a", "b", "--markers", "SUBJ=X", "OBJ=X", "/SUBJ=X"),
                *("--mode", "typed_entity_marker"),
            ],
            ConfigError,
            "--markers: the mode `typed_entity_marker` needs /OBJ=TYPE, which",
        ),
        ("qa", [], DataError, "has no `qa_outputs.weight`"),
    ],
)
def test_what_does_not_go_together(tmp_path, source_of_three, task, options, error, message):
    with pytest.raises(error, match=message):
        run_import(source_of_three, tmp_path / "a.tar.gz", task, *options)
    assert list(tmp_path.iterdir()) == []


@pytest.fixture(scope="module")
def source_of_three(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return hf_folder(tmp_path_factory.mktemp("three") / "hf", make_model(3))


def test_a_model_without_a_pooler_is_refused(tmp_path):
    model = make_model(2)
    source = authors_folder(tmp_path / "source", model)
    weights = {name: one for name, one in model.state_dict().items() if "pooler" not in name}
    torch.save(weights, source / "pytorch_model.bin")
    options = ["--vocabulary", str(SHIPPED), "--labels", "a", "b"]
    with pytest.raises(DataError, match=r"has no `pooler\.dense\.weight`"):
        run_import(source, tmp_path / "a.tar.gz", "sequence", *options)


def test_the_command_knows_the_tasks_and_their_options():
    from spanbert_allen.commands import import_
    from spanbert_allen.conversion.tasks import TASKS

    assert [*TASKS, "coref"] == list(import_._TASKS)
    assert {name for task in TASKS.values() for name in task.options} == set(import_._OPTIONS)
    parser = argparse.ArgumentParser()
    import_.add_arguments(parser)
    given = vars(parser.parse_args(["a", "b", "--task", "qa"]))
    assert all(given[name] is None for name in import_._OPTIONS)
