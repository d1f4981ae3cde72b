"""Put a trained model on the hub."""

from __future__ import annotations

import json
from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple

from spanbert_allen.common.errors import DataError
from spanbert_allen.common.paths import refuse_empty_path
from spanbert_allen.conversion.hub.card import hub_card, with_licence
from spanbert_allen.conversion.hub.names import ARCHIVE, checked_repo, reason_of
from spanbert_allen.encoders.sources import tar_index

CARD = "README.md"
_ENCODER_FILES = ("vocab.txt", "tokenizer_config.json")
_EXPORTED = {
    "model.safetensors": (
        *("config.json", "generation_config.json", *_ENCODER_FILES),
        "span_boundary_head.safetensors",
    ),
    "model.onnx": ("model.json", "tokenizer.json"),
}
"""The weights that `export` makes, and what may be beside them."""


class Pushed(NamedTuple):
    """What `push` did: the address of the model, what was put there, and what was left here."""

    url: str
    names: list[str]
    left: list[str]


def push(
    source: str | Path,
    repo: str,
    *,
    private: bool = False,
    card_only: bool = False,
    licence: str | None = None,
) -> Pushed:
    """
    Put a trained model on the hub in one commit, with a card.

    Of a training, the archive goes there, with the configuration and the tokenizer's files that are
    in it, and nothing else; of a folder that `export` made, the files that it made, and a card. A
    card that is there already stays, since somebody may have written it. The token is that of the
    hub's own login, or of its variable `HF_TOKEN`.

    # Parameters

    source : `str | Path`
        A `model.tar.gz`, the folder of a training, or a folder that `export` made.
    repo : `str`
        `OWNER/NAME`; made if it is not there.
    private : `bool`, optional (default = `False`)
        Whether a repository that is made is to be seen by its owner alone. One that everybody sees
        already is refused then.
    card_only : `bool`, optional (default = `False`)
        Whether to write the card alone, anew.
    licence : `str`, optional (default = `None`)
        The hub's name of the licence, such as `cc-by-4.0`.

    # Returns

    `Pushed`
        What was put on the hub, and what of the exported folder does not belong there.

    # Errors

    `DataError` for a source that is none of these, for a model that is public although `private` is
    asked for, or if the hub refuses.
    """
    refuse_empty_path(source, "the model", "name a model.tar.gz or a folder")
    files = files_to_push(Path(source), checked_repo(repo), licence)
    try:
        url, names = _commit(files, repo, private=private, card_only=card_only)
    except (OSError, ValueError) as error:
        raise DataError(
            f"the hub did not take it ({reason_of(error)}): check the name and the network, and "
            "log in with `huggingface-cli login` as somebody who may write there",
            repo,
        ) from error
    return Pushed(url, names, [] if card_only else _left(Path(source)))


def files_to_push(source: Path, repo: str, licence: str | None) -> dict[str, bytes | Path]:
    """Return what belongs on the hub by its name there, with the card; see `push`."""
    if _is_exported(source):
        return _exported(source, licence)
    archive = source / ARCHIVE if source.is_dir() else source
    if not archive.is_file():
        raise DataError(
            f"no such file or folder (looked from {Path.cwd()}); check the path", source
        )
    small = tar_index(archive).small
    config = small.get(PurePosixPath("config.json"))
    settings = _json_of(config)
    if config is None or not isinstance(settings.get("model"), dict):
        raise DataError("is no trained model: give a model.tar.gz", archive)
    metrics = archive.with_name("metrics.json")
    card = hub_card(
        repo, settings, _json_of(metrics.read_bytes() if metrics.is_file() else None), licence
    )
    files: dict[str, bytes | Path] = {ARCHIVE: archive, "config.json": config}
    for name in _ENCODER_FILES:
        content = small.get(PurePosixPath("encoder", name))
        if content is not None:
            files[name] = content
    return files | {CARD: card.encode()}


def _is_exported(source: Path) -> bool:
    return source.is_dir() and not (source / ARCHIVE).is_file()


def _exported(folder: Path, licence: str | None) -> dict[str, bytes | Path]:
    if not any((folder / name).is_file() for name in _EXPORTED):
        raise DataError(
            f"is neither the folder of a training that has ended, with its {ARCHIVE}, nor one that "
            "`spanbert-allen export` made; name one of these",
            folder,
        )
    files: dict[str, bytes | Path] = {
        name: folder / name for name in _made_by_export(folder) if (folder / name).is_file()
    }
    card = folder / CARD
    text = card.read_text(encoding="utf-8") if card.is_file() else ""
    return files | {CARD: with_licence(text, licence).encode()}


def _made_by_export(folder: Path) -> list[str]:
    """Return the names of what `export` makes: the weights in a folder, and what goes with them."""
    kinds = [weights for weights in _EXPORTED if (folder / weights).is_file()]
    return [name for weights in kinds for name in (weights, *_EXPORTED[weights])]


def _left(source: Path) -> list[str]:
    """Return what `export` did not make in its folder, without names that begin with a dot."""
    if not _is_exported(source):
        return []
    known = {CARD, *_made_by_export(source)}
    others = sorted(path for path in source.iterdir() if path.name not in known)
    return [path.name + "/" * path.is_dir() for path in others if not path.name.startswith(".")]


def _commit(
    files: dict[str, bytes | Path], repo: str, *, private: bool, card_only: bool
) -> tuple[str, list[str]]:
    from huggingface_hub import CommitOperationAdd, HfApi

    hub = HfApi()
    url = str(hub.create_repo(repo, private=private, exist_ok=True))
    if private and not hub.repo_info(repo).private:
        raise DataError(
            "is on the hub already, where everybody sees it, so that --private would hide nothing: "
            "name another model, or leave --private out",
            repo,
        )
    if card_only:
        files = {CARD: files[CARD]}
    elif hub.file_exists(repo, CARD):
        files = {name: content for name, content in files.items() if name != CARD}
    hub.create_commit(
        repo,
        [
            CommitOperationAdd(name, content if isinstance(content, bytes) else str(content))
            for name, content in files.items()
        ],
        commit_message="Put there by spanbert-allen push",
    )
    return url, list(files)


def _json_of(content: bytes | None) -> dict[str, Any]:
    """Return a JSON object, an empty one for whatever is none."""
    try:
        value = json.loads(content or b"{}")
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}
