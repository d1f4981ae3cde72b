"""Word pieces and settings from the files that tokenizers are saved in beside `vocab.txt`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from spanbert_allen.common.errors import ConfigError, DataError

TOKENIZER_JSON = "tokenizer.json"
ADDED_TOKENS = "added_tokens.json"
_SETTINGS = {
    "lowercase": "do_lower_case",
    "strip_accents": "strip_accents",
    "handle_chinese_chars": "tokenize_chinese_chars",
}
"""The settings of BERT's normalizer in tokenizer.json, and their names in tokenizer_config.json."""


@dataclass(frozen=True, kw_only=True)
class TokenizerFile:
    """
    The content of a `tokenizer.json`.

    # Parameters

    pieces : `dict[int, str]`
        Word pieces by their ids.
    added : `dict[int, str]`
        Tokens that were added later, by their ids; the special pieces of BERT are among them.
    settings : `dict[str, Any]`
        Settings by their names in `tokenizer_config.json`.
    """

    pieces: dict[int, str]
    added: dict[int, str] = field(default_factory=dict)
    settings: dict[str, Any] = field(default_factory=dict)


def read_tokenizer_file(content: Mapping[str, Any], name: str) -> TokenizerFile:
    """
    Read the word pieces of a `tokenizer.json`, as transformers 5 saves tokenizers.

    # Parameters

    content : `Mapping[str, Any]`
        The JSON object in the file.
    name : `str`
        What to call the encoder in an error.

    # Errors

    `ConfigError` for a tokenizer without word pieces, `DataError` for a file of another form.
    """
    model = content.get("model")
    kind = model.get("type", "WordPiece") if isinstance(model, Mapping) else None
    if kind not in (None, "WordPiece"):
        raise ConfigError(
            f"`model_name`: the {TOKENIZER_JSON} of {name} is of type `{kind}`, and the `spanbert` "
            "encoder takes `WordPiece` only"
        )
    vocabulary = model.get("vocab") if isinstance(model, Mapping) else None
    if not isinstance(vocabulary, Mapping) or not vocabulary:
        raise DataError(f"{TOKENIZER_JSON} of it has no word pieces in `model.vocab`", name)
    normalizer = content.get("normalizer") or {}
    return TokenizerFile(
        pieces=_by_id(vocabulary, name),
        added={
            token["id"]: token["content"]
            for token in content.get("added_tokens") or ()
            if isinstance(token, Mapping) and "id" in token and "content" in token
        },
        settings={
            ours: normalizer[theirs]
            for theirs, ours in _SETTINGS.items()
            if normalizer.get(theirs) is not None
        },
    )


def read_added_tokens(
    content: Mapping[str, Any] | None, tokenizer_config: Mapping[str, Any], name: str
) -> dict[int, str]:
    """
    Return the tokens that were added to a vocabulary, by their ids.

    # Parameters

    content : `Mapping[str, Any]`, optional
        The content of `added_tokens.json`.
    tokenizer_config : `Mapping[str, Any]`
        The content of `tokenizer_config.json`.
    name : `str`
        What to call the encoder in an error.
    """
    decoder = tokenizer_config.get("added_tokens_decoder")
    listed = decoder.items() if isinstance(decoder, Mapping) else ()
    added = {
        int(number): token["content"]
        for number, token in listed
        if str(number).isdigit() and isinstance(token, Mapping) and "content" in token
    }
    return added | _by_id(content or {}, name)


def added_tokens_json(pieces: tuple[str, ...], added: frozenset[str]) -> bytes:
    """Return the content of `added_tokens.json`."""
    numbers = {piece: number for number, piece in enumerate(pieces) if piece in added}
    return (json.dumps(numbers, indent=2, ensure_ascii=False) + "\n").encode("utf-8")


def _by_id(numbers: Mapping[str, Any], name: str) -> dict[int, str]:
    if not all(isinstance(number, int) and number >= 0 for number in numbers.values()):
        raise DataError("a word piece of its tokenizer has an id that is no whole number", name)
    return {number: piece for piece, number in numbers.items()}
