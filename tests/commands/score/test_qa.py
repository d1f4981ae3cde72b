"""The command `spanbert-allen score`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from spanbert_allen.__main__ import main
from spanbert_allen.common.errors import ConfigError, DataError
from tests.places import ROOT
from tests.test_start_up import heavy_modules

SQUAD = ROOT / "tests" / "fixtures" / "qa" / "squad.json"
MRQA = SQUAD.with_name("mrqa.jsonl")
ANSWERS = {"where": "in Oslo", "which": "1887", "who": "driver", "price": "", "lamp": "Oslo"}


def write(path: Path, value: object) -> Path:
    path.write_text(json.dumps(value), encoding="utf-8")
    return path


def score(*arguments: object) -> int:
    return main(["score", "qa", *map(str, arguments)])


def run_score(capsys: pytest.CaptureFixture, *arguments: object) -> tuple[dict[str, float], str]:
    assert score(*arguments) == 0
    said = capsys.readouterr()
    lines = [line.split() for line in said.out.splitlines()]
    return {name: float(value) for name, value in lines}, said.err


@pytest.fixture
def predictions(tmp_path: Path) -> Path:
    return write(tmp_path / "predictions.json", ANSWERS)


def test_what_is_printed(predictions: Path, capsys: pytest.CaptureFixture) -> None:
    assert score(SQUAD, predictions) == 0
    said = capsys.readouterr()
    assert not said.err
    assert said.out == (
        "exact          80.00\n"
        "f1             80.00\n"
        "total              5\n"
        "HasAns_exact   75.00\n"
        "HasAns_f1      75.00\n"
        "HasAns_total       4\n"
        "NoAns_exact   100.00\n"
        "NoAns_f1      100.00\n"
        "NoAns_total        1\n"
    )


def test_null_odds(predictions: Path, capsys: pytest.CaptureFixture) -> None:
    odds = write(
        predictions.with_name("odds.json"), dict.fromkeys(ANSWERS, -1.0) | {"price": 2, "who": 1.0}
    )
    arguments = (SQUAD, predictions, "--null-odds", odds)
    scores, _ = run_score(capsys, *arguments)
    assert len(scores) == 13
    assert (scores["exact"], scores["HasAns_exact"], scores["best_f1"]) == (60.0, 50.0, 80.0)
    assert scores["best_f1_thresh"] == 1.0
    assert run_score(capsys, *arguments, "--threshold", 1.5)[0]["exact"] == 80.0
    out = predictions.with_name("scores.json")
    tuned, _ = run_score(capsys, *arguments, "--tuned", "--out", out)
    assert tuned["f1"] == tuned["best_f1"] == 80.0
    assert json.loads(out.read_text()) == pytest.approx(tuned, abs=0.005)


def test_squad_1(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    qas = [{"id": "a", "question": "?", "answers": [{"text": "the", "answer_start": 0}]}]
    gold = {"data": [{"paragraphs": [{"context": "the", "qas": qas}]}]}
    paths = write(tmp_path / "gold.json", gold), write(tmp_path / "p.json", {"a": "a"})
    scores, err = run_score(capsys, *paths)
    assert scores == {"exact": 100, "f1": 0, "total": 1} and not err  # as evaluate-v1.1.py


def test_no_answer_scores_count_where_every_question_has_an_answer(tmp_path, capsys):
    """As in the official program: a right answer is taken back if its score is above the limit."""
    qas = [{"id": "a", "question": "?", "answers": [{"text": "Ida", "answer_start": 0}]}]
    gold = {"data": [{"paragraphs": [{"context": "Ida", "qas": qas}]}]}
    paths = write(tmp_path / "gold.json", gold), write(tmp_path / "p.json", {"a": "Ida"})
    odds = write(tmp_path / "odds.json", {"a": 5.0})
    for options, wanted in (([], 0), (["--threshold", 0], 0), (["--threshold", 6], 100)):
        scores, _ = run_score(capsys, *paths, "--null-odds", odds, *options)
        assert scores["exact"] == scores["HasAns_f1"] == wanted
        assert (scores["best_exact"], scores["best_f1_thresh"]) == (100, 5)
        assert len(scores) == 10 and not any(name.startswith("NoAns") for name in scores)


def test_impossible_questions_with_answers_are_scored_by_these(tmp_path, capsys):
    """SQuAD 2.0's program looks at the answers alone."""
    answers = [{"text": "Ida", "answer_start": 0}]
    qas = [{"id": "a", "question": "?", "answers": answers, "is_impossible": True}]
    gold = {"data": [{"paragraphs": [{"context": "Ida", "qas": qas}]}]}
    paths = write(tmp_path / "gold.json", gold), write(tmp_path / "p.json", {"a": "Ida"})
    assert run_score(capsys, *paths)[0] == {"exact": 100, "f1": 100, "total": 1}


def test_predictions_that_never_abstain_are_told_of_it(tmp_path, capsys):
    always = write(tmp_path / "p.json", {**ANSWERS, "price": "ten"})
    hint = "warning: some questions have no answer, but every prediction is one; add --null-odds"
    assert hint in run_score(capsys, SQUAD, always)[1]
    assert not run_score(capsys, SQUAD, write(tmp_path / "p.json", ANSWERS))[1]


