"""Errors as a person meets them: one sentence, or a traceback when it is not theirs to mend."""

from __future__ import annotations

import errno
import subprocess
import sys
import types

import _jsonnet
import pytest

from spanbert_allen.common import console
from spanbert_allen.common.errors import ConfigError, DataError
from spanbert_allen.common.files import read_lines


class ConfigurationError(Exception):
    """Stands for AllenNLP's, which takes seconds to import."""


ConfigurationError.__module__ = "allennlp.common.checks"


class ProcessRaisedException(Exception):
    """Stands for torch's."""


ProcessRaisedException.__module__ = "torch.multiprocessing.spawn"


def jsonnet_error(source, tmp_path):
    path = tmp_path / "config.jsonnet"
    path.write_text(source)
    with pytest.raises(RuntimeError) as raised:
        _jsonnet.evaluate_file(str(path))
    return raised.value


def test_our_own_errors_are_shown_as_they_are():
    assert console.sentence_for(ConfigError("`x` must be positive")) == "`x` must be positive"
    assert console.sentence_for(DataError("is empty", "a.conll", 3)) == "a.conll:3: is empty"


def test_an_unset_variable_says_what_to_export(tmp_path):
    error = jsonnet_error("{a: std.extVar('DATA_DIR') + '/train'}", tmp_path)
    assert console.sentence_for(error) == (
        "the config needs DATA_DIR: export DATA_DIR=<path> and run the command again"
    )


def test_a_required_knob_says_its_own_sentence(tmp_path):
    error = jsonnet_error("{data:: error 'set data to a folder', path: self.data}", tmp_path)
    assert console.sentence_for(error) == f"set data to a folder ({tmp_path}/config.jsonnet:1)"


def test_a_syntax_error_of_jsonnet_names_its_place(tmp_path):
    sentence = console.sentence_for(jsonnet_error("{a: 1,,}", tmp_path))
    assert sentence.startswith(f"{tmp_path}/config.jsonnet:1:7: unexpected")


@pytest.mark.parametrize(
    ("message", "sentence"),
    [
        (
            "spanbert_corf not in acceptable choices for model.type: ['lstm', 'spanbert_coref', "
            "'coref']. You should either use the --include-package flag",
            "`spanbert_corf` is not a registered type for `model.type` of the config: did you mean "
            "`spanbert_coref`? (a class of your own package needs --include-package or a "
            "line in .allennlp_plugins)",
        ),
        (
            "zzz not in acceptable choices for model.type: ['lstm']. You should either",
            "`zzz` is not a registered type for `model.type` of the config: check the spelling "
            "(a class of your own package needs --include-package or a line in .allennlp_plugins)",
        ),
        (
            "Serialization directory (out/a) already exists and is not empty. Specify --recover to "
            "recover from an existing output folder.",
            "the folder out/a exists and is not empty: name another with -s, go on with the run in "
            "it with --recover, or replace it with --force",
        ),
        ('key "model" is required', 'key "model" is required'),
    ],
)
def test_configuration_errors_of_allennlp(message, sentence):
    assert console.sentence_for(ConfigurationError(message)) == sentence


def test_an_unregistered_name_is_looked_up(monkeypatch):
    class Model:
        pass

    registrable = types.ModuleType("allennlp.common.registrable")
    registrable.Registrable = type(
        "Registrable", (), {"_registry": {Model: {"coref": (), "lstm": ()}}}
    )
    monkeypatch.setitem(sys.modules, "allennlp.common.registrable", registrable)
    message = "'corf' is not a registered name for 'Model'. If your registered class comes from"
    assert console.sentence_for(ConfigurationError(message)).startswith(
        "`corf` is not a registered type for a Model: did you mean `coref`?"
    )


def test_an_override_that_nothing_takes():
    error = ValueError("overrides dict contains unused keys: ['trainer.optimiser.lr']")
    assert console.sentence_for(error) == (
        "the option -o names what the config does not have: 'trainer.optimiser.lr': "
        "check the spelling"
    )


def test_an_override_that_is_not_json():
    with pytest.raises(RuntimeError) as raised:
        _jsonnet.evaluate_snippet("", "{trainer.lr: 1}")
    assert console.sentence_for(raised.value).startswith("the option -o is not JSON, at 1:9")


