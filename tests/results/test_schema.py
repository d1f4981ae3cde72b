"""Results are as predictors write them, or one sentence says what is wrong and where."""

from __future__ import annotations

import copy
import json

import pytest

from spanbert_allen.__main__ import main
from spanbert_allen.common.errors import DataError
from spanbert_allen.results.kinds import name_of, read_results
from tests.hostile.results import RESULTS


@pytest.mark.parametrize("kind", RESULTS)
def test_what_predictors_write_is_read(tmp_path, kind):
    path = tmp_path / "predictions.jsonl"
    path.write_text(json.dumps(RESULTS[kind]) + "\n")
    assert list(read_results(path)) == [RESULTS[kind]]


@pytest.mark.parametrize(
    ("kind", "place", "value", "sentence"),
    [
        ("error", ("error",), 7, "error is 7; it must be a string"),
        ("coref", ("clusters", 0, 0, "start"), None, r"clusters\[0\]\[0\]\.start is None"),
        ("coref", ("clusters", 0, 0, "end"), 10**400, "is not within the text"),
        ("coref", ("clusters", 0), {}, r"clusters\[0\] is \{\}; it must be a list"),
        ("coref", ("clusters", 0, 0, "words"), [0, 99], "not within the 4 words of sentences"),
        ("coref", ("clusters", 0, 0, "link_score"), "x", "link_score is 'x'; it must be a number"),
        ("coref", ("speakers",), [["A"]], "speakers are not as many as the words"),
        ("coref", ("speakers", 0, 2), None, r"speakers\[0\]\[2\] is None; it must be a string"),
        ("coref", ("clusters", 0), [], "a cluster has no mentions"),
        ("coref", ("heads",), [-1], "head -1 of a cluster is no mention of it"),
        (
            "coref",
            ("clusters", 0, 0, "antecedents"),
            [{"text": 7}],
            "text is 7; it must be a string",
        ),
        ("qa", ("probability",), "x", "probability is 'x'; it must be a number"),
        ("qa", ("answers", 0, "probability"), float("nan"), "must be a number"),
        ("qa", ("end",), None, "of start and end one is null"),
        ("qa", ("start",), -3, "the answer from -3 to"),
        ("relation", ("relations", 0, "object"), 9, "object 9 of a relation is no entity"),
        ("relation", ("entities", 0, "type"), 3, r"entities\[0\]\.type is 3"),
        ("class", ("probabilities",), [0.5], r"probabilities is \[0.5\]; it must be an object"),
        ("number", ("score",), 10**400, "must be a number"),
        ("pretraining", ("masked", 0, "end"), 99, "a masked span from 13 to 99 is not within"),
        ("pretraining", ("masked", 0, "pieces", 0, "start"), -1, "a masked piece from -1 to 19"),
        (
            "pretraining",
            ("masked", 0, "pieces", 0, "fills", 0, "probability"),
            None,
            r"fills\[0\]\.probability is None; it must be a number",
        ),
        ("number", ("id",), [], r"id is \[\]; it must be a string or a whole number"),
    ],
)
def test_what_they_do_not_write_is_one_sentence(tmp_path, kind, place, value, sentence):
    result = copy.deepcopy(RESULTS[kind])
    *keys, last = place
    part = result
    for key in keys:
        part = part[key]
    part[last] = value
    path = tmp_path / "predictions.jsonl"
    path.write_text(json.dumps(RESULTS[kind]) + "\n" + json.dumps(result) + "\n")
    with pytest.raises(DataError, match=rf"predictions\.jsonl:2: .*{sentence}"):
        list(read_results(path))


def test_a_name_of_any_kind():
    assert name_of({"id": 7}) == "7"
    assert name_of({"doc_key": "", "id": "a"}) == "a"
    assert name_of({"line": 3}, 9) == "line 3"
    assert name_of({}, 9) == "line 9"


def test_a_name_does_not_reach_the_terminal_as_an_escape(tmp_path, capsys):
    path = tmp_path / "predictions.jsonl"
    path.write_text(json.dumps(RESULTS["number"] | {"id": "\x1b[31mred\ud800"}))
    assert main(["view", str(path)]) == 0
    assert "\x1b" not in capsys.readouterr().out


def test_neither_the_predictions_nor_a_text_are_written_over(tmp_path):
    path = tmp_path / "d.jsonl"
    path.write_text(json.dumps(RESULTS["coref"]) + "\n")
    for command in (["view", str(path), "--html", str(path)], ["format", str(path), str(path)]):
        with pytest.raises(DataError, match="would be lost: name another file"):
            main(command)
    (tmp_path / "d.txt").write_text("another text")
    with pytest.raises(DataError, match=r"would replace d\.txt, which is there"):
        main(["format", str(path), str(tmp_path / "d.ann")])
    assert not (tmp_path / "d.ann").exists()
    (tmp_path / "d.txt").write_text(RESULTS["coref"]["text"])
    assert main(["format", str(path), str(tmp_path / "d.ann")]) == 0


def test_nothing_that_came_out_replaces_nothing(tmp_path):
    empty, failed, out = (tmp_path / name for name in ("a.jsonl", "b.jsonl", "out.conll"))
    empty.write_text("\n")
    failed.write_text(json.dumps(RESULTS["error"]) + "\n")
    out.write_text("of before")
    with pytest.raises(DataError, match=r"a\.jsonl: holds no prediction: nothing was written"):
        main(["format", str(empty), str(out)])
    with pytest.raises(DataError, match=r"had been predicted, so .*out\.conll stays as it was"):
        main(["format", str(failed), str(out)])
    assert out.read_text() == "of before"
    assert main(["format", str(failed), str(tmp_path / "new.conll")]) == 1