def test_an_id_that_is_there_twice_is_an_error_with_both_places(tmp_path, capsys):
    double = tmp_path / "p.json"
    double.write_text('{"where": "a", "who": "b", "where": "c"}')
    with pytest.raises(DataError, match="'where' is there twice, as entries 1 and 3; keep one"):
        score(SQUAD, double)
    text = SQUAD.read_text().replace('"lamp"', '"where"', 1)
    gold = tmp_path / "gold.json"
    gold.write_text(text)
    with pytest.raises(DataError, match=r"the id 'where' was given before, at .*question where;"):
        score(gold, write(tmp_path / "q.json", ANSWERS))


def test_mrqa(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    some = write(tmp_path / "p.json", {"m1": "the lamp", "m2": "tram", "x": "y"})
    scores, err = run_score(capsys, MRQA, some)
    assert scores == {"exact": 33.33, "f1": 55.56, "total": 3}
    assert err == (
        "warning: questions without a prediction, counted as wrong: 1; the first: m3\n"
        "warning: predictions for no question of the data, passed over: 1; the first: x\n"
    )
    scores, err = run_score(capsys, MRQA, some, "--answered-only", "--out", tmp_path / "s.json")
    assert scores["total"] == 2 and "left out: 1" in err
    assert json.loads((tmp_path / "s.json").read_text())["f1"] == pytest.approx(250 / 3)
    renamed = tmp_path / "renamed"
    renamed.write_bytes(MRQA.read_bytes())
    assert run_score(capsys, renamed, some)[0]["total"] == 3
    with pytest.raises(ConfigError, match="leave --null-odds out"):
        score(MRQA, some, "--null-odds", some)


def test_how_mrqa_is_known(tmp_path: Path) -> None:
    some = write(tmp_path / "p.json", {})
    bad = write(tmp_path / "bad.jsonl", {"context": "a"})
    with pytest.raises(DataError, match=r"bad.jsonl:1: no MRQA file"):
        score(bad, some)
    other = bad.rename(tmp_path / "bad.txt")
    with pytest.raises(DataError, match=r"bad.txt:1: `question` is None"):
        score(other, some)
    with pytest.raises(DataError, match=r"bad.txt:1: no MRQA file"):
        score(other, some, "--mrqa")


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("{", "not JSON"),
        ("[1]", r"holds \[1\]; it must be one object"),
        ('{"where": 3}', "question where: 3 must be a text"),
        ('{"schema": "spanbert_allen.qa/1"}\n', r"holds results, .* name ends in \.json"),
    ],
)
def test_broken_predictions(tmp_path: Path, content: str, sentence: str) -> None:
    (tmp_path / "p.json").write_text(content)
    with pytest.raises(DataError, match=f"p.json: {sentence}"):
        score(SQUAD, tmp_path / "p.json", "--out", tmp_path / "scores.json")
    assert not (tmp_path / "scores.json").exists()


@pytest.mark.parametrize(
    ("value", "sentence"),
    [
        ({"where": "high"}, "question where: 'high' must be a finite number"),
        ({"where": float("nan")}, "question where: nan must be a finite number"),
        ({"where": True}, "question where: True must be a finite number"),
        ({"where": 10**400}, "question where: 1000.* must be a finite number"),
        ({"where": 1}, "question which has a prediction, but no score here"),
    ],
)
def test_broken_null_odds(predictions: Path, value: object, sentence: str) -> None:
    odds = write(predictions.with_name("odds.json"), value)
    with pytest.raises(DataError, match=f"odds.json: {sentence}"):
        score(SQUAD, predictions, "--null-odds", odds)


@pytest.mark.parametrize("option", [["--tuned"], ["--threshold", "1"]])
def test_a_threshold_needs_null_odds(predictions: Path, option: list[str]) -> None:
    with pytest.raises(ConfigError, match="add --null-odds"):
        score(SQUAD, predictions, *option)


def test_data_without_answers(predictions: Path) -> None:
    paragraph = {"context": "a", "qas": [{"id": "where", "question": "?"}]}
    gold = predictions.with_name("gold.json")
    write(gold, {"data": [{"paragraphs": [paragraph]}]})
    with pytest.raises(DataError, match=r"question where: it has no `answers` to score by"):
        score(gold, predictions)
    write(gold, {"data": [{"paragraphs": []}]})
    with pytest.raises(DataError, match=r"gold.json: holds no questions"):
        score(gold, predictions)


def test_a_task_is_needed(capsys: pytest.CaptureFixture) -> None:
    with pytest.raises(SystemExit):
        main(["score"])
    assert "task" in capsys.readouterr().err


def test_no_torch_is_imported(predictions: Path) -> None:
    statement = (
        "import contextlib, io; from spanbert_allen.__main__ import main\n"
        "with contextlib.redirect_stdout(io.StringIO()):\n"
        f"    main(['score', 'qa', {str(SQUAD)!r}, {str(predictions)!r}])"
    )
    assert heavy_modules(statement) <= {"numpy"}


def test_the_no_answer_scores_are_not_written_over(predictions: Path, tmp_path: Path) -> None:
    odds = write(tmp_path / "odds.json", {})
    with pytest.raises(DataError, match="this is also what is read"):
        score(predictions, predictions, "--null-odds", odds, "--out", odds)
    assert odds.read_text(encoding="utf-8") == "{}"
