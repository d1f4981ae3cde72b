import json
from pathlib import Path

import pytest

from spanbert_allen.__main__ import main
from spanbert_allen.common.errors import ConfigError, DataError
from tests.results.results import coref_result
from tests.test_start_up import heavy_modules

RESULT = coref_result("Ida ate. She sang.", ["Ida", "She"])


@pytest.fixture
def predictions(tmp_path: Path) -> Path:
    path = tmp_path / "predictions.jsonl"
    path.write_text(json.dumps(RESULT) + "\n", encoding="utf-8")
    return path


def test_to_standard_output(predictions: Path, capsys: pytest.CaptureFixture) -> None:
    assert main(["format", str(predictions), "--to", "resolved"]) == 0
    assert capsys.readouterr().out == "Ida ate. Ida sang.\n"
    assert main(["format", str(predictions), "--to", "resolved", "--language", "fr"]) == 0


def test_into_files_by_their_names(predictions: Path, capsys: pytest.CaptureFixture) -> None:
    folder = predictions.parent
    for name in ("out.txt", "out.html", "brat/", "one.ann"):
        assert main(["format", str(predictions), f"{folder}/{name}"]) == 0
        assert capsys.readouterr().out == f"{folder}/{name}\n"
    assert (folder / "out.txt").read_text() == "Ida ate. Ida sang.\n"
    assert (folder / "brat" / "d.ann").read_text() == (folder / "one.ann").read_text()


def test_error_records_make_the_status_1(predictions: Path, capsys: pytest.CaptureFixture) -> None:
    with predictions.open("a") as file:
        file.write('{"line": 2, "error": "no text"}\n')
    assert main(["format", str(predictions), "--to", "resolved"]) == 1
    assert "1 of the records had not been predicted" in capsys.readouterr().err


def test_what_cannot_be_written_is_said(predictions: Path) -> None:
    with pytest.raises(ConfigError, match="--to is missing"):
        main(["format", str(predictions)])
    with pytest.raises(ConfigError, match="name a folder"):
        main(["format", str(predictions), "--to", "brat"])
    with predictions.open("a") as file:
        file.write('{"text": "no result"}\n')
    with pytest.raises(DataError, match=r"predictions.jsonl:2: no prediction"):
        main(["format", str(predictions), str(predictions.with_name("out.txt"))])
    assert not predictions.with_name("out.txt").exists()


def test_no_torch_is_needed(predictions: Path) -> None:
    arguments = ["format", str(predictions), str(predictions.with_name("page.html"))]
    statement = f"from spanbert_allen.__main__ import main; main({arguments!r})"
    assert heavy_modules(statement) == set()
