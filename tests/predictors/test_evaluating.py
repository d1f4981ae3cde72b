"""`allennlp evaluate`: a table of scores, and predictions as `allennlp predict` writes them."""

from __future__ import annotations

import json
import tarfile

import pytest
from allennlp.commands import evaluate

from spanbert_allen.common.errors import ConfigError, DataError
from spanbert_allen.predictors import SequenceClassifierPredictor, evaluating
from spanbert_allen.predictors.base import SpanPredictor
from tests.places import FIXTURES

ARCHIVES = FIXTURES / "archives"
DATA = {
    "coref": (FIXTURES / "coref" / "small.jsonl", "clusters"),
    "qa": (FIXTURES / "qa" / "squad.json", "answers"),
    "relation": (FIXTURES / "relation" / "tacred.json", "relations"),
    "sequence": (FIXTURES / "glue" / "RTE" / "dev.tsv", "label"),
}


def data_of(task, tmp_path):
    """Return the data of a task, and a field that all of its results have."""
    data, field = DATA[task]
    if task == "coref":  # the last document has no labels
        labelled = [line for line in data.open() if '"clusters"' in line]
        data = tmp_path / "labelled.jsonl"
        data.write_text("".join(labelled))
    return data, field


@pytest.mark.parametrize("task", DATA)
def test_predictions_and_scores_of_each_task(task, tmp_path):
    data, field = data_of(task, tmp_path)
    made = evaluate.evaluate_from_archive(
        ARCHIVES / f"{task}.tar.gz",
        str(data),
        str(tmp_path / "scores.json"),
        str(tmp_path / "predictions.jsonl"),
    )
    assert json.loads((tmp_path / "scores.json").read_text()) == made
    results = [json.loads(line) for line in (tmp_path / "predictions.jsonl").open()]
    assert results
    assert all(result["schema"].startswith(f"spanbert_allen.{task}/") for result in results)
    assert all(field in result for result in results)


def test_the_table_has_five_digits_and_no_hidden_score():
    scores = {"coref_f1": 0.123456789, "f1": 91.0, "total": 3, "_inner": 1.0}
    assert evaluating.score_table(scores) == "coref_f1  0.12346\nf1        91\ntotal     3\n"
    assert evaluating.score_table({}) == ""


def test_a_program_gets_no_table(capsys):
    evaluate.evaluate_from_archive(ARCHIVES / "sequence.tar.gz", str(DATA["sequence"][0]))
    assert capsys.readouterr().out == ""


def test_a_command_prints_the_table(monkeypatch, capsys):
    monkeypatch.setattr(evaluating, "is_installed", lambda: True)
    evaluate.evaluate_from_archive(ARCHIVES / "sequence.tar.gz", str(DATA["sequence"][0]))
    lines = capsys.readouterr().out.splitlines()
    assert {line.split()[0] for line in lines} >= {"acc", "loss"}


def test_a_command_whose_predictions_have_errors_says_so(tmp_path, monkeypatch, capsys):
    """As `allennlp predict` does; the scores are there, and a later evaluation is a new one."""
    archive, (data, _) = ARCHIVES / "sequence.tar.gz", DATA["sequence"]
    outputs = tmp_path / "scores.json", tmp_path / "predictions.jsonl"
    asked = (archive, str(data), *map(str, outputs))

    def fails(self, instance, outputs):
        raise DataError("no result for this one")

    with monkeypatch.context() as patched:
        patched.setattr(SequenceClassifierPredictor, "result", fails)
        scores = evaluate.evaluate_from_archive(*asked)  # a program reads the file
        patched.setattr(evaluating, "is_installed", lambda: True)
        with pytest.raises(SystemExit) as stop:
            evaluate.evaluate_from_archive(*asked)
    told = capsys.readouterr()
    lines = outputs[1].read_text().splitlines()
    assert stop.value.code == 1 and len(lines) == 4
    assert told.out == evaluating.score_table(scores)
    assert told.err.endswith(
        "4 of 4 records could not be predicted; the first: no result for this one\n"
    )
    monkeypatch.setattr(evaluating, "is_installed", lambda: True)
    assert evaluate.evaluate_from_archive(*asked) == scores
    assert "could not be predicted" not in capsys.readouterr().err