def test_files(tmp_path):
    with pytest.raises(OSError, match="No such file") as missing:
        (tmp_path / "train.conll").read_text()
    assert console.sentence_for(missing.value) == (
        f"{tmp_path}/train.conll: does not exist: check the path"
    )
    with pytest.raises(OSError, match="Is a directory") as folder:
        tmp_path.read_text()
    assert console.sentence_for(folder.value) == f"{tmp_path}: is a folder where a file is needed"
    assert console.sentence_for(FileNotFoundError("file x not found")) == (
        "x: does not exist: check the path"
    )
    assert console.sentence_for(OSError("the hub is not reached")) == "the hub is not reached"
    full = OSError(errno.ENOSPC, "No space left on device")
    assert console.sentence_for(full) == (
        "No space left on device: free some space and run the command again"
    )


def test_a_current_folder_that_was_removed(tmp_path, monkeypatch):
    """The error of the system names no file."""
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    with pytest.raises(FileNotFoundError) as raised:
        next(read_lines("data.jsonl"))
    assert console.sentence_for(raised.value).startswith("the current folder was removed: change")


@pytest.mark.parametrize(
    ("last", "sentence"),
    [
        ("spanbert_allen.common.errors.DataError: a.conll:3: is wrong\n", "a.conll:3: is wrong\n"),
        ("allennlp.common.checks.ConfigurationError: no key\n", "no key\n"),
        ("ValueError: nan loss encountered\n", None),
    ],
)
def test_errors_of_the_workers_of_a_distributed_run(last, sentence):
    traceback = (
        "\n\n-- Process 1 terminated with the following error:\nTraceback:\n"
        '  File "x.py", line 1, in f\n    raise KeyError: 3\nKeyError: 3\n\n'
        f"During handling of the above, another:\n\n  File x\n{last}"
    )
    assert console.sentence_for(ProcessRaisedException(traceback)) == sentence


def test_what_a_user_cannot_mend_keeps_its_traceback():
    assert console.sentence_for(ValueError("shapes differ")) is None
    assert console.sentence_for(RuntimeError("expected scalar type")) is None


PROGRAM = """
from spanbert_allen.common import console
from spanbert_allen.common.errors import DataError
console.install_excepthook()
raise DataError("is empty:\\n give another", "a.conll")
"""


@pytest.mark.parametrize("debug", [False, True])
def test_the_hook(debug, monkeypatch):
    monkeypatch.delenv("ALLENNLP_DEBUG", raising=False)
    if debug:
        monkeypatch.setenv("ALLENNLP_DEBUG", "1")
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    if debug:
        assert "Traceback" in done.stderr
    else:
        assert done.stderr == "error: a.conll: is empty: give another\n"


def test_a_program_that_imports_us_is_not_a_command():
    assert not console.runs_allennlp_command()
    assert not console.is_installed()


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        (
            "wandb.sdk",
            "the package `wandb` is not installed: `pip install wandb`, or run `make install` in a "
            "clone of spanbert_allen for all that this project needs",
        ),
        (
            "allennlp",
            "the package `allennlp` is not installed: run `spanbert-allen install-allennlp`",
        ),
        ("spanbert_allen.nowhere", None),
    ],
)
def test_a_package_that_is_missing_is_named(name, sentence, monkeypatch):
    monkeypatch.delitem(sys.modules, name, raising=False)
    error = ModuleNotFoundError(f"No module named {name!r}", name=name)
    assert console.sentence_for(error) == sentence


def test_the_nearest_names_begin_alike():
    names = ["spanbert_qa", "spanbert_coref", "spanbert_sequence_classifier"]
    assert console.nearest("spanbert_sequnce", names)[0] == "spanbert_sequence_classifier"
    assert console.nearest("x", ["max", "index"]) == []


PIPED = """
import sys
from spanbert_allen import __main__ as program
program._run = lambda given: [print("line " * 99) for _ in range(9999)] and 0
sys.exit(program.main())
"""


def test_a_closed_pipe_ends_a_command_without_a_word():
    done = subprocess.run(
        ["bash", "-c", '"$0" -c "$1" | head -n 1; exit ${PIPESTATUS[0]}', sys.executable, PIPED],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 141
    assert done.stderr == ""
