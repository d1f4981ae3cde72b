"""Scores of files of predictions, through the functions and the command."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from spanbert_allen.__main__ import main
from spanbert_allen.common.errors import DataError
from spanbert_allen.common.questions import Answer, Question
from spanbert_allen.metrics.answer_file_scores import score_predictions
from tests.test_start_up import heavy_modules

QA = Path(__file__).parents[1] / "fixtures" / "qa"


def question(name: str, *answers: str) -> Question:
    return Question(
        id=name,
        question="?",
        context="",
        answers=tuple(Answer(text) for text in answers),
        is_impossible=not answers,
    )


def test_the_golden_threshold():
    """Specification 2.5: (87.5, 0.2); the raw F1 of c is a half."""
    questions = [question("a", "Oslo"), question("b"), question("c", "old Oslo"), question("d")]
    predictions = {"a": "Oslo", "b": "Rome", "c": "Oslo tram", "d": "Rome"}
    odds = {"a": -3.0, "b": 1.5, "c": 0.2, "d": 4.0}
    found = score_predictions(questions, predictions, odds, threshold=None)
    assert len(found.scores) == 13
    assert (found.scores["best_f1"], found.scores["best_f1_thresh"]) == (87.5, 0.2)
    assert found.scores["f1"] == 87.5
    fixed = score_predictions(questions, predictions, odds, threshold=2.0)
    assert fixed.scores["NoAns_exact"] == 50.0 and fixed.scores["HasAns_f1"] == 75.0
    blank = score_predictions(questions, {**predictions, "b": ""})
    assert blank.scores["NoAns_exact"] == 50.0
    assert not any(name.startswith("best") for name in blank.scores)


def test_missing_predictions():
    questions = [question("a", "Oslo"), question("b", "Rome")]
    found = score_predictions(questions, {"a": "Oslo", "z": "Rome"})
    assert found.scores == {"exact": 50.0, "f1": 50.0, "total": 2.0}
    assert (found.missing, found.unknown) == (["b"], ["z"])
    left_out = score_predictions(questions, {"a": "Oslo"}, answered_only=True)
    assert left_out.scores == {"exact": 100.0, "f1": 100.0, "total": 1.0}


def test_texts_that_normalisation_leaves_nothing_of():
    """Specification 2.5 and 3; and the typographic apostrophe is no punctuation."""
    questions = [question("a", "the"), question("b", "Ida\u2019s")]
    predictions = {"a": "a", "b": "Ida's"}
    assert score_predictions(questions, predictions).scores["f1"] == 50.0
    assert score_predictions(questions, predictions, flavour="mrqa").scores["f1"] == 0.0


def run_score(capsys: pytest.CaptureFixture, *arguments: object) -> tuple[dict[str, float], str]:
    assert main(["score", "qa", *map(str, arguments)]) == 0
    said = capsys.readouterr()
    return {
        name: float(value) for name, value in (line.split() for line in said.out.splitlines())
    }, said.err


def test_the_command_on_squad(tmp_path, capsys):
    gold = {"where": "in Oslo", "which": "1887", "who": "driver", "price": "", "lamp": "Oslo"}
    (tmp_path / "predictions.json").write_text(json.dumps(gold))
    scores, err = run_score(capsys, QA / "squad.json", tmp_path / "predictions.json")
    assert scores["exact"] == 80.0 and scores["NoAns_total"] == 1 and not err
    odds = dict.fromkeys(gold, -1.0) | {"lamp": 3.0}
    (tmp_path / "odds.json").write_text(json.dumps(odds))
    scores, _ = run_score(
        capsys,
        QA / "squad.json",
        tmp_path / "predictions.json",
        "--null-odds",
        tmp_path / "odds.json",
        "--tuned",
        "--out",
        tmp_path / "scores.json",
    )
    assert scores["best_f1_thresh"] == -1.0 and scores["best_exact"] == 80.0
    assert len(json.loads((tmp_path / "scores.json").read_text())) == 13


def test_the_command_on_mrqa(tmp_path, capsys):
    (tmp_path / "p.json").write_text(json.dumps({"m1": "the lamp", "m2": "tram", "x": "y"}))
    scores, err = run_score(capsys, QA / "mrqa.jsonl", tmp_path / "p.json")
    assert scores == {
        "exact": 33.33,
        "f1": pytest.approx(100 * (1 + 2 / 3) / 3, abs=0.01),
        "total": 3,
    }
    assert "1 questions have no prediction and are counted as wrong; the first: m3" in err
    assert "1 predictions are for no question of the data; the first: x" in err
    scores, _ = run_score(capsys, QA / "mrqa.jsonl", tmp_path / "p.json", "--answered-only")
    assert scores["total"] == 2


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("{", "not JSON"),
        ("[1]", r"holds \[1\]; it must be an object"),
        ('{"where": 3}', "question where: 3 must be a text"),
    ],
)
def test_broken_predictions(tmp_path, content, sentence):
    (tmp_path / "p.json").write_text(content)
    with pytest.raises(DataError, match=sentence):
        main(["score", "qa", str(QA / "squad.json"), str(tmp_path / "p.json")])


def test_broken_odds_and_data(tmp_path):
    (tmp_path / "p.json").write_text("{}")
    (tmp_path / "odds.json").write_text('{"where": "high"}')
    arguments = ["score", "qa", str(QA / "squad.json"), str(tmp_path / "p.json")]
    with pytest.raises(DataError, match="question where: 'high' must be a number"):
        main([*arguments, "--null-odds", str(tmp_path / "odds.json")])
    with pytest.raises(DataError, match="is neither a SQuAD nor an MRQA file"):
        main(["score", "qa", str(tmp_path / "p.json"), str(tmp_path / "p.json")])


def test_no_torch_is_imported(tmp_path):
    (tmp_path / "p.json").write_text("{}")
    arguments = ["score", "qa", str(QA / "squad.json"), str(tmp_path / "p.json")]
    statement = (
        "import contextlib, io; from spanbert_allen.__main__ import main\n"
        f"with contextlib.redirect_stdout(io.StringIO()): main({arguments!r})"
    )
    assert heavy_modules(statement) <= {"numpy"}
