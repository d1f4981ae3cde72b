"""The command `spanbert-allen`: what it passes where, and its light commands."""

from __future__ import annotations

import argparse
import importlib.metadata
import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from spanbert_allen import __main__ as program
from spanbert_allen.commands import COMMANDS, allennlp_main, doctor, load_command, plugin
from tests.places import ROOT


def test_help_names_every_command(capsys):
    assert program.main([]) == 0
    shown = capsys.readouterr().out
    for name in (*COMMANDS, *program.ALLENNLP_COMMANDS):
        assert name in shown


SPAWNING = """
import multiprocessing, sys
from spanbert_allen.__main__ import main

def report():
    import logging, nltk
    from allennlp.common import logging as allennlp_logging
    print(nltk.download("punkt"))
    allennlp_logging.prepare_global_logging(".", rank=0, world_size=2)
    logging.getLogger("allennlp.common.params").info("trainer.type = spanbert")
    logging.getLogger("spanbert_allen.training").info("epoch 1")

if __name__ == "__main__":
    sys.argv[1:] = ["train"]
    worker = multiprocessing.get_context("spawn").Process(target=report)
    worker.start()
    worker.join()
"""


def test_workers_of_a_training_fetch_and_show_no_more_than_it(tmp_path):
    (tmp_path / "program.py").write_text(SPAWNING)
    nowhere = os.environ | {
        "ALLENNLP_LOG_LEVEL": "",
        "https_proxy": "http://127.0.0.1:9",
        "PYTHONPATH": str(ROOT),
    }
    run = subprocess.run(
        [sys.executable, "program.py"],
        cwd=tmp_path,
        env=nowhere,
        capture_output=True,
        text=True,
        check=True,
    )
    assert (run.stdout, run.stderr) == ("False\nepoch 1\n", "")
    assert "trainer.type = spanbert" in (tmp_path / "out_worker0.log").read_text()


def test_a_name_that_is_nearly_ours(capsys):
    with pytest.raises(SystemExit) as ended:
        program.main(["docter"])
    assert ended.value.code == 2
    assert "did you mean `doctor`?" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("given", "said"),
    [("trian", "did you mean `train`?"), ("find-lr", "train with some rates instead")],
)
def test_a_command_of_allennlp_that_is_none_says_so_at_once(given, said, monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "spanbert_allen.commands.allennlp_main", None)
    with pytest.raises(SystemExit) as ended:
        program.main([given, "config.jsonnet"])
    assert ended.value.code == 2
    assert said in capsys.readouterr().err


def test_a_name_that_is_like_none(monkeypatch, capsys):
    """A plugin of AllenNLP may have it; otherwise all commands are named, and not AllenNLP's."""
    monkeypatch.setattr("allennlp.common.plugins.import_plugins", lambda: None)
    with pytest.raises(SystemExit) as ended:
        program.main(["nonsense", "--verbose"])
    assert ended.value.code == 2
    said = capsys.readouterr().err.splitlines()[-1]
    assert "there is no command `nonsense`: the commands are quickstart, " in said
    assert all(f" {name}" in said for name in (*COMMANDS, *program.ALLENNLP_COMMANDS))
    monkeypatch.setattr(
        "allennlp.commands.subcommand.Subcommand.list_available", lambda: ["nonsense"]
    )
    monkeypatch.setattr(allennlp_main, "run_allennlp", list)
    assert program.main(["nonsense", "--verbose"]) == ["nonsense", "--verbose"]


def test_verbose_shows_all_that_allennlp_logs(monkeypatch):
    monkeypatch.delenv("ALLENNLP_LOG_LEVEL", raising=False)
    monkeypatch.setattr(allennlp_main, "run_allennlp", lambda given: (given, os.environ.copy()))
    assert "ALLENNLP_LOG_LEVEL" not in program.main(["train", "x"])[1]
    given, environment = program.main(["train", "-v", "x"])
    assert given == ["train", "x"]
    assert environment["ALLENNLP_LOG_LEVEL"] == "INFO"
    monkeypatch.delenv("ALLENNLP_LOG_LEVEL")


def test_an_interrupted_command_ends_without_a_traceback(monkeypatch):
    def interrupted(arguments):
        raise KeyboardInterrupt

    monkeypatch.setattr(plugin, "run", interrupted)
    with pytest.raises(SystemExit) as end:
        program.main(["plugin"])
    assert end.value.code == 130


def test_debug_asks_for_tracebacks(monkeypatch):
    monkeypatch.setenv("ALLENNLP_DEBUG", "")
    with pytest.raises(SystemExit):
        program.main(["plugin", "--debug", "--help"])
    assert program.console.wants_tracebacks()


def test_sample_writes_the_corpus(tmp_path, capsys):
    assert program.main(["sample", str(tmp_path / "new")]) == 0
    paths = capsys.readouterr().out.split()
    assert f"{tmp_path}/new/coref_train.jsonl" in paths
    assert json.loads(Path(paths[0]).read_text(encoding="utf-8").splitlines()[0])


