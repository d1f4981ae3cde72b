import json
from pathlib import Path

import pytest

from spanbert_allen.__main__ import main
from spanbert_allen.common.errors import DataError

MENTIONS = [{"start": 0, "end": 3, "text": "Ann"}, {"start": 4, "end": 7, "text": "her"}]
RESULT = {"doc_key": "d", "text": "Ann her.", "clusters": [MENTIONS]}
FAILED = {"line": 2, "error": "no text"}


@pytest.fixture
def predictions(tmp_path: Path) -> Path:
    path = tmp_path / "predictions.jsonl"
    path.write_text(f"{json.dumps(RESULT)}\n{json.dumps(FAILED)}\n", encoding="utf-8")
    return path


def test_on_the_terminal(predictions: Path, capsys: pytest.CaptureFixture) -> None:
    assert main(["view", str(predictions)]) == 0
    assert capsys.readouterr().out == (
        "d\n[1 Ann] [1 her].\n\n  1  Ann · her\n\nline 2\nnot predicted: no text\n\n"
    )


def test_as_a_page(predictions: Path, capsys: pytest.CaptureFixture) -> None:
    page = predictions.with_name("page.html")
    assert main(["view", str(predictions), "--html", str(page), "--title", "Mine"]) == 0
    assert capsys.readouterr().out == f"{page}\n"
    written = page.read_text(encoding="utf-8")
    assert "<h1>Mine</h1>" in written
    assert "her<sub>1</sub>" in written
    assert "Not predicted: no text" in written


def test_another_file_is_refused_and_nothing_written(predictions: Path) -> None:
    with predictions.open("a", encoding="utf-8") as file:
        file.write('{"text": "input, not output"}\n')
    page = predictions.with_name("page.html")
    with pytest.raises(DataError, match=r"predictions.jsonl:3: no prediction of coreference"):
        main(["view", str(predictions), "--html", str(page)])
    assert not page.exists()
