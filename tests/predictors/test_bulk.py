import gzip
import io
import json
import sys
from argparse import Namespace
from pathlib import Path

import pytest
from allennlp.commands import predict
from allennlp.predictors import Predictor

from spanbert_allen.common.errors import ConfigError, DataError
from spanbert_allen.predictors.bulk import BulkManager
from tests.predictors.coref.fakes import FakeModel, FakeReader, fake_predictor


def manager(
    input_file: Path, output_file: Path | None, predictor: Predictor, *, batch_size: int = 2
) -> BulkManager:
    output = None if output_file is None else str(output_file)
    return BulkManager(predictor, str(input_file), output, batch_size, False, False)


def write_lines(path: Path, *lines: str) -> Path:
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return path


def read_results(path: Path) -> list[dict]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_the_command_uses_it() -> None:
    assert predict._PredictManager is BulkManager


@pytest.mark.parametrize("batch_size", [1, 2, 100])
def test_bad_lines_are_marked_with_their_line_and_make_the_status_1(
    tmp_path: Path, capsys: pytest.CaptureFixture, batch_size: int
) -> None:
    lines = ['"A a"', "", "{", '{"text": "B b"}', '{"text": 3, "doc_key": "mine"}']
    data, out = write_lines(tmp_path / "texts.v1.jsonl", *lines), tmp_path / "out.jsonl"
    with pytest.raises(SystemExit) as stop:
        manager(data, out, fake_predictor(), batch_size=batch_size).run()
    assert stop.value.code == 1
    said = capsys.readouterr().err
    assert f"2 of 4 records could not be predicted; the first: {data}:3: not JSON" in said
    first, bad, second, named = read_results(out)
    assert (first["doc_key"], second["doc_key"]) == ("texts:1", "texts:4")
    assert (bad["line"], bad["schema"]) == (3, "spanbert_allen.coref/1")
    assert (named["line"], named["doc_key"]) == (5, "mine")


@pytest.mark.parametrize("given", ['{"top_k": }', "[1]", "top_k=1"])
def test_predictor_args_that_are_no_object_are_refused(given: str) -> None:
    with pytest.raises(ConfigError, match="it must be a JSON object of options"):
        predict._get_predictor(Namespace(predictor_args=given))


def test_the_model_is_not_written_over(tmp_path: Path) -> None:
    archive = tmp_path / "model.tar.gz"
    archive.write_bytes(b"weights")
    asked = Namespace(predictor_args="", output_file=str(archive), archive_file=str(archive))
    with pytest.raises(DataError, match=r"model\.tar\.gz: this is also what is read"):
        predict._get_predictor(asked)


def test_good_lines_only_end_with_status_0(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    data, out = write_lines(tmp_path / "in.jsonl", '"A a"', '"B b"'), tmp_path / "out.jsonl"
    manager(data, out, fake_predictor()).run()
    assert len(read_results(out)) == 2
    assert capsys.readouterr().err == ""


def test_bytes_that_are_not_utf8_are_one_bad_line(tmp_path: Path) -> None:
    data, out = tmp_path / "in.jsonl.gz", tmp_path / "out.jsonl"
    data.write_bytes(gzip.compress(b'"A a"\n"caf\xe9"\n"\xc3\xa9 \xc3\xa9"\n'))
    with pytest.raises(SystemExit):
        manager(data, out, fake_predictor()).run()
    first, bad, last = read_results(out)
    assert "UTF-8" in bad["error"]
    assert (bad["line"], last["text"], first["doc_key"]) == (2, "é é", "in:1")


def test_a_result_is_whole_or_what_was_there_before(tmp_path: Path) -> None:
    data, out = write_lines(tmp_path / "in.jsonl", '"A a"', '"B b"'), tmp_path / "out.jsonl"
    out.write_text("of before")
    predictor = fake_predictor()
    seen = []

    def stop_at_the_second(output: dict) -> str:
        seen.append(out.read_text())
        if len(seen) == 2:
            raise KeyboardInterrupt
        return json.dumps(output) + "\n"

    predictor.dump_line = stop_at_the_second
    with pytest.raises(SystemExit):
        manager(data, out, predictor, batch_size=1).run()
    assert seen == ["of before", "of before"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in.jsonl", "out.jsonl"]


def test_a_missing_input_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no such file"):
        manager(tmp_path / "none.jsonl", tmp_path / "out.jsonl", fake_predictor()).run()
    assert not list(tmp_path.iterdir())


def test_standard_input_and_console(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b'"A a"\n')))
    BulkManager(fake_predictor(), "-", None, 1, True, False).run()
    said = capsys.readouterr().out
    assert said.startswith('input 0:  {"text": "A a"}\nprediction:  {"schema"')
    assert '"doc_key": "stdin:1"' in said


def test_predictors_that_are_not_ours_run_as_before(tmp_path: Path) -> None:
    class Other(Predictor):
        def predict_json(self, inputs: dict) -> dict:
            return inputs

    data, out = write_lines(tmp_path / "in.jsonl", '{"a": 1}', '{"a": 2}'), tmp_path / "out.jsonl"
    manager(data, out, Other(FakeModel(), FakeReader()), batch_size=1).run()
    assert read_results(out) == [{"a": 1}, {"a": 2}]