@pytest.mark.parametrize("task", DATA)
def test_an_error_has_the_name_of_its_result(task, tmp_path, monkeypatch):
    data, _ = data_of(task, tmp_path)
    name = "doc_key" if task == "coref" else "id"

    def names():
        evaluate.evaluate_from_archive(
            ARCHIVES / f"{task}.tar.gz", str(data), None, str(tmp_path / "out.jsonl")
        )
        results = [json.loads(line) for line in (tmp_path / "out.jsonl").open()]
        return [(result[name], "error" in result) for result in results]

    good = names()
    monkeypatch.setattr(SpanPredictor, "_forward", lambda self, some: [DataError("no")] * len(some))
    assert names() == [(one, True) for one, _ in good]


def test_files_of_one_name_in_two_folders_keep_their_own_scores(tmp_path):
    header, *rows = DATA["sequence"][0].read_text().splitlines(keepends=True)
    paths = [tmp_path / name / "dev.tsv" for name in ("first", "second")]
    for number, path in enumerate(paths):
        path.parent.mkdir()
        path.write_text(header + rows[number])
    outputs = [tmp_path / "first.json", tmp_path / "second.json"]
    made = evaluate.evaluate_from_archive(
        ARCHIVES / "sequence.tar.gz", ",".join(map(str, paths)), ",".join(map(str, outputs))
    )
    losses = [made[f"{path}_loss"] for path in paths]
    assert losses == [json.loads(output.read_text())["loss"] for output in outputs]
    assert losses[0] != losses[1]


def test_a_second_evaluation_writes_into_the_training_folder_too(tmp_path):
    folder = tmp_path / "run"
    with tarfile.open(ARCHIVES / "sequence.tar.gz") as archive:
        archive.extractall(folder, filter="data")
    for _ in range(2):
        evaluate.evaluate_from_archive(folder, str(DATA["sequence"][0]), str(folder / "test.json"))
    with pytest.raises(DataError, match=r"config\.json: this is also what is read"):
        evaluate.evaluate_from_archive(
            folder, str(DATA["sequence"][0]), str(folder / "config.json")
        )


def test_outputs_that_cannot_be(tmp_path):
    data = tmp_path / "dev.tsv"
    data.write_bytes(DATA["sequence"][0].read_bytes())
    archive = ARCHIVES / "sequence.tar.gz"
    with pytest.raises(DataError, match="this is also what is read"):
        evaluate.evaluate_from_archive(archive, str(data), None, str(data))
    with pytest.raises(ConfigError, match="names 1 files for 2 files of data"):
        evaluate.evaluate_from_archive(archive, f"{data},{data}", None, "x.jsonl")
    with pytest.raises(ConfigError, match="named 2 times, and would hold what is written last"):
        evaluate.evaluate_from_archive(archive, str(data), "x.jsonl", "x.jsonl")
    with pytest.raises(ConfigError, match="- can be read only once"):
        evaluate.evaluate_from_archive(archive, "-", None, "x.jsonl")


def test_a_file_may_be_called_by_a_number_and_not_by_nothing(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    archive, data = ARCHIVES / "sequence.tar.gz", DATA["sequence"][0]
    (tmp_path / "2024").write_bytes(data.read_bytes())
    expected = evaluate.evaluate_from_archive(archive, str(data))
    assert evaluate.evaluate_from_archive(archive, "2024") == expected
    with pytest.raises(ConfigError, match="the path of the data is empty, as a variable"):
        evaluate.evaluate_from_archive(archive, "")


def test_where_nothing_can_be_written_nothing_is_computed(tmp_path, monkeypatch):
    monkeypatch.setattr(evaluating, "_evaluate_from_archive", None)  # not reached
    data, archive = str(DATA["sequence"][0]), ARCHIVES / "sequence.tar.gz"
    for outputs in ((str(tmp_path / "no" / "x.json"), None), (None, str(tmp_path / "no" / "x"))):
        with pytest.raises(DataError, match="no does not exist; make it first"):
            evaluate.evaluate_from_archive(archive, data, *outputs)
    with pytest.raises(DataError, match="this is a folder; name a file to write"):
        evaluate.evaluate_from_archive(archive, data, str(tmp_path))


@pytest.mark.parametrize("at", [0, 1])
def test_the_files_of_several_tasks_and_their_model_are_not_written_over(tmp_path, at):
    data, model = tmp_path / "dev.tsv", tmp_path / "model.tar.gz"
    for path in (data, model):
        path.write_text("mine")
        outputs = [None, None]
        outputs[at] = str(path)
        with pytest.raises(DataError, match="this is also what is read"):
            evaluate.evaluate_from_archive(
                model, json.dumps({"first": "other.tsv", "second": [str(data)]}), *outputs
            )
        assert path.read_text() == "mine"
