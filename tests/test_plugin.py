"""
The `allennlp` command finds this package in three ways, and shows errors as one sentence: each run
here proves both, as without the plugin there would be a traceback.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from spanbert_allen.commands import plugin
from tests.places import ROOT

pytestmark = pytest.mark.slow

# As the script `allennlp`. AllenNLP is imported once, this package anew in a fork for each command.
ALLENNLP = """
import json, os, sys
import allennlp.__main__
from allennlp.common import plugins

plugins.import_module_and_submodules("allennlp", exclude={"allennlp.sanity_checks"})
plugins.import_module_and_submodules("allennlp_models")
assert "spanbert_allen" not in sys.modules
for run in json.loads(sys.argv[1]):
    child = os.fork()
    if child == 0:
        os.dup2(os.open(run["said"], os.O_WRONLY | os.O_CREAT), 2)
        os.chdir(run["cwd"])
        plugins.GLOBAL_PLUGINS_FILENAME = run["plugins"]
        sys.path[0:1] = run["path"]
        sys.argv = ["allennlp", *run["arguments"]]
        allennlp.__main__.run()
        sys.exit(0)
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""


def environment(home):
    kept = {**os.environ, "HOME": str(home)}
    kept.pop("ALLENNLP_DEBUG", None)
    return kept


def error_in(said):
    """The one line that is not log; there must be no traceback."""
    assert "Traceback" not in said
    (line,) = [line for line in said.splitlines() if line.startswith("error: ")]
    assert said.rstrip().endswith(line)
    return line


def test_the_allennlp_command_finds_it_in_three_ways(tmp_path):
    inside, by_option, by_file = folders = [tmp_path / name for name in "abc"]
    for folder in folders:
        folder.mkdir()
    config = {
        "dataset_reader": {"type": "spanbert_coref_jsonnl"},
        "train_data_path": "train.jsonl",
        "model": {"type": "spanbert_coref"},
        "data_loader": {"batch_size": 1},
        "trainer": {},
    }
    (inside / "config.json").write_text(json.dumps(config))
    (by_option / "config.jsonnet").write_text(
        "{train_data_path: std.extVar('DATA_DIR') + '/train'}"
    )
    plugin.add_line(by_file / ".allennlp" / "plugins")
    (by_file / "model.tar.gz").write_text("not at all")
    (by_file / "in.jsonl").write_text("{}\n")
    train = ["train", "config.jsonnet", "-s", "out", "--include-package", "spanbert_allen"]
    runs = [
        (inside, ROOT, ["train", str(inside / "config.json"), "-s", str(inside / "out")]),
        (by_option, by_option, train),
        (by_file, by_file, ["predict", "model.tar.gz", "in.jsonl"]),
    ]
    told = [
        {
            "said": str(folder / "said.txt"),
            "cwd": str(cwd),
            "plugins": str(folder / ".allennlp" / "plugins"),
            # As the command has it: inside the repository, the folder that one stands in is not on
            # the path; AllenNLP adds it.
            "path": [] if cwd == ROOT else [str(ROOT)],
            "arguments": arguments,
        }
        for folder, cwd, arguments in runs
    ]
    program = tmp_path / "allennlp"
    program.write_text(ALLENNLP)
    done = subprocess.run(
        [sys.executable, "-W", "ignore", program, json.dumps(told)],
        cwd=tmp_path,
        env=environment(tmp_path),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.split()[-3:] == ["1", "1", "1"], done.stderr[-2000:]
    errors = [error_in((folder / "said.txt").read_text()) for folder in folders]
    assert errors[0].startswith(
        "error: `spanbert_coref_jsonnl` is not a registered type for `dataset_reader.type` of the "
        "config: did you mean `spanbert_coref_jsonl`"
    )
    assert errors[1:] == [
        "error: the config needs DATA_DIR: export DATA_DIR=<path> and run the command again",
        "error: model.tar.gz: not an archive (.tar.gz): give a model.tar.gz of AllenNLP",
    ]
    assert not (by_option / "out").exists()


def test_our_own_command_with_a_folder_that_exists_and_no_foreign_noise(tmp_path):
    (tmp_path / "config.json").write_text("{}")
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "metrics.json").write_text("{}")
    for name in ("data.py", "training.py"):  # as parts of AllenNLP and of this package
        (tmp_path / name).write_text("raise SystemExit('a program of the user ran')\n")
    command = [sys.executable, "-m", "spanbert_allen", "train", "config.json", "-s", "out"]
    done = subprocess.run(
        command,
        cwd=tmp_path,
        env={**environment(tmp_path), "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert error_in(done.stderr) == (
        "error: the folder out exists and is not empty: name another with -s, go on with the "
        "run in it with --recover, or replace it with --force"
    )
    for noise in ("FutureWarning", "nltk", "pkg_resources"):
        assert noise not in done.stderr
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["metrics.json"]
