"""
Models of the program `coref-hoi` (Xu and Choi 2020).

"Revealing the Myth of Higher-Order Inference in Coreference Resolution". A model is a state dict in
a `.bin` file; its settings are read off the shapes, as far as these tell.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from spanbert_allen.common.errors import ConfigError
from spanbert_allen.conversion.coref.checkpoint import CorefCheckpoint, WeightNames
from spanbert_allen.encoders import WeightsFile
from spanbert_allen.modules.encoder.weights import read_weights

_PAIRS = "head.link_scorer.antecedent_scorer."
_COARSE = "head.link_scorer.coarse_antecedents."
_PRIOR = "span_width_score_ffnn"
_NUM_ONTONOTES_GENRES = 7
LINEAR_STEP = 3
"""From one linear layer of a network to the next: ReLU and dropout stand between."""


def read_hoi(path: Path, **options: Any) -> CorefCheckpoint:
    """
    Read a model of that program.

    # Parameters

    path : `Path`
        The `.bin` file.
    options
        See `hoi_checkpoint`.
    """
    return hoi_checkpoint(read_weights(WeightsFile(path)), path, **options)


def hoi_checkpoint(
    weights: Mapping[str, Tensor],
    path: Path,
    *,
    max_length: int | None = None,
    refinement: str | None = None,
    depth: int = 2,
    cluster_reduce: str = "mean",
    easy_cluster_first: bool = False,
    genres: Sequence[str] | None = None,
) -> CorefCheckpoint:
    """
    Translate the weights of that program into ours, and read its settings off their shapes.

    # Parameters

    weights : `Mapping[str, Tensor]`
        Under the names of that program.
    path : `Path`
        The file that they are from, for errors.
    max_length : `int`, optional (default = `None`)
        Its `max_segment_len`; by default 384 for an encoder 768 wide, else 512.
    refinement : `str`, optional (default = `None`)
        Its `higher_order`, where the weights do not tell: `attended_antecedent`, the default, or
        `max_antecedent`.
    depth : `int`, optional (default = `2`)
        Its `coref_depth`, where it is more than 1.
    cluster_reduce, easy_cluster_first : optional (default = `"mean"`, `False`)
        Its settings of these names, for cluster merging. With `easy_cluster_first`, two clusters
        merge as they do there, see `self_merging` of `ClusterMerging`.
    genres : `Sequence[str]`, optional (default = `None`)
        Its genres, if they are not OntoNotes' seven.
    """
    names = WeightNames(weights, path)
    names.skip("bert.pooler.")
    names.skip("bert.embeddings.position_ids")
    dim = names.shape("bert.embeddings.word_embeddings.weight")[1]
    num_genres = names.shape("emb_genre.weight")[0]
    if (_NUM_ONTONOTES_GENRES if genres is None else len(genres)) != num_genres:
        raise ConfigError(
            f"--genres: {path} was trained with {num_genres} genres; name them, in their order"
        )
    head = _head(names)
    refined = _refinement(names, refinement, depth, cluster_reduce, easy_cluster_first)
    if refined is not None:
        head["refinement"] = refined
    uniform = _uniform_attention(names, dim)
    _rename(names, head)
    model: dict[str, Any] = {
        "special_pieces": True,
        "whole_words": False,
        "head": head,
        "max_training_segments": head.get("max_segments"),
    }
    if genres is not None:
        model["genres"] = list(genres)
    return CorefCheckpoint(
        weights={**names.finish(), **uniform},
        model=model,
        indexer={"max_length": max_length or (384 if dim == 768 else 512)},
        encoder_name=path.name,
    )


def _head(names: WeightNames) -> dict[str, Any]:
    """Return the settings of the head, without the refinement."""
    max_width, feature_size = names.shape("emb_span_width.weight")
    features = _features(names)
    head: dict[str, Any] = {
        "max_span_width": max_width,
        "hidden_dim": names.shape("span_emb_score_ffnn.0.weight")[0],
        "num_layers": _num_layers(names, "span_emb_score_ffnn"),
        "feature_size": feature_size,
        "width_prior": "emb_span_width_prior.weight" in names,
        "distance_prior": "emb_antecedent_distance_prior.weight" in names,
        "features": features,
    }
    if head["width_prior"]:
        prior_layers = _num_layers(names, _PRIOR)
        if prior_layers > 1:  # its `ffnn_depth` is that of this network, too
            head["mentions"] = {
                "type": "spanbert_feedforward_mentions",
                "prior_layers": prior_layers,
            }
    if "segment" in features:
        head["max_segments"] = names.shape("emb_segment_distance.weight")[0]
    return head


def _num_layers(names: WeightNames, network: str) -> int:
    """Return the number of hidden layers of a feed-forward network."""
    names.shape(f"{network}.0.weight")
    count = 0
    while f"{network}.{(count + 1) * LINEAR_STEP}.weight" in names:
        count += 1
    return max(count, 1)


def _features(names: WeightNames) -> list[str]:
    """Return the features of pairs, in the order of that program."""
    features = []
    if "emb_same_speaker.weight" in names:
        features += ["speaker", "genre"]
    else:
        names.skip("emb_genre.")
    if "emb_segment_distance.weight" in names:
        features.append("segment")
    return [*features, "distance"]


def _uniform_attention(names: WeightNames, dim: int) -> dict[str, Tensor]:
    """Return weights of equal attention scores, for models without `model_heads`."""
    if "mention_token_attn.weight" in names:
        names.take_linear("mention_token_attn", "head.span_representation.token_scorer")
        return {}
    return {
        "head.span_representation.token_scorer.weight": torch.zeros(1, dim),
        "head.span_representation.token_scorer.bias": torch.zeros(1),
    }


def _refinement(
    names: WeightNames, chosen: str | None, depth: int, reduce: str, easy_first: bool
) -> dict[str, Any] | None:
    """Return the settings of the refinement; skip weights that the program does not use then."""
    if chosen not in (None, "attended_antecedent", "max_antecedent"):
        raise ConfigError(
            f"--refinement: {chosen!r} is neither attended_antecedent nor max_antecedent; others "
            "are told by their weights"
        )
    if "emb_cluster_size.weight" in names:
        names.skip("gate_ffnn.")
        return {
            "type": "spanbert_cluster_merging",
            "hidden_dim": names.shape("cluster_score_ffnn.0.weight")[0],
            "num_layers": _num_layers(names, "cluster_score_ffnn"),
            "feature_size": names.shape("emb_cluster_size.weight")[1],
            "reduce": reduce,
            "easy_first": easy_first,
            "self_merging": easy_first,
        }
    if depth < 2:
        names.skip("gate_ffnn.")
    if "gate_ffnn.weight" not in names:
        names.skip("span_attn_ffnn.")
        return None
    if "span_attn_ffnn.weight" in names:
        chosen = "span_clustering"
    return {"type": f"spanbert_{chosen or 'attended_antecedent'}", "times": depth - 1}


def _rename(names: WeightNames, head: Mapping[str, Any]) -> None:
    names.take_all("bert.", "embedder.encoder.")
    names.take("emb_span_width.weight", "head.span_representation.width_embedding.weight")
    num_layers = head["num_layers"]
    _take_network(names, "span_emb_score_ffnn", "head.mention_scorer.feedforward", num_layers)
    if head["width_prior"]:
        names.take("emb_span_width_prior.weight", "head.mention_scorer.prior_embedding.weight")
        prior = "head.mention_scorer.prior_feedforward"
        _take_network(names, _PRIOR, prior, _num_layers(names, _PRIOR))
    names.take_linear("coarse_bilinear", f"{_COARSE}projection")
    if head["distance_prior"]:
        names.take("emb_antecedent_distance_prior.weight", f"{_COARSE}prior_embedding.weight")
        names.take_linear("antecedent_distance_score_ffnn", f"{_COARSE}prior_output")
    _take_network(names, "coref_score_ffnn", f"{_PAIRS}feedforward", num_layers)
    for feature, name in (
        ("speaker", "emb_same_speaker"),
        ("genre", "emb_genre"),
        ("segment", "emb_segment_distance"),
        ("distance", "emb_top_antecedent_distance"),
    ):
        if feature in head["features"]:
            names.take(f"{name}.weight", f"{_PAIRS}features.embeddings.{feature}.weight")
    refinement = head.get("refinement", {"type": None})
    if refinement["type"] == "spanbert_cluster_merging":
        names.take("emb_cluster_size.weight", "head.refinement.size_embedding.weight")
        network = "head.refinement.feedforward"
        _take_network(names, "cluster_score_ffnn", network, refinement["num_layers"])
    elif refinement["type"] is not None:
        names.take_linear("gate_ffnn", "head.refinement.gate")
    if refinement["type"] == "spanbert_span_clustering":
        names.take_linear("span_attn_ffnn", "head.refinement.span_scorer")


def _take_network(names: WeightNames, theirs: str, ours: str, num_layers: int) -> None:
    """Take the weights of a feed-forward network."""
    names.take_linear(f"{theirs}.0", f"{ours}.first")
    for layer in range(1, num_layers):
        names.take_linear(f"{theirs}.{layer * LINEAR_STEP}", f"{ours}.rest.{layer - 1}")
    names.take_linear(f"{theirs}.{num_layers * LINEAR_STEP}", f"{ours}.output")
