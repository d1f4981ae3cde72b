"""Estimate how large a training is before it runs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from allennlp.models import Model

_ADAM_BYTES = 12
"""A trained parameter's gradient and Adam's two averages, in single precision."""
_SINGLE = 4
_WIDTHS = {"bf16": 2, "fp16": 2}


class Sizes(NamedTuple):
    """Hold what a training takes."""

    parameters: int
    trained: int
    pieces: int | None
    """The most pieces of a batch, `None` if the configuration does not tell."""
    step_bytes: int | None
    """About the memory of a step: parameters, Adam's state, the encoder's activations."""


def sizes_of(model: Model, config: Mapping[str, Any]) -> Sizes:
    """
    Return the sizes of a training.

    The memory of activations is that of Korthikanti et al. (2022), "Reducing Activation
    Recomputation in Large Transformer Models", section 4.1. What a task's head needs is not in it:
    the trainer measures the whole before the first update.

    # Parameters

    model : `Model`
        With an embedder `spanbert`, or another one, of which only the parameters are counted.
    config : `Mapping[str, Any]`
        The configuration that it was built from.
    """
    parameters = sum(parameter.numel() for parameter in model.parameters())
    trained = sum(one.numel() for one in model.parameters() if one.requires_grad)
    # Of several tasks, whose batches come one after the other, the largest one counts.
    batches = [(_pieces_of(task), _length_of(task)) for task in _of_tasks(config)]
    known = [(pieces, length) for pieces, length in batches if pieces is not None]
    pieces, length = max(known) if len(known) == len(batches) else (None, 0)
    encoder = getattr(getattr(model, "embedder", None), "encoder", None)
    if pieces is None or encoder is None:
        return Sizes(parameters, trained, pieces, None)
    layers = encoder.encoder.layer
    num_trained = sum(any(one.requires_grad for one in layer.parameters()) for layer in layers)
    hidden, heads = encoder.config.hidden_size, encoder.config.num_attention_heads
    width = _WIDTHS.get(config.get("trainer", {}).get("precision", "fp32"), _SINGLE)
    # Bytes a piece and a layer; the source counts 16 bits a number.
    each = (34 * hidden + 5 * heads * min(length, pieces)) * width // 2
    kept = num_trained * each
    if getattr(encoder, "is_gradient_checkpointing", False):
        kept = num_trained * hidden * width + each
    step = parameters * _SINGLE + trained * _ADAM_BYTES + pieces * kept
    return Sizes(parameters, trained, pieces, step)


def _of_tasks(config: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return the part of a configuration that is about each of its tasks, or data sets."""
    readers = config["dataset_reader"].get("readers")
    if readers is None:
        return [config]
    return [
        {
            "dataset_reader": reader,
            "model": config["model"].get("tasks", {}).get(task, {}),
            "data_loader": {"batch_sampler": config["data_loader"]["batches"].get(task)},
        }
        for task, reader in readers.items()
    ]


def _length_of(config: Mapping[str, Any]) -> int:
    reader = config["dataset_reader"]
    indexer = reader.get("indexer")
    longest = indexer.get("max_length") if isinstance(indexer, Mapping) else None
    return int(reader.get("max_length") or longest or 512)


def _pieces_of(config: Mapping[str, Any]) -> int | None:
    loader, model = config["data_loader"], config["model"]
    sampler = loader.get("batch_sampler") or {}
    most = sampler.get("max_pieces", loader.get("max_pieces"))
    if most is not None:
        return int(most)
    size = sampler.get("batch_size") or loader.get("batch_size")
    segments = model.get("max_training_segments")
    takes_whole_documents = model.get("type") == "spanbert_coref" and segments is None
    if not isinstance(size, int) or takes_whole_documents:
        return None
    return size * int(segments or 1) * _length_of(config)
