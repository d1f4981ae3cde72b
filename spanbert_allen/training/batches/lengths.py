"""How long an instance is, for batches of instances of similar length."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from allennlp.data import Instance
from allennlp.data.fields import Field, MetadataField, TensorField
from allennlp.data.fields.sequence_field import SequenceField

from spanbert_allen.common.errors import ConfigError

LengthField = str | Callable[[Instance], int] | None


def instance_lengths(instances: Sequence[Instance], length_field: LengthField = None) -> list[int]:
    """
    Return the length of each instance, without padding.

    # Parameters

    instances : `Sequence[Instance]`
        They must be indexed if text fields are measured.
    length_field : `str | Callable[[Instance], int]`, optional (default = `None`)
        The name of a field: a tensor's first dimension counts, a text's or list's longest padding
        length. For data that is padded already: of a mask, a tensor of truth values, what is true
        is counted, and a field that holds one whole number (a tensor without dimensions, or
        metadata) gives that. Or a function that gives the length. By default the longest tensor,
        text or list of the instance, such as `token_ids`.

    # Returns

    `list[int]`

    Raises `ConfigError` if an instance has no such field or none to be measured.
    """
    if callable(length_field):
        return [int(length_field(instance)) for instance in instances]
    if length_field is None:
        return [_longest(instance) for instance in instances]
    return [_length_of(instance, length_field) for instance in instances]


def _longest(instance: Instance) -> int:
    lengths = [_sequence_length(field) for field in instance.fields.values()]
    known = [length for length in lengths if length is not None]
    if not known:
        raise ConfigError(
            f"no field of an instance ({', '.join(instance.fields)}) is a sequence: name the one "
            "to measure as `length_field` of the batch sampler"
        )
    return max(known)


def _length_of(instance: Instance, name: str) -> int:
    field = instance.fields.get(name)
    if field is None:
        raise ConfigError(
            f"`length_field` of the batch sampler is {name!r}, which an instance does not have: "
            f"choose among {', '.join(instance.fields)}"
        )
    if isinstance(field, TensorField) and field.tensor.dtype == torch.bool:
        return int(field.tensor.sum())
    length = _sequence_length(field)
    if length is None:
        length = _number(field)
    if length is None:
        raise ConfigError(
            f"`length_field` of the batch sampler is {name!r}, a {type(field).__name__} with "
            "neither a length nor a whole number: choose another field"
        )
    return length


def _sequence_length(field: Field[Any]) -> int | None:
    if isinstance(field, TensorField):
        return len(field) if field.tensor.dim() else None
    if isinstance(field, SequenceField):
        # A text's words may be fewer than their pieces, which are what is padded.
        return max(field.get_padding_lengths().values(), default=0)
    return None


def _number(field: Field[Any]) -> int | None:
    if isinstance(field, TensorField):
        return int(field.tensor)
    if isinstance(field, MetadataField) and isinstance(field.metadata, int):
        return field.metadata
    return None
