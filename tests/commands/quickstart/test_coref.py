import argparse
import io
import json
import re
import shlex
import signal
import subprocess
import sys
from pathlib import Path
from subprocess import PIPE

import pytest

from spanbert_allen import shipped_configs
from spanbert_allen.commands import quickstart
from spanbert_allen.commands.quickstart.logged_run import last_words, run_logged, sibling_program
from spanbert_allen.commands.quickstart.progress import Progress
from spanbert_allen.commands.quickstart.tasks import (
    DEFAULT_QUESTION,
    DEFAULT_TEXT,
    QUICKSTART_TASKS,
)
from spanbert_allen.common.errors import UserError
from tests.places import ROOT

FAKE = [sys.executable, str(Path(__file__).parents[1] / "fake_allennlp.py")]


def options(*given: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    quickstart.add_arguments(parser)
    return parser.parse_args(given)


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    configs = tmp_path / "training_configs" / "quickstart"
    configs.mkdir(parents=True)
    for task in QUICKSTART_TASKS:
        (configs / f"{task}.jsonnet").write_text("{}")
    (tmp_path / ".allennlp_plugins").write_text("spanbert_allen\n")
    monkeypatch.setattr(shipped_configs, "PARENT", tmp_path)
    monkeypatch.setattr(
        quickstart, "sibling_program", lambda name: FAKE if name == "allennlp" else [name]
    )
    return tmp_path


@pytest.fixture
def own_program(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let `spanbert-allen` be what can be started, and `allennlp` not."""
    monkeypatch.setattr(
        quickstart, "sibling_program", lambda name: FAKE if name == "spanbert-allen" else [name]
    )


def test_everything_is_made_and_said(
    repository: Path, capsys: pytest.CaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    assert quickstart.run(options("--text", "Ann her <b>")) == 0
    said = capsys.readouterr().out
    out = repository / "out" / "quickstart"
    assert {path.name for path in out.iterdir()} == {
        "coref", "coref.html", "data", "predictions.jsonl", "quickstart.log", "text.jsonl"
    }  # fmt: skip
    assert "epoch  1  loss 30.46  dev CoNLL F1 25.0\n" in said
    assert "epoch  2  loss 10.00  dev CoNLL F1 50.0\n" in said
    assert "test: CoNLL F1 44.4  MUC 50.0\n" in said
    assert "[1 Ann] [1 her] <b>" in said
    assert "noise" not in said
    assert "noise" in (out / "quickstart.log").read_text()
    assert "her<sub>1</sub></span> &lt;b&gt;" in (out / "coref.html").read_text()
    made = said.partition("Made in ")[2]
    for path in ("coref/model.tar.gz", "coref/test_metrics.json", "coref.html"):
        assert f"out/quickstart/{path} " in made
    assert "spanbert-allen view out/quickstart/mine.out --html out/quickstart/mine.html\n" in made


def test_the_commands_printed_are_those_that_ran(
    repository: Path, capsys: pytest.CaptureFixture
) -> None:
    quickstart.run(options())
    printed = re.findall(r"^  \$ (.*)$", capsys.readouterr().out, re.MULTILINE)
    log = (repository / "out" / "quickstart" / "quickstart.log").read_text()
    assert printed == re.findall(r"^\$ (.*)$", log, re.MULTILINE)
    assert [shlex.split(command)[2:] for command in printed] == [
        ["train", "training_configs/quickstart/coref.jsonnet", "-s", "out/quickstart/coref", "-f"],
        [
            "evaluate",
            "out/quickstart/coref/model.tar.gz",
            "out/quickstart/data/coref_test.jsonl",
            "--output-file",
            "out/quickstart/coref/test_metrics.json",
        ],
        [
            "predict",
            "out/quickstart/coref/model.tar.gz",
            "out/quickstart/text.jsonl",
            "--output-file",
            "out/quickstart/predictions.jsonl",
            "--silent",
        ],
    ]


def test_question_answering(
    repository: Path, capsys: pytest.CaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    given = ("--task", "qa", "--text", "Ann her <b>", "--question", "Who?")
    assert quickstart.run(options(*given)) == 0
    said = capsys.readouterr().out
    out = repository / "out" / "quickstart"
    assert "1/3 Train on the sample corpus (287 train questions, 36 dev questions, 72 t" in said
    assert "epoch  1  loss 30.46  dev F1 12.0\n" in said
    assert "test: F1 34.0  exact 30.0\n" in said
    assert "3/3 Answer a question\n" in said
    assert "Who?\n[Ann] her <b>\n\nAnn\n  0.900  Ann\n" in said
    assert "<b>Who?</b>" in (out / "qa.html").read_text()
    assert "evaluate out/quickstart/qa/model.tar.gz out/quickstart/data/squad_test.json" in said
    assert """echo '{"question": "Whose text?", "context": "Your own text."}' >""" in said
    quickstart.run(options("--task", "qa"))
    record = json.loads((out / "text.jsonl").read_text())
    assert record["question"] == DEFAULT_QUESTION and "mayor" in record["context"]


def test_another_folder_and_no_plugin_line(
    repository: Path, capsys: pytest.CaptureFixture, own_program: None
) -> None:
    (repository / ".allennlp_plugins").unlink()
    quickstart.run(options("--out", "my out"))
    printed = re.findall(r"^  \$ (.*)$", capsys.readouterr().out, re.MULTILINE)
    train = shlex.split(printed[0])
    assert json.loads(train[train.index("-o") + 1]) == {
        "train_data_path": "my out/data/coref_train.jsonl",
        "validation_data_path": "my out/data/coref_dev.jsonl",
    }
    assert [command.startswith(shlex.join(FAKE)) for command in printed] == [True] * 3
    assert "--include-package" not in " ".join(printed)
    assert (repository / "my out" / "data" / "coref_dev.jsonl").exists()


@pytest.mark.parametrize("command", ["train", "evaluate", "predict"])
def test_a_command_that_fails_is_one_sentence(repository: Path, command: str) -> None:
    Path("fail_at").write_text(command)
    with pytest.raises(UserError) as raised:
        quickstart.run(options())
    assert str(raised.value) == (
        f"`allennlp {command}` stopped with status 1: the disk is full: make room "
        "(all it wrote is in out/quickstart/quickstart.log)"
    )


def test_outside_of_the_repository_the_installed_configuration_is_trained(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture,
    own_program: None,
) -> None:
    monkeypatch.chdir(tmp_path)
    assert quickstart.run(options()) == 0
    config = ROOT / "training_configs" / "quickstart" / "coref.jsonnet"
    assert f"train {config} -s out/quickstart/coref -f\n" in capsys.readouterr().out


def test_where_it_is_no_plugin_a_failure_names_the_program_that_ran(
    repository: Path, own_program: None
) -> None:
    (repository / ".allennlp_plugins").unlink()
    Path("fail_at").write_text("train")
    with pytest.raises(UserError, match="`spanbert-allen train` stopped with status 1"):
        quickstart.run(options())


def test_the_default_text_is_a_short_one() -> None:
    assert 60 <= len(DEFAULT_TEXT.split()) <= 150


def test_output_is_passed_on_as_it_comes(tmp_path: Path) -> None:
    program = "import sys, time; print('a'); sys.stdout.write('10%\\r20%\\r'); sys.exit(3)"
    seen: list[str] = []
    log = tmp_path / "logs" / "log"
    assert run_logged([sys.executable, "-c", program], log, on_output=seen.append) == 3
    assert seen == ["a", "10%", "20%"]
    assert log.read_text().splitlines()[1:] == ["a", "10%", "20%", "exit status 3", ""]
    assert last_words(log) == "20%"


def test_a_child_does_not_outlive_an_interrupt(tmp_path: Path) -> None:
    program = "import os, time; print(os.getpid()); time.sleep(60)"
    pids = []

    def interrupt(line: str) -> None:
        pids.append(int(line))
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_logged([sys.executable, "-c", program], tmp_path / "log", on_output=interrupt)
    assert not Path(f"/proc/{pids[0]}").exists()


def test_a_child_does_not_outlive_its_parent_that_is_told_to_end(tmp_path: Path) -> None:
    child = "import os, time; print(os.getpid()); time.sleep(60)"
    parent = f"""
import sys
from pathlib import Path
from spanbert_allen.commands.quickstart.logged_run import run_logged
say = lambda line: print(line, flush=True)
run_logged([sys.executable, "-c", {child!r}], Path({str(tmp_path / "log")!r}), on_output=say)
"""
    with subprocess.Popen([sys.executable, "-c", parent], cwd=ROOT, stdout=PIPE, text=True) as run:
        assert run.stdout is not None
        pid = int(run.stdout.readline())
        run.terminate()
    assert run.returncode == 128 + signal.SIGTERM
    assert not Path(f"/proc/{pid}").exists()


def test_the_changing_line_is_for_terminals_only() -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    for stream, expected in (
        (io.StringIO(), "done\n"),
        (Terminal(), "\r50 %\r9 % \r   \rdone\n"),
    ):
        progress = Progress(stream)
        progress.now("50 %")
        progress.now("9 %")
        progress.line("done")
        assert stream.getvalue() == expected


def test_programs_of_this_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    python = tmp_path / "bin" / "python"
    python.parent.mkdir()
    monkeypatch.setattr(sys, "executable", str(python))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", "/nowhere")
    assert sibling_program("allennlp") == [str(python), "-m", "allennlp"]
    assert sibling_program("spanbert-allen") == [str(python), "-m", "spanbert_allen"]
    (python.parent / "allennlp").touch()
    assert sibling_program("allennlp") == ["bin/allennlp"]
    monkeypatch.chdir(Path(__file__).parent)
    assert sibling_program("allennlp") == [str(python.parent / "allennlp")]
    monkeypatch.setenv("PATH", str(python.parent))
    assert sibling_program("allennlp") == ["allennlp"]
