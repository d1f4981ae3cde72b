"""Finding the configuration, vocabulary and weights of an encoder by its name."""

from __future__ import annotations

import importlib.util
import json
import os
import re
from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from spanbert_allen.common.errors import ConfigError, DataError
from spanbert_allen.common.paths import refuse_empty_path
from spanbert_allen.encoders.aliases import ALIASES, BERT_CASED_HUB_ID, BERT_CASED_SIZE, Alias
from spanbert_allen.encoders.encoder_files import EncoderFiles
from spanbert_allen.encoders.saved_encoder import saved_encoder_folder
from spanbert_allen.encoders.sources import (
    CONFIG_NAMES,
    EncoderSource,
    FolderSource,
    HubSource,
    TarSource,
)
from spanbert_allen.encoders.tokenizer_files import (
    ADDED_TOKENS,
    TOKENIZER_JSON,
    read_added_tokens,
    read_tokenizer_file,
)
from spanbert_allen.encoders.trained_source import find_trained
from spanbert_allen.encoders.vocabulary import WordPieceVocabulary

_SIZES = (
    "hidden_size",
    "intermediate_size",
    "num_attention_heads",
    "num_hidden_layers",
    "vocab_size",
)
_HUB_ID = re.compile(r"\w[\w.-]*(/\w[\w.-]*)?")
_ARCHIVE_SUFFIXES = (".tar.gz", ".tgz", ".tar")


def find_encoder(
    model_name: str,
    *,
    vocabulary: str | None = None,
    serialization_dir: str | os.PathLike[str] | None = None,
) -> EncoderFiles:
    """
    Find an encoder by name and check that its files fit together.

    # Parameters

    model_name : `str`
        An alias (`spanbert-base-cased`, `spanbert-large-cased`, `minilm`, `tiny`), a folder in the
        layout of the `transformers` library, one of the authors' `.tar.gz`, a hub id, or a trained
        model, whose encoder is taken: its `model.tar.gz` or the folder of its training.
    vocabulary : `str`, optional (default = `None`)
        A `vocab.txt`, a folder with one, or a hub id. It replaces the source's own if there is one.
        A source without a vocabulary whose size is that of BERT's cased list, as SpanBERT's
        releases, takes this list from the hub or from its cache.
    serialization_dir : `str | PathLike`, optional (default = `None`)
        Where a model is being trained or loaded from. If encoder and weights were saved there, they
        are what is used, and `model_name` is not looked at.

    # Returns

    `EncoderFiles`

    # Errors

    `DataError` for a missing or broken file, `ConfigError` for files that do not go together.
    """
    saved = saved_encoder_folder(serialization_dir)
    if saved is not None:
        return _from_source(str(saved), FolderSource(saved), None, None, trained=True)
    alias = ALIASES.get(model_name)
    return _from_source(model_name, _find_source(model_name), vocabulary, alias, trained=False)


def _from_source(
    name: str, source: EncoderSource, vocabulary: str | None, alias: Alias | None, *, trained: bool
) -> EncoderFiles:
    config = _read_config(name, source)
    may_be_cased = not trained and config["vocab_size"] == BERT_CASED_SIZE
    pieces, beside, settings = _read_vocabulary(name, source, vocabulary, may_be_cased)
    tokenizer_config = _read_json(name, source, "tokenizer_config.json")
    if tokenizer_config is None:  # the vocabulary's, if it came from elsewhere
        tokenizer_config = _read_json(name, beside, "tokenizer_config.json") or {}
    tokenizer_config = {**settings, **tokenizer_config}
    if len(pieces.pieces) < config["vocab_size"] or isinstance(beside, FolderSource):
        added = _read_json(name, beside, ADDED_TOKENS)
        pieces = pieces.with_added(read_added_tokens(added, tokenizer_config, name))
    pieces = pieces.padded(config["vocab_size"])
    if tokenizer_config.get("do_lower_case") is None:
        tokenizer_config["do_lower_case"] = not pieces.has_capitals()
    _check_fit(name, config, pieces, tokenizer_config, alias)
    return EncoderFiles(
        name=name,
        config=config,
        vocabulary=pieces,
        tokenizer_config={**tokenizer_config, "tokenizer_class": "BertTokenizer"},
        find_weights=None if trained else source.find_weights,
    )


def _find_source(model_name: str) -> EncoderSource:
    alias = ALIASES.get(model_name)
    if alias is not None:
        if alias.hub_id is not None:
            return HubSource(alias.hub_id)
        return FolderSource(_package_folder(model_name, alias), alias.weights_sha256)
    refuse_empty_path(model_name, "the encoder", "give a folder, a file or a hub id")
    path = Path(model_name).expanduser()
    trained = find_trained(path)
    if trained is not None:
        return trained
    if path.is_dir():
        return FolderSource(path)
    if path.is_file():
        return TarSource(path)
    if not _HUB_ID.fullmatch(model_name) or model_name.endswith(_ARCHIVE_SUFFIXES):
        raise ConfigError(
            f"`model_name`: there is no file or folder {model_name}{_hint(model_name)}"
        )
    hint = _folder_hint(model_name) if "/" in model_name else _hint(model_name)
    return HubSource(model_name, hint)


def _folder_hint(hub_id: str) -> str:
    """Say where the name would be as a path, which it may be with a typing error."""
    owner, slash, name = hub_id.rpartition("/")
    is_here = slash and Path(owner).is_dir()
    return f"; a folder {owner} is here, without {name} in it" if is_here else ""


