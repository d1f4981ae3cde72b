"""The command `spanbert-allen score relation`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from spanbert_allen.__main__ import main
from spanbert_allen.common.errors import ConfigError, DataError
from tests.places import ROOT
from tests.test_start_up import heavy_modules

TACRED = ROOT / "tests" / "fixtures" / "relation" / "tacred.json"
OWN = TACRED.with_name("own.jsonl")
LABELS = "t1\tper:title\nt2\tno_relation\nt3\tper:title\nt4\tper:title\n"


def score(*arguments: object) -> int:
    return main(["score", "relation", *map(str, arguments)])


def write(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


def test_what_is_printed(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    """3 relations in the data, 3 predicted, 2 right."""
    out = tmp_path / "scores.json"
    assert score(TACRED, write(tmp_path / "p.txt", LABELS), "--by-label", "--out", out) == 0
    said = capsys.readouterr()
    assert not said.err
    assert said.out == (
        "precision   66.67\n"
        "recall      66.67\n"
        "f1          66.67\n"
        "accuracy    50.00\n"
        "total           4\n"
        "\n"
        "labels          precision  recall      f1  predicted    gold\n"
        "no_relation          0.00    0.00    0.00          1       1\n"
        "org:founded_by       0.00    0.00    0.00          0       1\n"
        "per:title           66.67  100.00   80.00          3       2\n"
    )
    scores = json.loads(out.read_text())
    assert scores["f1"] == pytest.approx(200 / 3)
    assert scores["labels"]["per:title"]["gold"] == 2


def test_the_official_key_and_predictions_of_semeval(
    tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    """Other and no_relation are the same; a wrong direction is wrong."""
    gold = "1\tCause-Effect(e1,e2)\n2\tCause-Effect(e2,e1)\n3\tMessage-Topic(e1,e2)\n4\tOther\n"
    found = "4\tno_relation\n1\tCause-Effect(e1,e2)\n2\tCause-Effect(e1,e2)\n"
    found += "3\tMessage-Topic(e1,e2)\n"
    paths = write(tmp_path / "key.txt", gold), write(tmp_path / "p.txt", found)
    assert score(*paths, "--semeval2010", "--strict", "--by-label") == 0
    lines = dict(line.split(maxsplit=1) for line in capsys.readouterr().out.splitlines() if line)
    assert lines["macro_f1"] == "75.00"  # Cause-Effect 50, Message-Topic 100
    assert lines["strict_f1"] == "55.56"  # 2/3, 0 and 1
    assert lines["Cause-Effect"].split() == ["50.00", "50.00", "50.00", "2", "2"]
    assert lines["accuracy"] == "75.00"


def test_semeval_as_released(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    """A file without labels is no `id<TAB>label`, though each line has a number and a tab."""
    released = (
        '8\t"The <e1>storm</e1> took the <e2>bridge</e2>."\nCause-Effect(e1,e2)\nComment: Loud.\n\n'
        '9\t"A <e1>pear</e1> and a <e2>plum</e2>."\nOther\nComment:\n'
    )
    found = write(tmp_path / "p.txt", "8\tCause-Effect(e1,e2)\n9\tCause-Effect(e1,e2)\n")
    assert score(write(tmp_path / "FULL.TXT", released), found, "--semeval2010") == 0
    lines = dict(line.split() for line in capsys.readouterr().out.splitlines())
    assert lines["macro_precision"] == "50.00" and lines["macro_recall"] == "100.00"
    unlabelled = "".join(line + "\n" for line in released.splitlines() if '"' in line)
    with pytest.raises(DataError, match=r"TEST\.TXT:1: it has no label to score by"):
        score(write(tmp_path / "TEST.TXT", unlabelled), found)


@pytest.mark.parametrize("label", ["Cause-Effect", "A(e1,e2)", "Cause-Effect(e1,e3)", "other"])
def test_labels_that_the_official_scorer_refuses(tmp_path: Path, label: str) -> None:
    gold = write(tmp_path / "key.txt", "1\tCause-Effect(e1,e2)\n")
    found = write(tmp_path / "p.txt", f"1\t{label}\n")
    with pytest.raises(DataError, match=r"p\.txt: the label .* is none of SemEval-2010 Task 8"):
        score(gold, found, "--semeval2010")
    assert score(gold, found) == 0
    with pytest.raises(ConfigError, match="add --semeval2010"):
        score(gold, found, "--strict")


def test_a_negative_label_that_is_not_the_datas(
    tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    gold = write(tmp_path / "gold.txt", "1\tNA\n2\tNA\n3\tborn_in\n")
    found = write(tmp_path / "p.txt", "1\tNA\n2\tNA\n3\tNA\n")
    assert score(gold, found) == 0
    said = capsys.readouterr()
    assert "no example has the label no_relation" in said.err
    assert "2 of 3 examples have the label NA; give --negative-label" in said.err
    for right in ("NA", ""):
        assert score(gold, found, "--negative-label", right) == 0
        assert not capsys.readouterr().err


def test_what_predict_wrote(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    names = ("o1", "own:2", "own:3", "7")
    lines = [{"schema": "x", "id": name, "label": "per:title"} for name in names]
    lines[1] = {"schema": "x", "id": "own:2", "error": "too long"}
    path = write(tmp_path / "p.jsonl", "".join(json.dumps(line) + "\n" for line in lines))
    with pytest.raises(DataError, match=r"1 of 4 examples of .* no prediction; the first: own:2"):
        score(OWN, path)
    assert score(OWN, path, "--missing-as-negative") == 0
    said = capsys.readouterr()
    assert said.err.startswith("warning: examples without a prediction, counted as without")
    assert "precision   66.67\nrecall      66.67\n" in said.out


def test_predictions_for_other_data(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    path = write(tmp_path / "p.txt", LABELS + "t9\tx\n")
    assert score(TACRED, path) == 0
    assert "warning: predictions for no example of the data, ignored: 1" in (
        capsys.readouterr().err
    )


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (LABELS + "t1\tx\n", r"p:5: the id 't1' is there twice"),
        ("t1 per:title\n", r"p:1: 't1 per:title' is not id<TAB>label"),
        ("t1\ta\tb\n", "is not id<TAB>label"),
        ("\n", "holds no labels"),
        ('{"schema": "x", "id": "t1", "relations": []}', r"p:1: not a prediction of one relation"),
        ('[{"id": "t1", "token": ["a"], "subj_start": 0, "subj_end": 0, "obj_start": 0, '
         '"obj_end": 0}]', r"example 1 \(id t1\): it has no label to score by"),
    ],
)  # fmt: skip
def test_bad_files(tmp_path: Path, content: str, sentence: str) -> None:
    with pytest.raises(DataError, match=sentence):
        score(TACRED, write(tmp_path / "p", content))


def test_no_torch_is_imported(tmp_path: Path) -> None:
    path = write(tmp_path / "p.txt", LABELS)
    statement = (
        "import contextlib, io; from spanbert_allen.__main__ import main\n"
        "with contextlib.redirect_stdout(io.StringIO()):\n"
        f"    main(['score', 'relation', {str(TACRED)!r}, {str(path)!r}])"
    )
    assert heavy_modules(statement) <= {"numpy"}
