"""
An archive of somebody else's is read and nothing more.

Each test is one claim of the page on trust in the documentation.
"""

from __future__ import annotations

import io
import json
import socket
import sys
import tempfile
from pathlib import Path

import pytest
import torch
from allennlp.common import file_utils
from allennlp.data import DataLoader
from allennlp.models import load_archive

import spanbert_allen
from spanbert_allen.common.errors import ConfigError, DataError, UserError
from spanbert_allen.common.permissions import VARIABLE, granting, opening
from spanbert_allen.compat.repairs import archive_network
from tests.hostile.archives import changed, config_of, members, with_config, write_archive

WATCHED = ("subprocess.Popen", "os.system", "os.exec", "os.posix_spawn", "socket.connect")


class Watch:
    """Note what Python says of programs that are started and connections that are made."""

    def __init__(self) -> None:
        self.is_on = False
        self.events: list[str] = []
        sys.addaudithook(self._hear)

    def _hear(self, event: str, _arguments: object) -> None:
        if self.is_on and event.startswith(WATCHED):
            self.events.append(event)


@pytest.fixture(scope="module")
def watch():
    """An audit hook cannot be taken away: one for all tests."""
    return Watch()


@pytest.fixture(autouse=True)
def nothing_is_run(watch, tmp_path, monkeypatch):
    """No program is started, no connection made and nothing left in the temporary folder."""
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    watch.events.clear()
    watch.is_on = True
    yield
    watch.is_on = False
    assert watch.events == []
    assert list(temporary.iterdir()) == []


def refused(path: Path, match: str, **options) -> None:
    with pytest.raises(UserError, match=match) as caught:
        spanbert_allen.load(path, **options)
    sentence = str(caught.value)
    assert str(path) in sentence
    assert "temporary" not in sentence
    assert "\n" not in sentence
    assert len(sentence) - len(str(path)) < 500
    assert "weights_only" not in sentence


def part(config: dict, *keys: str):
    for key in keys:
        config = config.setdefault(key, {})
    return config


PROGRAM = {"type": "subprocess.Popen", "args": ["touch", "run-by-an-archive"]}
PLACES = [
    ("qa", ("dataset_reader",)),
    ("qa", ("dataset_reader", "indexer")),
    ("qa", ("validation_dataset_reader",)),
    ("qa", ("model",)),
    ("qa", ("model", "decoder")),
    ("coref", ("model", "head", "mentions")),
    ("coref", ("model", "embedder")),
    ("relation", ("vocabulary",)),
    ("relation", ("model", "pooling")),
]


@pytest.mark.parametrize(("task", "keys"), PLACES, ids=str)
def test_a_name_is_no_path_of_a_class_anywhere(tmp_path, monkeypatch, task, keys):
    monkeypatch.chdir(tmp_path)
    config = config_of(task)
    part(config, *keys[:-1])[keys[-1]] = dict(PROGRAM)
    path = with_config(tmp_path / "model.tar.gz", task, config)
    refused(path, "names 'subprocess.Popen' as a .*, which is not registered")
    assert not (tmp_path / "run-by-an-archive").exists()