def _hint(model_name: str) -> str:
    near = get_close_matches(model_name, ALIASES, n=1)
    return f"; did you mean `{near[0]}`?" if near else f"; the aliases are {', '.join(ALIASES)}"


def _package_folder(model_name: str, alias: Alias) -> Path:
    spec = importlib.util.find_spec(str(alias.package))
    if spec is None or not spec.submodule_search_locations:
        raise ConfigError(
            f"`model_name`: the encoder `{model_name}` is in a package that is not installed: "
            f"{alias.install}"
        )
    return Path(spec.submodule_search_locations[0]) / alias.folder


def _read_json(name: str, source: EncoderSource, file_name: str) -> dict[str, Any] | None:
    content = source.read(file_name)
    if content is None:
        return None
    try:
        value = json.loads(content)
    except ValueError as error:
        raise DataError(f"`{file_name}` of it is not JSON ({error})", name) from error
    if not isinstance(value, dict):
        raise DataError(f"`{file_name}` of it is not a JSON object", name)
    return value


def _read_config(name: str, source: EncoderSource) -> dict[str, Any]:
    for file_name in CONFIG_NAMES:
        config = _read_json(name, source, file_name)
        if config is not None:
            break
    else:
        raise DataError(f"has no config.json: it is not an encoder{_hint(name)}", name)
    if "dataset_reader" in config and "model" in config:
        raise ConfigError(
            f"`model_name`: {name} is a model of AllenNLP without an encoder of this package in "
            "it: give an archive of one that was trained with the embedder `spanbert`"
        )
    model_type = config.get("model_type", "bert")  # the authors' own files do not say it
    if model_type != "bert":
        raise ConfigError(
            f"`model_name`: {name} is of architecture `{model_type}`, and the `spanbert` encoder "
            "takes `bert` only"
        )
    missing = [key for key in _SIZES if not isinstance(config.get(key), int)]
    if missing:
        raise DataError(f"config.json of it lacks {', '.join(missing)}", name)
    return config


def _read_vocabulary(
    name: str, source: EncoderSource, vocabulary: str | None, may_be_cased: bool
) -> tuple[WordPieceVocabulary, EncoderSource, dict[str, Any]]:
    """Return the pieces, the source that they come from, and settings that stand with them."""
    if vocabulary is not None:
        path = Path(vocabulary).expanduser()
        if path.is_file():
            pieces = WordPieceVocabulary.from_bytes(path.read_bytes(), str(path))
            return pieces, FolderSource(path.parent), {}
        is_hub_id = _HUB_ID.fullmatch(vocabulary) and not vocabulary.endswith(".txt")
        if not path.is_dir() and not is_hub_id:
            raise ConfigError(f"`vocabulary`: there is no file or folder {vocabulary}")
        source = FolderSource(path) if path.is_dir() else HubSource(vocabulary)
        name = vocabulary
    content = source.read("vocab.txt")
    tokenizer = _read_json(name, source, TOKENIZER_JSON) if content is None else None
    if tokenizer is not None:
        return _read_tokenizer(name, source, tokenizer)
    if content is None and vocabulary is None and may_be_cased:
        source = HubSource(BERT_CASED_HUB_ID)
        name = BERT_CASED_HUB_ID
        content = source.read("vocab.txt")
    if content is None:
        raise DataError(
            f"has neither vocab.txt nor {TOKENIZER_JSON} here or in the hub's local cache: make a "
            "folder of its files and put its vocab.txt beside them (SpanBERT's is that of "
            f"`{BERT_CASED_HUB_ID}`)",
            name,
        )
    return WordPieceVocabulary.from_bytes(content, f"{name}/vocab.txt"), source, {}


def _read_tokenizer(
    name: str, source: EncoderSource, content: Mapping[str, Any]
) -> tuple[WordPieceVocabulary, EncoderSource, dict[str, Any]]:
    tokenizer = read_tokenizer_file(content, name)
    if sorted(tokenizer.pieces) != list(range(len(tokenizer.pieces))):
        raise DataError(f"{TOKENIZER_JSON} of it lacks ids of word pieces", name)
    pieces = [tokenizer.pieces[number] for number in range(len(tokenizer.pieces))]
    vocabulary = WordPieceVocabulary.from_pieces(pieces, f"{name}/{TOKENIZER_JSON}")
    return vocabulary.with_added(tokenizer.added), source, tokenizer.settings


def _check_fit(
    name: str,
    config: Mapping[str, Any],
    vocabulary: WordPieceVocabulary,
    tokenizer_config: Mapping[str, Any],
    alias: Alias | None,
) -> None:
    if len(vocabulary.pieces) != config["vocab_size"]:
        raise ConfigError(
            f"`model_name`: the vocabulary of {name} has {len(vocabulary.pieces)} entries, but its "
            f"config.json says {config['vocab_size']}: give the vocabulary it was trained with as "
            "`vocabulary`"
        )
    is_bert_cased = vocabulary.is_bert_cased()
    if alias is not None and alias.bert_cased and not is_bert_cased:
        raise ConfigError(
            f"`model_name`: the vocabulary found for {name} is not BERT's cased list: give that of "
            f"`{BERT_CASED_HUB_ID}` as `vocabulary`"
        )
    if is_bert_cased and tokenizer_config["do_lower_case"]:
        raise ConfigError(
            f"`model_name`: {name} has SpanBERT's cased vocabulary but its tokenizer_config.json "
            "asks for lower-casing: set `do_lower_case` to false there"
        )
