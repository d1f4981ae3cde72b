"""Pretrained weights: from a file, under the names of today, into the encoder."""

from __future__ import annotations

import hashlib
import io
import logging
import pickle
import zipfile
from collections.abc import Iterable, Mapping

import safetensors
import safetensors.torch
import torch
from torch import Tensor, nn

from spanbert_allen.common.errors import DataError
from spanbert_allen.encoders import WeightsFile
from spanbert_allen.encoders.sources import SHARDS_INDEX, shard_names

logger = logging.getLogger(__name__)

_OLD_ENDINGS = {".gamma": ".weight", ".beta": ".bias"}
# What releases carry beside the encoder itself: masked-language, span and sentence-pair heads, and
# heads of fine-tuned tasks; then tables that the encoder computes.
_KNOWN_EXTRAS = ("cls.", "lm_head.", "qa_outputs.", "classifier.")
_COMPUTED = ("embeddings.position_ids", "embeddings.token_type_ids")
_POOLER = "pooler."
_WORD_EMBEDDINGS = "embeddings.word_embeddings.weight"
_ADAPTER = ".lora_"
_MOST_LISTED = 10


def load_weights(encoder: nn.Module, file: WeightsFile, *, initializer_range: float) -> None:
    """
    Read pretrained weights, of whatever precision, into an encoder.

    # Parameters

    encoder : `nn.Module`
        A `BertModel` of the `transformers` library. If it has a pooler and the file has none (the
        SpanBERT releases have none), the pooler is set at random, which is logged.
    file : `WeightsFile`
        The weights.
    initializer_range : `float`
        The standard deviation for a pooler set at random.

    # Errors

    `DataError` if the file cannot be read, or weights are missing, unknown or of another shape.
    """
    found = encoder_weights(file)
    wanted = encoder.state_dict()
    has_pooler = any(name.startswith(_POOLER) for name in wanted)
    lost_pooler = has_pooler and not any(name.startswith(_POOLER) for name in found)
    extras = _KNOWN_EXTRAS if has_pooler else (*_KNOWN_EXTRAS, _POOLER)
    found = {
        name: tensor
        for name, tensor in found.items()
        if name not in _COMPUTED and not name.startswith(extras)
    }
    if lost_pooler:
        logger.info("%s has no pooler, as SpanBERT's release: it starts at random", file.path)
        found |= _random_pooler(wanted, initializer_range)
    _check(file, wanted, found)
    # Half precision becomes single here. Computed tables are not in the file.
    encoder.load_state_dict(found, strict=False)


def read_weights(file: WeightsFile) -> dict[str, Tensor]:
    """
    Read the tensors of a `.safetensors` file, or of a plain state dict that `torch.save` wrote.

    # Errors

    `DataError` if the digest is wrong, the file is broken or it holds something else.
    """
    if file.path.name == SHARDS_INDEX:
        shards: dict[str, Tensor] = {}
        for name in shard_names(file.path):
            shards |= read_weights(WeightsFile(file.path.with_name(name)))
        return shards
    _check_digest(file)
    try:
        if file.path.suffix == ".safetensors":
            content = (
                safetensors.torch.load_file(file.path)
                if file.content is None
                else safetensors.torch.load(file.content)
            )
        else:
            source = file.path if file.content is None else io.BytesIO(file.content)
            content = torch.load(source, map_location="cpu", weights_only=True)
    except (
        safetensors.SafetensorError,
        pickle.UnpicklingError,
        zipfile.BadZipFile,
        EOFError,
        OSError,
        RuntimeError,
        ValueError,
        KeyError,
    ) as error:
        reason = str(error).strip().split("\n")[0]
        if isinstance(error, pickle.UnpicklingError):  # torch says how to run what is in it
            reason = "it is no file of weights, or holds Python objects, which could run a program"
        raise DataError(f"holds no weights that can be read ({reason})", file.path) from error
    if not isinstance(content, Mapping) or not all(
        isinstance(tensor, Tensor) for tensor in content.values()
    ):
        raise DataError("holds something else than a plain state dict of tensors", file.path)
    return dict(content)


def encoder_weights(file: WeightsFile) -> dict[str, Tensor]:
    """
    Read the weights of an encoder under the names that `BertModel` has for them.

    # Parameters

    file : `WeightsFile`
        The weights of an encoder, or of a trained model: then those of its encoder are returned,
        without its heads.

    # Errors

    `DataError` if the file cannot be read, or its model has no encoder, or one with adapters.
    """
    weights = read_weights(file)
    if not file.is_trained:
        return renamed(weights)
    place = next((name for name in weights if name.endswith(_WORD_EMBEDDINGS)), None)
    if place is None:
        raise DataError("holds no encoder of BERT's architecture among its weights", file.path)
    prefix = place.removesuffix(_WORD_EMBEDDINGS)
    found = {
        name.removeprefix(prefix): tensor
        for name, tensor in weights.items()
        if name.startswith(prefix)
    }
    if any(_ADAPTER in name for name in found):
        raise DataError(
            "holds an encoder with low-rank adapters (`lora`): name the encoder that it was "
            "trained from, and start from this model by `trainer.init`, which adds them up",
            file.path,
        )
    return found


def renamed(weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """
    Return tensors under the names that `BertModel` has for them.

    A leading `decoder.` (of the authors' training program) or `bert.` is removed, and the layer
    norms of the first BERT have `weight` and `bias` for their `gamma` and `beta`.
    """
    return {_new_name(name): tensor for name, tensor in weights.items()}


def _new_name(name: str) -> str:
    name = name.removeprefix("decoder.").removeprefix("bert.")
    for old, new in _OLD_ENDINGS.items():
        if name.endswith(old):
            return name.removesuffix(old) + new
    return name


def _random_pooler(wanted: Mapping[str, Tensor], initializer_range: float) -> dict[str, Tensor]:
    return {
        name: torch.zeros_like(tensor)
        if name.endswith(".bias")
        else torch.randn_like(tensor) * initializer_range
        for name, tensor in wanted.items()
        if name.startswith(_POOLER)
    }


def _check(file: WeightsFile, wanted: Mapping[str, Tensor], found: Mapping[str, Tensor]) -> None:
    missing = [name for name in wanted if name not in found and name not in _COMPUTED]
    unknown = [name for name in found if name not in wanted]
    other_shape = [
        f"{name} {tuple(tensor.shape)} instead of {tuple(wanted[name].shape)}"
        for name, tensor in found.items()
        if name in wanted and tensor.shape != wanted[name].shape
    ]
    problems = [
        f"{kind}: {listed(names)}"
        for kind, names in (
            ("missing", missing),
            ("unknown", unknown),
            ("of another shape than config.json says", other_shape),
        )
        if names
    ]
    if problems:
        raise DataError(
            f"does not hold the weights of this encoder; {'; '.join(problems)}", file.path
        )


def listed(names: Iterable[str]) -> str:
    """Return the first few names, and how many more there are."""
    names = list(names)
    more = len(names) - _MOST_LISTED
    return ", ".join(names[:_MOST_LISTED]) + (f" and {more} more" if more > 0 else "")


def _check_digest(file: WeightsFile) -> None:
    if file.sha256 is None:
        return
    digest = hashlib.sha256(file.content or b"")
    if file.content is None:
        with file.path.open("rb") as stream:
            while block := stream.read(1 << 20):
                digest.update(block)
    if digest.hexdigest() != file.sha256:
        raise DataError(
            f"is not the file that this package was made for: its sha256 is {digest.hexdigest()}, "
            f"not {file.sha256}; install its package again",
            file.path,
        )
