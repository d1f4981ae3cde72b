"""Records of any task for a model of several."""

from __future__ import annotations

import json
import sys

import pytest
from allennlp.data import Instance
from allennlp.data.fields import MetadataField

import spanbert_allen
from spanbert_allen.common.errors import ConfigError
from spanbert_allen.predictors import CorefPredictor, QAPredictor
from spanbert_allen.predictors.record import Record

TEXT = "Ida lost her keys in Oslo. She found them."
RECORDS = [
    ("coref", {"text": TEXT}),
    ("coref", {"sentences": [["Ida", "left", "."]]}),
    ("coref", {"document": TEXT, "mentions": [[0, 3]]}),
    ("qa", {"question": "Who?", "context": TEXT}),
    ("relation", {"text": TEXT, "subject": [0, 3], "object": [21, 25]}),
    ("relation", {"text": TEXT, "entities": [[0, 3], [21, 25]], "id": "two"}),
]


@pytest.fixture(scope="module")
def predictor(trained_multitask):
    return spanbert_allen.load(trained_multitask)


@pytest.mark.parametrize(("task", "record"), RECORDS)
def test_a_record_tells_its_task(predictor, task, record):
    assert predictor.task_of(Record(record)) == task
    result = predictor.predict_json(record)
    assert result["schema"] == f"spanbert_allen.{task}/1"
    assert "error" not in result
    own = predictor.predictors[task].predict_json(record)
    assert result == own


def test_records_of_all_tasks_come_back_in_their_order(predictor):
    before = predictor.num_records, predictor.num_failed
    bad = [
        {"nothing": 1, "id": "b"},
        {"task": "sequence", "text": "a"},
        {"task": "qa", "text": "a"},
    ]
    records = [*(one for _, one in RECORDS), *bad]
    problems = [predictor.prepare(one).problem for one in records]
    assert [one is None for one in problems] == [True] * len(RECORDS) + [False] * len(bad)
    results = predictor.predict_batch_json(records)
    for (task, _), result in zip(RECORDS, results, strict=False):
        assert result["schema"] == f"spanbert_allen.{task}/1"
    none, unknown, wrong = results[-3:]
    assert "it is for none of the tasks" in none["error"] and none["id"] == "b"
    assert "the model has coref, qa, relation" in unknown["error"]
    assert "`question` is None" in wrong["error"] and wrong["task"] == "qa"
    assert predictor.num_records == before[0] + 9
    assert predictor.num_failed == before[1] + 3


def test_all_results_of_an_instance_count_and_so_does_what_is_said(predictor, monkeypatch):
    """As an instance of all pairs of a text has several."""
    relation = predictor.predictors["relation"]
    pairs = [{"label": "a"}, {"label": "b"}]
    monkeypatch.setattr(relation, "predict_batch_instance", lambda instances: pairs)
    instance = Instance({"task": MetadataField("relation")})
    assert predictor.predict_batch_instance([instance, instance]) == pairs + pairs
    monkeypatch.setattr(relation, "remarks", lambda: iter(["one is cut"]))
    assert list(predictor.remarks()) == ["one is cut"]


def test_a_record_that_may_be_for_two(predictor):
    qa = predictor.predictors["qa"]
    predictor.predictors["more"] = qa
    try:
        record = {"question": "Who?", "context": TEXT}
        assert "it may be for qa or more" in predictor.predict_json(record)["error"]
        assert "error" not in predictor.predict_json(record | {"task": "more"})
    finally:
        del predictor.predictors["more"]


def test_one_task_is_loaded_by_name(trained_multitask, predictor):
    qa = spanbert_allen.load(trained_multitask, task="qa", top_k=1)
    assert type(qa) is QAPredictor
    assert len(qa.predict("Who?", TEXT)["answers"]) == 1
    coref = spanbert_allen.load(trained_multitask, predictor="spanbert_coref")
    assert type(coref) is CorefPredictor
    assert coref.predict(TEXT) == predictor.predict(TEXT, task="coref")
    assert coref.encode(TEXT).vectors.shape[-1] == 20


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"task": "q"}, "there is no task 'q'; the model has coref, qa, relation"),
        ({"predictor": "spanbert_sequence_classifier"}, "choose another predictor"),
        ({"predictor": "spanbert_qa", "task": "coref"}, "no task of the model that a QAPredictor"),
        ({"options": {"q": {}}}, "there is no task 'q'"),
    ],
)
def test_tasks_that_there_are_not(trained_multitask, options, sentence):
    with pytest.raises(ConfigError, match=sentence):
        spanbert_allen.load(trained_multitask, **options)


def test_a_model_of_one_task_has_no_other(trained_coref):
    with pytest.raises(ConfigError, match="the model has one task only"):
        spanbert_allen.load(trained_coref, task="qa")
    with pytest.raises(ConfigError, match="a model of several tasks, not with a SpanbertCoref"):
        spanbert_allen.load(trained_coref, predictor="spanbert_multitask")


def test_the_commands(trained_multitask, tmp_path, monkeypatch):
    from allennlp.commands import main

    monkeypatch.setattr("allennlp.commands.import_plugins", lambda: None)
    monkeypatch.chdir(tmp_path)
    lines = [json.dumps(record) for _, record in RECORDS]
    (tmp_path / "all.jsonl").write_text("\n".join(lines))
    (tmp_path / "texts.jsonl").write_text(json.dumps(TEXT))
    archive = str(trained_multitask / "model.tar.gz")
    config = json.loads((trained_multitask / "config.json").read_text())
    paths = json.dumps({"qa": config["validation_data_path"]["qa"]})
    for arguments in (
        ["predict", archive, "all.jsonl", "--output-file", "all.out", "--silent"],
        [
            *("predict", archive, "texts.jsonl", "--output-file", "texts.out", "--silent"),
            *("--predictor", "spanbert_coref"),
        ],
        [
            *("evaluate", archive, paths, "--output-file", "scores.json"),
            *("--predictions-output-file", "answers.jsonl"),
        ],
    ):
        monkeypatch.setattr(sys, "argv", ["allennlp", *arguments])
        main(prog="allennlp")
    assert len((tmp_path / "all.out").read_text().splitlines()) == len(RECORDS)
    assert "clusters" in json.loads((tmp_path / "texts.out").read_text())
    scores = json.loads((tmp_path / "scores.json").read_text())
    assert "qa_f1" in scores and "coref_coref_f1" not in scores
    answers = [json.loads(line) for line in (tmp_path / "answers.jsonl").open()]
    assert len(answers) == scores["qa_total"]
    assert all("answer" in one for one in answers)


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ([1], r"`options` is \[1\]; it must be an object"),
        (False, "`options` is False; it must be an object"),
        ({"qa": 3}, "`options.qa` is 3; it must be an object"),
        ({"qa": {"task": "qa"}}, "`options.qa` is .* and the task is its key"),
        ({"q": {}}, "there is no task 'q'"),
    ],
)
def test_options_that_are_none_of_the_tasks(trained_multitask, options, problem):
    """They ended in a `TypeError`."""
    with pytest.raises(ConfigError, match=problem):
        spanbert_allen.load(trained_multitask, options=options)
