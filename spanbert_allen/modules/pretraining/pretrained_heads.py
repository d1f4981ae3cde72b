"""Heads of pre-training from the file that an encoder's weights come from."""

from __future__ import annotations

import logging
from collections.abc import Mapping

from torch import Tensor, nn

from spanbert_allen.common.errors import DataError
from spanbert_allen.encoders import WeightsFile
from spanbert_allen.modules.encoder.weights import read_weights, renamed

logger = logging.getLogger(__name__)

MASKED_PIECES = {
    "cls.predictions.transform.dense.weight": "dense.weight",
    "cls.predictions.transform.dense.bias": "dense.bias",
    "cls.predictions.transform.LayerNorm.weight": "layer_norm.weight",
    "cls.predictions.transform.LayerNorm.bias": "layer_norm.bias",
    "cls.predictions.bias": "bias",
}
"""The names of BERT's masked-language-model head in files, and in `MaskedPieceHead`."""

_SBO = "cls.pair_target_predictions"
BOUNDARIES = {
    f"{_SBO}.position_embeddings.weight": "positions.weight",
    f"{_SBO}.mlp_layer_norm.linear1.weight": "dense1.weight",
    f"{_SBO}.mlp_layer_norm.linear1.bias": "dense1.bias",
    f"{_SBO}.mlp_layer_norm.layer_norm1.weight": "layer_norm1.weight",
    f"{_SBO}.mlp_layer_norm.layer_norm1.bias": "layer_norm1.bias",
    f"{_SBO}.mlp_layer_norm.linear2.weight": "dense2.weight",
    f"{_SBO}.mlp_layer_norm.linear2.bias": "dense2.bias",
    f"{_SBO}.mlp_layer_norm.layer_norm2.weight": "layer_norm2.weight",
    f"{_SBO}.mlp_layer_norm.layer_norm2.bias": "layer_norm2.bias",
    f"{_SBO}.bias": "bias",
}
"""The names of the authors' span-boundary head in files, and in `BoundaryHead`."""

_IN_MODEL = {"mlm_head": MASKED_PIECES, "sbo_head": BOUNDARIES}
"""The heads by their names in `SpanbertPretrainer`."""

BOUNDARIES_FILE = "span_boundary_head.safetensors"
"""The file with that head which stands beside the weights of an exported model."""


def load_heads(file: WeightsFile, heads: Mapping[str, tuple[nn.Module, dict[str, str]]]) -> None:
    """
    Load the heads that a file has; the others stay as they are, which is logged.

    A file `span_boundary_head.safetensors` beside it, as exports have, is read as well.

    # Parameters

    file : `WeightsFile`
        The file of the encoder's weights; or of a model that was pre-trained with this package.
    heads : `Mapping[str, tuple[nn.Module, dict[str, str]]]`
        What messages call each head, the head, and its names in the file and in the module.

    Raises a `DataError` if a head in the file is incomplete or has other shapes.
    """
    weights = read_weights(file)
    weights = weights | _as_released(weights) if file.is_trained else renamed(weights)
    beside = file.path.with_name(BOUNDARIES_FILE)
    if file.content is None and beside.is_file():
        weights |= renamed(read_weights(WeightsFile(beside)))
    for called, (head, names) in heads.items():
        found = {own: weights[name] for name, own in names.items() if name in weights}
        if not found:
            logger.info("%s has no %s: it is trained from the start", file.path, called)
            continue
        _check(file, called, head.state_dict(), found)
        head.load_state_dict({name: tensor.float() for name, tensor in found.items()})


def _as_released(weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return the heads of a pre-trained model under the names that releases have for them."""
    return {
        name: weights[f"{head}.{own}"]
        for head, names in _IN_MODEL.items()
        for name, own in names.items()
        if f"{head}.{own}" in weights
    }


def _check(
    file: WeightsFile, called: str, wanted: Mapping[str, Tensor], found: Mapping[str, Tensor]
) -> None:
    missing = [name for name in wanted if name not in found]
    if missing:
        raise DataError(f"its {called} lacks {', '.join(missing)}", file.path)
    for name, tensor in found.items():
        if tensor.shape != wanted[name].shape:
            raise DataError(
                f"{name} of its {called} is {tuple(tensor.shape)}, and the configuration asks for "
                f"{tuple(wanted[name].shape)}: set `max_boundary_targets` to that of the release",
                file.path,
            )
