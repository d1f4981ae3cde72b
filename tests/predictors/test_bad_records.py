"""What is wrong with one record, with its scores or its output loses no other record."""

from __future__ import annotations

import json
import re

import numpy
import pytest
from allennlp.common.util import SigTermReceived

from spanbert_allen.common.errors import DataError
from spanbert_allen.results.kinds import read_results
from tests.predictors.coref.fakes import FakeModel, FakeReader, fake_predictor
from tests.predictors.test_bulk import manager, write_lines

DEEP = '{"text": ' + "[" * 950 + "]" * 950 + "}"
GOOD = '{"text": "A a"}'


def predicted(tmp_path, *lines, predictor=None, batch_size=2):
    data, out = write_lines(tmp_path / "in.jsonl", *lines), tmp_path / "out.jsonl"
    try:
        manager(data, out, predictor or fake_predictor(), batch_size=batch_size).run()
    except SystemExit as stop:
        assert stop.code == 1
    results = list(read_results(out))  # each is as results are
    assert len(results) == len(lines)
    return results


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        (DEEP, "nested too deep|must be a string"),  # Python 3.12 and later read more levels
        ('{"text": ' + "[" * 100_000 + "]" * 100_000 + "}", "nested too deep"),
        ("[" * 100_000, "not JSON"),
        ('{"text": ' + "9" * 5000 + "}", "not JSON"),
        ('{"text": ' + "9" * 400 + "}", "text is 9999"),
        ('"' + "\\ud800" * 3 + '"', None),
        ('{"text": "A", "mine": NaN}', "own fields have a number that JSON cannot hold"),
        ('{"text": "A", "mine": 1e999}', "own fields have a number that JSON cannot hold"),
        ('{"text": "A", "link_threshold": 3}', "`link_threshold` is an option of the predictor"),
        ('{"text": "A", "top_antecedents": 3}', "--predictor-args"),
        ("null", "not an object"),
    ],
    ids=lambda value: str(value)[:20],
)
def test_a_bad_record_is_one_error_record(tmp_path, line, sentence):
    first, bad, last = predicted(tmp_path, GOOD, line, GOOD)
    assert "error" not in first and "error" not in last
    if sentence is not None:
        assert re.search(sentence, bad["error"])
        assert len(bad["error"]) < 600


class NoNumbers(FakeModel):
    """A model that goes wrong at some words."""

    def forward(self, token_ids, metadata):
        outputs = super().forward(token_ids, metadata)
        texts = [item["document"].text for item in metadata]
        outputs["logits"] = numpy.array([[numpy.nan if "NAN" in text else 0.5] for text in texts])
        if any("TYPE" in text for text in texts):
            raise TypeError("of this record")
        return outputs


def test_scores_that_are_no_numbers_are_the_error_of_their_record(tmp_path):
    predictor = type(fake_predictor())(NoNumbers(), FakeReader())
    lines = [GOOD, '{"text": "NAN b"}', GOOD, '{"text": "TYPE c"}', GOOD]
    results = predicted(tmp_path, *lines, predictor=predictor, batch_size=5)
    assert ["error" in result for result in results] == [False, True, False, True, False]
    assert "scores for this record are not numbers (NaN)" in results[1]["error"]
    assert results[3]["error"] == "the model failed on this record: of this record"


def test_a_result_that_json_cannot_hold_is_the_error_of_its_record(tmp_path):
    predictor = fake_predictor()
    result = predictor.result

    def infinite(instance, outputs):
        made = result(instance, outputs)
        return made | {"score": float("inf")} if "INF" in made["text"] else made

    predictor.result = infinite
    results = predicted(tmp_path, GOOD, '{"text": "INF b"}', GOOD, predictor=predictor)
    assert ["error" in one for one in results] == [False, True, False]


def test_fields_of_the_users_own_come_back_in_results_and_errors(tmp_path):
    good = {"text": "A a", "source": {"page": 3}, "error": "mine", "schema": "mine", "clusters": []}
    bad = {"text": 3, "source": "d9", "doc_key": 7}
    first, second = predicted(tmp_path, json.dumps(good), json.dumps(bad))
    assert first["source"] == {"page": 3}
    assert (first["schema"], "error" in first) == ("spanbert_allen.coref/1", False)
    assert len(first["clusters"]) == 1
    assert (second["source"], second["doc_key"], second["line"]) == ("d9", 7, 2)


def test_the_input_is_not_written_over(tmp_path):
    data = write_lines(tmp_path / "in.jsonl", GOOD)
    with pytest.raises(DataError, match=r"in\.jsonl: this is also what is read"):
        manager(data, data, fake_predictor())
    assert data.read_text() == f"{GOOD}\n"


@pytest.mark.parametrize(("lines", "why"), [((), "no record to predict"), (("{",), "not JSON")])
def test_nothing_replaces_what_was_there_before(tmp_path, lines, why):
    data, out = write_lines(tmp_path / "in.jsonl", *lines), tmp_path / "out.jsonl"
    out.write_text("of before")
    with pytest.raises(DataError, match=rf"in\.jsonl: .*{why}.*, so .*out\.jsonl stays as it was"):
        manager(data, out, fake_predictor()).run()
    assert out.read_text() == "of before"


@pytest.mark.parametrize(("stop", "status"), [(KeyboardInterrupt, 130), (SigTermReceived, 143)])
def test_a_command_that_is_stopped_says_so_in_one_line(tmp_path, capsys, stop, status):
    data, out = write_lines(tmp_path / "in.jsonl", *[GOOD] * 33), tmp_path / "out.jsonl"
    predictor = fake_predictor()
    seen = []

    def stopped(instances):
        seen.append(instances)
        if len(seen) == 2:
            raise stop
        return predictor_forward(instances)

    predictor_forward = predictor._model.forward_on_instances
    predictor._model.forward_on_instances = stopped
    with pytest.raises(SystemExit) as end:
        manager(data, out, predictor, batch_size=1).run()
    assert end.value.code == status
    said = f"stopped after 32 records, and {out} is as it was before: run the command again\n"
    assert capsys.readouterr().err == said
    assert [path.name for path in tmp_path.iterdir()] == ["in.jsonl"]
