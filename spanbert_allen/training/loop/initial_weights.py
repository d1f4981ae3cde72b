"""Weights that a training starts from: those of a model that was trained before."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TypeVar

import torch
from allennlp.models import Model, load_archive
from torch import Tensor

from spanbert_allen.common.errors import ConfigError
from spanbert_allen.modules.encoder.embedder import SpanbertEmbedder
from spanbert_allen.modules.encoder.lora import adapted_weights, merged_weights

Value = TypeVar("Value")

logger = logging.getLogger(__name__)

_PARTS = ("all", "encoder")
_ENCODER = "encoder/"
"""What the names of the encoder's weights begin with here, wherever the encoder is in a model."""
_MOST_NAMED = 10


def check_init_parts(parts: str) -> None:
    """
    Check the value of `trainer.init_parts`.

    # Errors

    `ConfigError` if it is neither `all` nor `encoder`.
    """
    if parts not in _PARTS:
        raise ConfigError(
            f"`trainer.init_parts` is {parts!r}: it must be {' or '.join(map(repr, _PARTS))}"
        )


def start_from_archive(model: Model, path: str | Path, *, parts: str = "all") -> None:
    """
    Copy the weights of a trained model into one that is about to be trained.

    Data, labels, trained layers and the task may differ. Weights whose rows have names, such as
    those of labels, are matched by name: a model tells them in `row_names()`, by parameter. Weights
    that the trained model has under other names are those that `names_in(trained)` tells: in a
    model of several tasks, each task takes those of a model of such a task. What the trained model
    does not have, as the rows of new labels, stays as it is; the log names it.

    # Parameters

    model : `Model`
        Newly built, on the CPU.
    path : `str | Path`
        A `model.tar.gz`, or the folder of a training.
    parts : `str`, optional (default = `"all"`)
        `all` weights that fit, or those of the `encoder`.

    # Errors

    `ConfigError` if there is no such model, or its encoder is another one.
    """
    if not Path(path).exists():
        raise ConfigError(f"`trainer.init`: there is no file or folder {path}")
    trained = load_archive(path).model
    _check_encoders(path, _embedder(trained, str(path))[1], _embedder(model, "this model")[1])
    names = model.names_in(trained) if hasattr(model, "names_in") else {}
    found = _by_our_names(names, _weights(trained, merged=True))
    found_rows = _by_our_names(names, _row_names(trained))
    own, own_rows = _weights(model), _row_names(model)
    kept: list[str] = []
    with torch.no_grad():
        for name, tensor in own.items():
            if parts == "encoder" and not name.startswith(_ENCODER):
                continue
            if name not in found:
                kept.append(name.removeprefix(_ENCODER))
            elif name in own_rows and name in found_rows and _same_width(tensor, found[name]):
                new = _copy_rows(tensor, own_rows[name], found[name], found_rows[name])
                kept += [f"`{row}` of {name.removeprefix(_ENCODER)}" for row in new]
            elif tensor.shape == found[name].shape:
                tensor.copy_(found[name])
            else:
                kept.append(name)
    logger.info("weights start from %s", path)
    if kept:
        more = f" and {len(kept) - _MOST_NAMED} more" if len(kept) > _MOST_NAMED else ""
        logger.warning(
            "not in %s, and therefore trained from new: %s%s",
            path,
            ", ".join(kept[:_MOST_NAMED]),
            more,
        )


def _embedder(model: Model, name: str) -> tuple[str, SpanbertEmbedder]:
    """Find the embedder of a model, and its place."""
    for place, module in model.named_modules():
        if isinstance(module, SpanbertEmbedder):
            return place, module
    raise ConfigError(
        f"`trainer.init`: {name} has no embedder of type `spanbert`, whose weights could be taken"
    )


def _weights(model: Model, *, merged: bool = False) -> dict[str, Tensor]:
    """Return the weights of a model by name, those of the encoder by their names in it."""
    place, embedder = _embedder(model, "the model")
    encoder = merged_weights(embedder.encoder) if merged else adapted_weights(embedder.encoder)
    # Buffers, such as weights of classes that were counted, belong to the data that is trained on.
    buffers = {name for name, _ in model.named_buffers()}
    others = {
        name: tensor
        for name, tensor in model.state_dict().items()
        if not name.startswith(f"{place}.encoder.") and name not in buffers
    }
    return others | {_ENCODER + name: tensor for name, tensor in encoder.items()}


def _row_names(model: Model) -> dict[str, Sequence[str]]:
    """Return the names of rows that a model tells, by the names of `_weights`."""
    place, _ = _embedder(model, "the model")
    names: Mapping[str, Sequence[str]] = model.row_names() if hasattr(model, "row_names") else {}
    return {name.replace(f"{place}.encoder.", _ENCODER): rows for name, rows in names.items()}


def _by_our_names(names: Mapping[str, str], found: Mapping[str, Value]) -> dict[str, Value]:
    """Add what the trained model has under other names; `names` tells them by ours."""
    return {own: found[theirs] for own, theirs in names.items() if theirs in found} | dict(found)


def _same_width(own: Tensor, found: Tensor) -> bool:
    """Tell whether the rows of two weights are alike in all but their number."""
    return own.shape[1:] == found.shape[1:]


def _copy_rows(
    own: Tensor, own_rows: Sequence[str], found: Tensor, rows: Sequence[str]
) -> list[str]:
    """Copy the rows that both have, by name; return the names of the others."""
    places = {name: number for number, name in enumerate(rows)}
    new = []
    for number, name in enumerate(own_rows):
        if name in places:
            own[number] = found[places[name]]
        else:
            new.append(name)
    return new


def _check_encoders(path: str | Path, found: SpanbertEmbedder, own: SpanbertEmbedder) -> None:
    same_pieces = found.files.vocabulary.pieces == own.files.vocabulary.pieces
    sizes = ("hidden_size", "intermediate_size", "num_hidden_layers", "num_attention_heads")
    same_sizes = all(
        getattr(found.encoder.config, size) == getattr(own.encoder.config, size) for size in sizes
    )
    if not same_pieces or not same_sizes:
        raise ConfigError(
            f"`trainer.init`: the encoder of {path} has another "
            f"{'size' if same_pieces else 'vocabulary'} than this model's: set the encoder that it "
            "was trained with"
        )