def test_a_bare_name_is_no_path_either_and_no_module_is_imported(tmp_path, monkeypatch):
    (tmp_path / "evil_module.py").write_text("open('imported', 'w').close()\nclass Reader: ...\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    config = config_of("qa")
    config["dataset_reader"]["indexer"] = "evil_module.Reader"
    refused(with_config(tmp_path / "a.tar.gz", "qa", config), "which is not registered")
    assert not (tmp_path / "imported").exists()
    assert "evil_module" not in sys.modules


@pytest.mark.parametrize("loader", [PROGRAM, "subprocess.Popen"])
def test_what_an_evaluation_builds_later_is_registered_too(tmp_path, loader):
    config = config_of("qa") | {"validation_data_loader": loader}
    archive = load_archive(with_config(tmp_path / "model.tar.gz", "qa", config))
    with pytest.raises(ConfigError, match="which is not registered"):
        DataLoader.from_params(
            archive.config["validation_data_loader"],
            reader=archive.validation_dataset_reader,
            data_path="none",
        )


def test_the_configuration_of_a_training_may_name_a_path():
    from allennlp.common import Params
    from allennlp.data import DatasetReader

    params = Params({"type": "spanbert_allen.dataset_readers.sequence.jsonl.TextPairsJsonlReader"})
    params["indexer"] = {"type": "spanbert", "model_name": "tiny"}
    params["max_length"] = 20
    assert DatasetReader.from_params(params).max_length == 20


def test_a_package_that_the_user_trusts_registers_parts(tmp_path, monkeypatch):
    (tmp_path / "own_parts.py").write_text(
        "from allennlp.data import DatasetReader\n"
        "from spanbert_allen.dataset_readers.qa.squad import SquadReader\n"
        "@DatasetReader.register('own_squad', exist_ok=True)\n"
        "class OwnReader(SquadReader): ...\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    config = config_of("qa")
    config["dataset_reader"]["type"] = config["validation_dataset_reader"]["type"] = "own_squad"
    path = with_config(tmp_path / "model.tar.gz", "qa", config)
    refused(path, "`own_squad` is not a registered type")
    model = spanbert_allen.load(path, trust=["own_parts"])
    assert model.predict("Who?", "Ida left.")["context"] == "Ida left."


JSONNET = [
    '{"model": importstr "/etc/hostname", "dataset_reader": {}}',
    '{"model": {"type": std.extVar("HOME")}, "dataset_reader": {}}',
    "local f(x) = f(x + 1); f(0)",
    "{ model: {}, dataset_reader: {} }",
]


@pytest.mark.parametrize("text", [*JSONNET, "", "{", "\0\1", "nan", '{"a": ' * 100_000])
def test_a_configuration_is_json_and_no_program(tmp_path, text):
    path = changed(tmp_path / "model.tar.gz", "qa", {"config.json": text.encode()})
    refused(path, "config.json in it is not")


@pytest.mark.parametrize("value", [[], 3, {}, {"model": 3}, {"model": {}, "dataset_reader": []}])
def test_a_configuration_of_no_model_is_said(tmp_path, value):
    refused(with_config(tmp_path / "model.tar.gz", "qa", value), "config.json")


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"version": 3}', b'{"version": "new"}'])
def test_garbage_in_meta_json_is_said(tmp_path, content):
    refused(changed(tmp_path / "model.tar.gz", "qa", {"meta.json": content}), "meta.json in it")


def test_an_archive_without_its_encoder_asks_no_hub(tmp_path, monkeypatch):
    import huggingface_hub

    asked = []

    def download(hub_id, name, *, local_files_only):
        asked.append(local_files_only)
        raise huggingface_hub.errors.LocalEntryNotFoundError("not in the cache")

    monkeypatch.setattr(huggingface_hub, "hf_hub_download", download)
    config = config_of("qa")
    for key in ("dataset_reader", "validation_dataset_reader"):
        config[key]["indexer"]["model_name"] = "some/encoder"
    files = {name: text for name, text in members("qa").items() if "encoder/" not in name}
    files["config.json"] = json.dumps(config).encode()
    path = write_archive(tmp_path / "model.tar.gz", files)
    refused(path, f"would ask the network for `config.json` of .*{VARIABLE}=network")
    with pytest.raises(DataError, match=r"cannot get `config\.json` of the hub model"):
        spanbert_allen.load(path, allow=["network"])
    monkeypatch.setenv(VARIABLE, "network")
    with pytest.raises(DataError, match=r"cannot get `config\.json` of the hub model"):
        spanbert_allen.load(path)
    assert asked == [True, False, False]


def test_an_archive_makes_no_connection_whatever_it_is_made_of(tmp_path):
    archive_network.apply()  # the guard of these tests has put Python's own function back
    with opening("model.tar.gz"), socket.socketpair()[0] as one:
        kind = next(base for base in type(one).__mro__ if base.__module__ == "socket")
        with pytest.raises(ConnectionRefusedError, match="may not use the network"):
            kind.connect(one, ("127.0.0.1", 9))
        with pytest.raises(DataError, match=r"would ask the network for https://example\.org/a"):
            file_utils.cached_path("https://example.org/a")


@pytest.mark.parametrize(
    "part",
    [
        {"type": "from_archive", "archive_file": "other.tar.gz"},
        {"type": "from_archive", "archive_file": "https://example.org/model.tar.gz"},
        {
            "type": "spanbert_qa",
            "embedder": {"_pretrained": {"archive_file": "other.tar.gz", "module_path": "x"}},
        },
    ],
)
def test_another_archive_is_not_opened(tmp_path, part):
    config = config_of("qa") | {"model": part}
    refused(with_config(tmp_path / "a.tar.gz", "qa", config), "opens another archive .*`init`")


def test_another_archive_is_opened_with_leave(tmp_path):
    other = with_config(tmp_path / "other.tar.gz", "qa", config_of("qa"))
    config = config_of("qa")
    source = {"archive_file": str(other), "module_path": "embedder", "freeze": False}
    config["model"]["embedder"] = {"_pretrained": source}
    path = with_config(tmp_path / "a.tar.gz", "qa", config)
    with granting(["archives"]):
        assert load_archive(path).model is not None
    with pytest.raises(ConfigError, match="`allow` has 'everything', which is no permission"):
        spanbert_allen.load(path, allow=["everything"])


@pytest.mark.parametrize("key", ["trust_remote_code", "evalb_directory_path", "srl_eval_path"])
def test_settings_that_run_programs_are_refused(tmp_path, key):
    config = config_of("qa")
    config["model"]["embedder"]["transformer_kwargs"] = [{key: True}]
    refused(with_config(tmp_path / "a.tar.gz", "qa", config), f"sets `{key}`")


def saved(value) -> bytes:
    buffer = io.BytesIO()
    torch.save(value, buffer)
    return buffer.getvalue()


class Program:
    def __reduce__(self):
        import os

        return os.system, ("touch run-by-weights",)


def other_shape() -> bytes:
    weights = torch.load(io.BytesIO(members("qa")["weights.th"]))
    return saved(weights | {"qa_outputs.bias": torch.zeros(7)})


def one_missing() -> bytes:
    weights = torch.load(io.BytesIO(members("qa")["weights.th"]))
    return saved(
        {name: tensor for name, tensor in weights.items() if "qa_outputs.bias" not in name}
    )


@pytest.mark.parametrize(
    ("weights", "match"),
    [
        (lambda: saved([torch.ones(2)]), "no whole file of weights by name"),
        (lambda: saved({"a": 3}), "its weights are not those|no whole file"),
        (lambda: saved({"a": Program()}), "no whole file of weights by name, or holds Python"),
        (lambda: b"", "no whole file of weights by name"),
        (lambda: b"garbage" * 9, "no whole file of weights by name"),
        (other_shape, "`qa_outputs.bias` has another shape"),
        (one_missing, "missing: 'qa_outputs.bias'|missing: .*qa_outputs.bias"),
        (lambda: None, "weights"),
    ],
    ids=["list", "numbers", "program", "empty", "garbage", "shape", "missing", "none"],
)
def test_weights_that_are_none_are_said(tmp_path, monkeypatch, weights, match):
    monkeypatch.chdir(tmp_path)
    refused(changed(tmp_path / "model.tar.gz", "qa", {"weights.th": weights()}), match)
    assert not (tmp_path / "run-by-weights").exists()


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("num_attention_heads", 0),
        ("hidden_size", 7),
        ("hidden_size", -1),
        ("hidden_size", "x"),
        ("num_hidden_layers", -3),
        ("vocab_size", 3),
        ("hidden_act", "none such"),
    ],
)
def test_an_encoder_that_cannot_be_is_said(tmp_path, key, value):
    config = json.loads(members("qa")["encoder/config.json"]) | {key: value}
    content = {"encoder/config.json": json.dumps(config).encode()}
    refused(changed(tmp_path / "model.tar.gz", "qa", content), "model.tar.gz")


def test_the_folder_of_a_training_with_half_a_configuration_is_said(tmp_path):
    (tmp_path / "config.json").write_text('{"model": ')
    refused(tmp_path, "config.json: is not whole JSON")


def test_an_archive_that_would_fill_the_disk_is_refused(tmp_path, monkeypatch):
    import shutil
    from types import SimpleNamespace

    monkeypatch.setattr(shutil, "disk_usage", lambda _folder: SimpleNamespace(free=1000))
    with pytest.raises(DataError, match=r"model\.tar\.gz: the disk of .* has no room to unpack"):
        spanbert_allen.load(changed(tmp_path / "model.tar.gz", "qa", {}))