def test_plugin_line_is_written_once(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("HOME", str(tmp_path))
    path = tmp_path / ".allennlp" / "plugins"
    assert program.main(["plugin"]) == 0
    assert program.main(["plugin"]) == 0
    assert path.read_text() == "spanbert_allen\n"
    assert "nothing to do" in capsys.readouterr().out


def test_plugin_line_leaves_the_others(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    real = tmp_path / "kept_elsewhere"
    real.write_text("another_package")
    (tmp_path / ".allennlp_plugins").symlink_to(real)
    assert program.main(["plugin", "--local"]) == 0
    assert real.read_text() == "another_package\nspanbert_allen\n"
    assert (tmp_path / ".allennlp_plugins").is_symlink()
    assert not plugin.add_line(real)


def test_doctor_is_content(capsys):
    assert program.main(["doctor", "--quick"]) == 0
    lines = capsys.readouterr().out.splitlines()
    wrong = [line for line in lines if not line.startswith("ok ")]
    assert all(line.startswith("-     extra ") for line in wrong)
    assert any("encoder minilm" in line and "whole" in line for line in lines)


@pytest.mark.parametrize(
    ("name", "bound", "said"),
    [
        ("packaging", ">=1", ""),
        ("packaging", "<1", "tested are <1"),
        ("no-such-distribution", ">=1", "pip install it"),
    ],
)
def test_doctor_compares_versions(name, bound, said):
    cure = doctor.version_finding(name, bound, "pip install it").cure
    assert (said in cure) if said else not cure


@pytest.mark.parametrize(
    ("bounds", "finding"),
    [
        ({"packaging": ">=1"}, ("packaging {packaging}", "", True)),
        (
            {"packaging": "<1", "pytest": ""},
            (
                "packaging {packaging}, pytest {pytest}",
                "tested are <1: run `pip install 'packaging<1' 'pytest'`",
                True,
            ),
        ),
        (
            {"no-such": ">=2"},
            ("not installed, if needed: pip install 'no-such>=2'", "", False),
        ),
        (
            {"packaging": ">=1", "no-such": ""},
            ("no-such not installed, if needed: pip install 'packaging>=1' 'no-such'", "", False),
        ),
    ],
)
def test_doctor_tells_of_an_extra(bounds, finding):
    state, cure, is_there = finding
    versions = {name: importlib.metadata.version(name) for name in ("packaging", "pytest")}
    expected = doctor.Finding("extra mine", state.format(**versions), cure, is_there)
    assert doctor.extra_finding("mine", bounds) == expected


def test_doctor_names_every_extra_and_one_that_is_missing_is_nothing_wrong(monkeypatch, capsys):
    monkeypatch.setitem(doctor.EXTRAS, "ray", {"no-such-distribution": ""})
    assert program.main(["doctor", "--quick"]) == 0
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    told = {line[2]: [line[0], *line[3:5]] for line in lines if line[1] == "extra"}
    assert told.keys() == doctor.EXTRAS.keys()
    assert told["ray"] == ["-", "not", "installed,"]
    monkeypatch.setitem(doctor.EXTRAS, "ray", {"packaging": "<1"})
    assert program.main(["doctor", "--quick"]) == 1


def test_doctor_finds_a_damaged_encoder(tmp_path):
    (tmp_path / "model.safetensors").write_bytes(b"cut short")
    assert "damaged" in doctor._weights_finding("minilm", tmp_path, "0" * 64).state
    assert "missing" in doctor._weights_finding("minilm", tmp_path / "no", None).state


def test_doctor_says_that_something_is_wrong(monkeypatch, capsys):
    monkeypatch.setitem(doctor.BOUNDS, "packaging", "<1")
    assert program.main(["doctor", "--quick"]) == 1
    assert "WRONG packaging" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("fp32", "bf16", "said"),
    [
        (2.0, 1.0, "2.0 times as fast as in fp32: worth using"),
        (1.0, 1.0, "1.0 times as fast as in fp32: no gain, stay with fp32"),
        (1.0, 100.0, "100.0 times slower than in fp32: stay with fp32"),
    ],
)
def test_doctor_says_what_bf16_is_worth(fp32, bf16, said):
    assert doctor.bf16_state(fp32, bf16) == f"products {said}"


@pytest.mark.parametrize("name", COMMANDS)
def test_help_shows_an_example_that_parses(name, capsys):
    """An example is a command line: this one ends it, or stands in $(), with known options."""
    with pytest.raises(SystemExit) as ended:
        program.main([name, "--help"])
    assert ended.value.code == 0
    example = load_command(name).EXAMPLE
    assert example in capsys.readouterr().out
    within = re.search(r"\$\((.*)\)", example)
    words = shlex.split(within[1] if within else example.replace("&&", " "))
    assert "spanbert-allen" in words
    start = len(words) - 1 - words[::-1].index("spanbert-allen")
    assert words[start + 1] == name
    if words[0] == "spanbert-allen":
        parser = argparse.ArgumentParser()
        load_command(name).add_arguments(parser)
        parser.parse_args(words[start + 2 :])
