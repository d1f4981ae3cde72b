"""Encoders with added tokens, padded tables of vectors, or a tokenizer.json alone."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from spanbert_allen.common.errors import ConfigError, DataError
from spanbert_allen.data.pieces import PieceTokenizer
from spanbert_allen.encoders import find_encoder
from tests.encoders.test_encoder_files import TINY, change_json

SIZE = len((TINY / "vocab.txt").read_text().splitlines())


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of `tiny` to change."""
    return Path(shutil.copytree(TINY, tmp_path / "encoder"))


def test_a_padded_table_of_vectors(folder):
    padded = (SIZE // 64 + 1) * 64
    change_json(folder / "config.json", vocab_size=padded)
    files = find_encoder(str(folder))
    assert len(files.vocabulary.pieces) == padded
    assert files.vocabulary.pieces[SIZE] == f"[padding{SIZE}]"
    tokenizer = PieceTokenizer.from_files(files)
    assert max(tokenizer.pieces_of(f"[padding{SIZE}]")) < SIZE


@pytest.mark.parametrize("more", [128 * 16, 5])
def test_another_vocabulary_is_no_padding(folder, more):
    size = (SIZE // 8 + 1) * 8 + more
    change_json(folder / "config.json", vocab_size=size)
    with pytest.raises(ConfigError, match="give the vocabulary it was trained with"):
        find_encoder(str(folder))


@pytest.mark.parametrize("where", ["added_tokens.json", "tokenizer_config.json"])
def test_added_tokens_stay_whole_and_are_kept_with_a_model(folder, tmp_path, where):
    change_json(folder / "config.json", vocab_size=SIZE + 1)
    if where == "added_tokens.json":
        (folder / where).write_text(json.dumps({"[ENT]": SIZE}))
    else:
        change_json(folder / where, added_tokens_decoder={str(SIZE): {"content": "[ENT]"}})
    files = find_encoder(str(folder))
    run = tmp_path / "run"
    files.keep_in(run)
    (run / "best.th").write_bytes(b"")
    for found in (files, find_encoder("gone", serialization_dir=run)):
        assert found.vocabulary.added == {"[ENT]"}
        tokenizer = PieceTokenizer.from_files(found)
        assert tokenizer.pieces_of("[ENT]") == (SIZE,)
        assert tokenizer.id_of("[ENT]") == SIZE
        as_text = PieceTokenizer.from_files(found, keep_special_strings=False)
        assert SIZE not in as_text.pieces_of("[ENT]")


def write_tokenizer(folder, **model):
    pieces = (folder / "vocab.txt").read_text().splitlines()
    vocabulary = {piece.strip(): number for number, piece in enumerate(pieces)}
    (folder / "vocab.txt").unlink()
    (folder / "tokenizer_config.json").unlink()
    content = {
        "model": {"type": "WordPiece", "vocab": vocabulary} | model,
        "normalizer": {"type": "BertNormalizer", "lowercase": True, "strip_accents": False},
        "added_tokens": [{"id": vocabulary["[CLS]"], "content": "[CLS]", "special": True}],
    }
    (folder / "tokenizer.json").write_text(json.dumps(content))


def test_a_tokenizer_json_alone(folder):
    before = find_encoder(str(folder)).vocabulary
    write_tokenizer(folder)
    files = find_encoder(str(folder))
    assert files.vocabulary == before
    assert files.lower_case
    assert files.tokenizer_config["strip_accents"] is False


@pytest.mark.parametrize(
    ("model", "kind", "said"),
    [
        ({"type": "BPE"}, ConfigError, "is of type `BPE`, and the `spanbert` encoder takes"),
        ({"vocab": []}, DataError, "has no word pieces in `model.vocab`"),
        ({"vocab": {"a": 1}}, DataError, "lacks ids of word pieces"),
        ({"vocab": {"a": "b"}}, DataError, "an id that is no whole number"),
    ],
)
def test_other_tokenizers_are_refused(folder, model, kind, said):
    write_tokenizer(folder, **model)
    with pytest.raises(kind, match=said):
        find_encoder(str(folder))
