"""
The `allennlp` command finds this package in three ways, and shows errors as one sentence: each run
here proves both, as without the plugin there would be a traceback.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from spanbert_allen.commands import plugin
from tests.places import ROOT

pytestmark = pytest.mark.slow
ALLENNLP = Path(sys.executable).with_name("allennlp")


def run(command, cwd, **variables):
    environment = {**os.environ, "HOME": str(cwd), **variables}
    environment.pop("ALLENNLP_DEBUG", None)
    return subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


def error_of(done):
    """The one line that is not log; there must be no traceback."""
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    (line,) = [line for line in done.stderr.splitlines() if line.startswith("error: ")]
    assert done.stderr.rstrip().endswith(line)
    return line


def test_inside_the_repository_with_a_type_that_is_nearly_right(tmp_path):
    config = tmp_path / "config.json"
    config.write_text(
        json.dumps(
            {
                "dataset_reader": {"type": "spanbert_coref_jsonnl"},
                "train_data_path": "train.jsonl",
                "model": {"type": "spanbert_coref"},
                "data_loader": {"batch_size": 1},
                "trainer": {},
            }
        )
    )
    done = run([ALLENNLP, "train", config, "-s", tmp_path / "out"], ROOT)
    assert error_of(done).startswith(
        "error: `spanbert_coref_jsonnl` is not a registered type for `dataset_reader.type` of the "
        "config: did you mean `spanbert_coref_jsonl`"
    )


def test_outside_by_include_package_with_a_path_that_is_not_set(tmp_path):
    (tmp_path / "config.jsonnet").write_text("{train_data_path: std.extVar('DATA_DIR') + '/train'}")
    command = [ALLENNLP, "train", "config.jsonnet", "-s", "out", "--include-package"]
    done = run([*command, "spanbert_allen"], tmp_path, PYTHONPATH=str(ROOT))
    assert error_of(done) == (
        "error: the config needs DATA_DIR: export DATA_DIR=<path> and run the command again"
    )
    assert not (tmp_path / "out").exists()


def test_outside_by_the_users_plugin_file_with_an_archive_that_is_none(tmp_path):
    plugin.add_line(tmp_path / ".allennlp" / "plugins")
    (tmp_path / "model.tar.gz").write_text("not at all")
    (tmp_path / "in.jsonl").write_text("{}\n")
    done = run([ALLENNLP, "predict", "model.tar.gz", "in.jsonl"], tmp_path, PYTHONPATH=str(ROOT))
    assert error_of(done) == (
        "error: model.tar.gz: not an archive (.tar.gz): give a model.tar.gz of AllenNLP"
    )


def test_our_own_command_with_a_folder_that_exists_and_no_foreign_noise(tmp_path):
    (tmp_path / "config.json").write_text("{}")
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "metrics.json").write_text("{}")
    command = [sys.executable, "-m", "spanbert_allen", "train", "config.json", "-s", "out"]
    done = run(command, tmp_path, PYTHONPATH=str(ROOT))
    assert error_of(done) == (
        "error: the folder out exists and is not empty: name another with -s, go on with the "
        "run in it with --recover, or replace it with --force"
    )
    for noise in ("FutureWarning", "nltk", "pkg_resources"):
        assert noise not in done.stderr
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["metrics.json"]
