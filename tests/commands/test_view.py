import json
import re
from pathlib import Path

import pytest

from spanbert_allen.__main__ import main
from spanbert_allen.common.errors import ConfigError, DataError

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
    assert main(["view", str(predictions), "--html", "-", "--title", "Mine"]) == 0
    assert capsys.readouterr().out == written


def test_an_empty_name_of_the_page_is_refused(predictions: Path) -> None:
    with pytest.raises(ConfigError, match="the path of the page is empty"):
        main(["view", str(predictions), "--html", ""])


def test_another_file_is_refused_and_nothing_written(predictions: Path) -> None:
    with predictions.open("a", encoding="utf-8") as file:
        file.write('{"text": "input, not output"}\n')
    page = predictions.with_name("page.html")
    with pytest.raises(
        DataError, match=r"predictions.jsonl:3: no prediction of coreference, answers"
    ):
        main(["view", str(predictions), "--html", str(page)])
    assert not page.exists()


ANSWER = {"text": "Oslo <b>", "start": 4, "end": 12, "probability": 0.75}
QA_RESULT = {
    "id": "q",
    "question": "Where & when?",
    "context": "Ida Oslo <b> " + "x" * 400,
    "answer": "Oslo <b>",
    "start": 4,
    "end": 12,
    "probability": 0.75,
    "answers": [ANSWER, {"text": "", "start": None, "end": None, "probability": 0.25}],
    "no_answer_score": -1.5,
    "threshold": 0.0,
}
NOTHING = QA_RESULT | {"answer": "", "start": None, "end": None, "no_answer_score": 2.0}


def write(path: Path, *results: dict) -> Path:
    path.write_text("".join(f"{json.dumps(result)}\n" for result in results), encoding="utf-8")
    return path


def test_answers_on_the_terminal(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    assert main(["view", str(write(tmp_path / "answers.jsonl", QA_RESULT, NOTHING))]) == 0
    said = capsys.readouterr().out
    assert f"q\nWhere & when?\nIda [Oslo <b>] {'x' * 299} ...\n" in said
    assert "Oslo <b> (no-answer score -1.50, threshold 0.00)\n  0.750  Oslo <b>\n" in said
    assert "no answer (no-answer score 2.00, threshold 0.00)" in said
    assert "  0.250  no answer\n" in said


def test_answers_and_coreference_on_one_page(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    source = write(tmp_path / "all.jsonl", QA_RESULT, RESULT, FAILED, NOTHING)
    assert main(["view", str(source), "--html", str(tmp_path / "page.html")]) == 0
    page = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert "<b>Where &amp; when?</b>" in page
    assert re.search(r'Ida <span id="a0-0" class="mention [^>]*>Oslo &lt;b&gt;<sub>1', page)
    assert '<a href="#a0-0" dir="auto">Oslo &lt;b&gt;</a>' in page
    assert "<small>0.250</small> <i>no answer</i>" in page
    assert "her<sub>1</sub>" in page and "Not predicted: no text" in page
    assert page.count('id="a0') == 1


CLASS = {"id": "c", "text": "It was <b>.", "text_pair": "Was it?", "label": "yes"}
CLASS |= {"probability": 0.75, "probabilities": {"no": 0.25, "yes": 0.75}}
NUMBER = {"id": "n", "text": "It was.", "score": 3.14159}


def test_classes_and_numbers(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    source = write(tmp_path / "all.jsonl", CLASS, NUMBER)
    assert main(["view", str(source)]) == 0
    assert capsys.readouterr().out == (
        "c\nIt was <b>.\nWas it?\n\nyes\n  0.750  yes\n  0.250  no\n\nn\nIt was.\n\n3.142\n\n"
    )
    assert main(["view", str(source), "--html", str(tmp_path / "page.html")]) == 0
    page = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert "<p>It was &lt;b&gt;.</p>\n<p>Was it?</p>" in page
    assert "<li><small>0.750</small> yes</li>" in page and "<b>3.142</b>" in page
