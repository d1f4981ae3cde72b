"""The encoder of an imported coreference model: its configuration and vocabulary."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from torch import Tensor

from spanbert_allen.common.errors import DataError
from spanbert_allen.conversion.coref.checkpoint import CorefCheckpoint
from spanbert_allen.encoders import EncoderFiles, find_encoder

_ENCODER = "embedder.encoder."
# The sizes of BERT's releases, SpanBERT's among them, and their attention heads, which no shape
# tells: width, layers, inner width.
_NUM_HEADS = {(768, 12, 3072): 12, (1024, 24, 4096): 16}


def encoder_files(
    checkpoint: CorefCheckpoint,
    folder: Path,
    place: Path,
    *,
    encoder: str | None,
    vocabulary: str | None,
) -> EncoderFiles:
    """
    Nothing is downloaded, unless the user names something of the hub.

    # Parameters

    checkpoint : `CorefCheckpoint`
    folder : `Path`
        An empty folder to work in.
    place : `Path`
        The file of the model, for errors.
    encoder : `str | None`
        What `find_encoder` takes: a folder, say. If `None`, the weights must be of one of BERT's
        own sizes, or `vocabulary` a folder with a config.json.
    vocabulary : `str | None`
        As for `find_encoder`; if `None`, it must be with the model or the encoder.
    """
    if vocabulary is None and checkpoint.vocabulary is not None:
        path = folder / "vocab.txt"
        path.write_bytes(checkpoint.vocabulary)
        vocabulary = str(path)
    if encoder is None and _may_be_encoder(vocabulary, checkpoint.weights):
        encoder = vocabulary
    if encoder is None:
        config = _config_of(checkpoint.weights, place)
        (folder / "config.json").write_text(json.dumps(config), encoding="utf-8")
        if vocabulary is None:
            raise DataError(
                "holds no vocabulary: give `--vocabulary`, the vocab.txt of its encoder or a "
                "folder with it",
                place,
            )
        encoder = str(folder)
    files = find_encoder(encoder, vocabulary=vocabulary)
    if checkpoint.lower_case is None:
        return files
    return replace(
        files,
        tokenizer_config={**files.tokenizer_config, "do_lower_case": checkpoint.lower_case},
    )


def _may_be_encoder(vocabulary: str | None, weights: Mapping[str, Tensor]) -> bool:
    """Whether the vocabulary's folder is needed to tell what the encoder is, and can."""
    if vocabulary is None or not (Path(vocabulary).expanduser() / "config.json").is_file():
        return False
    return _sizes(weights) not in _NUM_HEADS


def _sizes(weights: Mapping[str, Tensor]) -> tuple[int, int, int]:
    """Width, layers, inner width; 0 for what is not there."""
    layer = re.compile(re.escape(_ENCODER) + r"encoder\.layer\.(\d+)\.")
    numbers = [int(found[1]) for found in map(layer.match, weights) if found]
    embeddings = weights.get(f"{_ENCODER}embeddings.word_embeddings.weight")
    inner = weights.get(f"{_ENCODER}encoder.layer.0.intermediate.dense.weight")
    return (
        0 if embeddings is None else embeddings.size(1),
        max(numbers, default=-1) + 1,
        0 if inner is None else inner.size(0),
    )


def _config_of(weights: Mapping[str, Tensor], place: Path) -> dict[str, Any]:
    """`config.json` by the shapes of an encoder's weights."""

    def num_rows(table: str) -> int:
        name = f"{_ENCODER}embeddings.{table}.weight"
        if name not in weights:
            raise DataError(f"does not hold the weights of BERT: no `{table}` in it", place)
        return weights[name].size(0)

    width, num_layers, inner = _sizes(weights)
    num_heads = _NUM_HEADS.get((width, num_layers, inner))
    if num_heads is None:
        raise DataError(
            f"has an encoder of {num_layers} layers, {width} wide, which is none of BERT's sizes: "
            "give `--encoder`, a folder with its config.json",
            place,
        )
    return {
        "model_type": "bert",
        "vocab_size": num_rows("word_embeddings"),
        "hidden_size": width,
        "num_hidden_layers": num_layers,
        "num_attention_heads": num_heads,
        "intermediate_size": inner,
        "max_position_embeddings": num_rows("position_embeddings"),
        "type_vocab_size": num_rows("token_type_embeddings"),
        "hidden_act": "gelu",
        "hidden_dropout_prob": 0.1,
        "attention_probs_dropout_prob": 0.1,
        "layer_norm_eps": 1e-12,
        "initializer_range": 0.02,
    }
