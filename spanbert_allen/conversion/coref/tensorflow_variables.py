"""
Models of Joshi et al.'s program `mandarjoshi90/coref`: TensorFlow variables, in an `.npz` file.

Where TensorFlow is installed, these lines make one of a checkpoint `model.max.ckpt`:

    import sys
    import numpy
    import tensorflow

    checkpoint, npz = sys.argv[1:]
    reader = tensorflow.train.load_checkpoint(checkpoint)
    names = reader.get_variable_to_shape_map()
    slots = ("/Adam", "/Adam_1", "/adam_m", "/adam_v")
    arrays = {name: reader.get_tensor(name) for name in names if not name.endswith(slots)}
    numpy.savez(npz, **arrays)

That program tells only the first eighteen speakers of a document apart; the imported model tells
all.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Callable, Container, Mapping
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from spanbert_allen.common.errors import DataError
from spanbert_allen.conversion.coref.checkpoint import CorefCheckpoint
from spanbert_allen.conversion.coref.hoi_weights import LINEAR_STEP, hoi_checkpoint
from spanbert_allen.modules.encoder.weights import listed

# The optimiser's own: moments of every variable, and counters.
_SLOTS = ("/Adam", "/Adam_1", "/adam_m", "/adam_v")
_COUNTERS = ("beta1_power", "beta2_power", "global_step")

_TABLES = {
    "span_width_embeddings": "emb_span_width",
    "span_width_prior_embeddings": "emb_span_width_prior",
    "antecedent_distance_emb": "emb_antecedent_distance_prior",
    "genre_embeddings": "emb_genre",
    "coref_layer/same_speaker_emb": "emb_same_speaker",
    "coref_layer/antecedent_distance_emb": "emb_top_antecedent_distance",
    "coref_layer/segment_distance/segment_distance_embeddings": "emb_segment_distance",
}
_NETWORKS = {
    "mention_scores": "span_emb_score_ffnn",
    "width_scores": "span_width_score_ffnn",
    "coref_layer/slow_antecedent_scores": "coref_score_ffnn",
}
_LINEAR = {
    "mention_word_attn": "mention_token_attn",
    "src_projection": "coarse_bilinear",
    "": "antecedent_distance_score_ffnn",
    "coref_layer/f": "gate_ffnn",
}
_PARTS = {"weights": "weight", "bias": "bias"}
_BERT_PARTS = {"kernel": "weight", "gamma": "weight", "beta": "bias"}
_BERT_TABLES = ("word_embeddings", "position_embeddings", "token_type_embeddings")


def read_tensorflow(path: Path, **options: Any) -> CorefCheckpoint:
    """
    Read a model of that program.

    # Parameters

    path : `Path`
        The `.npz` file.
    options
        See `hoi_checkpoint`.
    """
    return hoi_checkpoint(to_hoi(_read_arrays(path), path), path, **options)


def to_hoi(arrays: Mapping[str, np.ndarray], path: Path) -> dict[str, Tensor]:
    """
    Return the same model under the names of `coref-hoi`.

    Matrices are transposed; of the features of pairs, distance and segment change places.

    # Parameters

    arrays : `Mapping[str, np.ndarray]`
        By the names of TensorFlow's variables; the optimiser's are passed over.
    path : `Path`
        Where they are from.
    """
    found: dict[str, Tensor] = {}
    unknown = []
    for name, array in arrays.items():
        if name in _COUNTERS or name.endswith(_SLOTS):
            continue
        renamed = _bert_name(name) if name.startswith("bert/") else _head_name(name, arrays)
        if renamed is None:
            unknown.append(name)
            continue
        new_name, change = renamed
        found[new_name] = change(torch.from_numpy(np.array(array)))
    if unknown:
        raise DataError(
            f"does not hold the variables of this kind of model; surplus: {listed(unknown)}", path
        )
    _swap_last_features(found)
    return found


def _read_arrays(path: Path) -> dict[str, np.ndarray]:
    try:
        with np.load(path, allow_pickle=False) as content:
            return {name: content[name] for name in content.files}
    except (OSError, ValueError, EOFError, AttributeError, zipfile.BadZipFile) as error:
        raise DataError(
            f"is no whole .npz file of arrays ({error}): make it again from the checkpoint", path
        ) from error


_Renamed = tuple[str, Callable[[Tensor], Tensor]]


def _bert_name(name: str) -> _Renamed | None:
    """`bert/encoder/layer_0/output/dense/kernel` as `bert.encoder.layer.0.output.dense.weight`."""
    *path, last = re.sub(r"/layer_(\d+)/", r"/layer/\1/", name).split("/")
    if last in _BERT_TABLES:
        return ".".join([*path, last, "weight"]), _same
    part = _BERT_PARTS.get(last, last)
    if part not in _PARTS.values():
        return None
    return ".".join([*path, part]), torch.t if last == "kernel" else _same


def _head_name(name: str, names: Container[str]) -> _Renamed | None:
    if name in _TABLES:
        return f"{_TABLES[name]}.weight", _same
    scope, _, variable = name.rpartition("/")
    if match := re.fullmatch(r"hidden_(weights|bias)_(\d+)", variable):
        layer = int(match[2])
    elif match := re.fullmatch(r"output_(weights|bias)", variable):
        layer = next(n for n in count() if f"{scope}/hidden_weights_{n}" not in names)
    else:
        return None
    part = _PARTS[match[1]]
    change = torch.t if part == "weight" else _same
    if scope in _NETWORKS:
        return f"{_NETWORKS[scope]}.{layer * LINEAR_STEP}.{part}", change
    if scope in _LINEAR and variable.startswith("output"):
        return f"{_LINEAR[scope]}.{part}", change
    return None


def _same(tensor: Tensor) -> Tensor:
    return tensor


def _swap_last_features(weights: dict[str, Tensor]) -> None:
    """Exchange the last two blocks of the pairs' network: distance and segment."""
    name, table = "coref_score_ffnn.0.weight", "emb_segment_distance.weight"
    if name in weights and table in weights:
        size = weights[table].size(1)
        first, distance, segment = weights[name].split(
            [weights[name].size(1) - 2 * size, size, size], dim=1
        )
        weights[name] = torch.cat([first, segment, distance], dim=1)
