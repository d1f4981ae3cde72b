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
        own sizes.
    vocabulary : `str | None`
        As for `find_encoder`; if `None`, it must be with the model or the encoder.
    """
    if vocabulary is None and checkpoint.vocabulary is not None:
        path = folder / "vocab.txt"
        path.write_bytes(checkpoint.vocabulary)
        vocabulary = str(path)
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


def _config_of(weights: Mapping[str, Tensor], place: Path) -> dict[str, Any]:
    """`config.json` by the shapes of an encoder's weights."""

    def shape(name: str) -> tuple[int, ...]:
        if _ENCODER + name not in weights:
            raise DataError(f"does not hold the weights of BERT: no `{name}` in it", place)
        return tuple(weights[_ENCODER + name].shape)

    vocab_size, width = shape("embeddings.word_embeddings.weight")
    numbers = [re.match(rf"{re.escape(_ENCODER)}encoder\.layer\.(\d+)\.", name) for name in weights]
    num_layers = 1 + max((int(number[1]) for number in numbers if number), default=-1)
    inner = shape("encoder.layer.0.intermediate.dense.weight")[0]
    num_heads = _NUM_HEADS.get((width, num_layers, inner))
    if num_heads is None:
        raise DataError(
            f"has an encoder of {num_layers} layers, {width} wide, which is none of BERT's sizes: "
            "give `--encoder`, a folder with its config.json",
            place,
        )
    return {
        "model_type": "bert",
        "vocab_size": vocab_size,
        "hidden_size": width,
        "num_hidden_layers": num_layers,
        "num_attention_heads": num_heads,
        "intermediate_size": inner,
        "max_position_embeddings": shape("embeddings.position_embeddings.weight")[0],
        "type_vocab_size": shape("embeddings.token_type_embeddings.weight")[0],
        "hidden_act": "gelu",
        "hidden_dropout_prob": 0.1,
        "attention_probs_dropout_prob": 0.1,
        "layer_norm_eps": 1e-12,
        "initializer_range": 0.02,
    }
