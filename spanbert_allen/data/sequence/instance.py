"""A text, or a pair of texts, as the sequence classifier's input."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from allennlp.data import Instance
from allennlp.data.fields import Field, LabelField, MetadataField, TensorField

from spanbert_allen.data.sequence.class_label_field import ClassLabelField
from spanbert_allen.formats.sequence.text_pair import TextPair

LABELS = "labels"
"""The namespace of AllenNLP's vocabulary that has the names of the classes."""

_PADDING = {"segment_ids": -1}


@dataclass(frozen=True)
class PairInput:
    """
    What a model's output is reported with.

    # Parameters

    pair : `TextPair`
        The texts.
    part : `str`, optional (default = `None`)
        The part of the data that is scored by itself, where there are several.
    """

    pair: TextPair
    part: str | None = None


def pair_instance(
    columns: dict[str, npt.NDArray[np.generic]],
    pair: TextPair,
    *,
    label: int | str | float | None = None,
    part: str | None = None,
) -> Instance:
    """
    One instance.

    # Parameters

    columns : `dict[str, ndarray]`
        Of `pair_columns`.
    pair : `TextPair`
        The texts.
    label : `int | str | float`, optional (default = `None`)
        The number of a class, the name of one, which AllenNLP's vocabulary numbers, or a number
        that is to be predicted.
    part : `str`, optional (default = `None`)
        See `PairInput`.

    # Returns

    `Instance`
        The columns; `label`, an integer or, for a number, float32; `pair`, a `PairInput`.
    """
    fields: dict[str, Field[Any]] = {
        name: TensorField(column, padding_value=_PADDING.get(name, 0))
        for name, column in columns.items()
    }
    if isinstance(label, float):
        # Shape: ()
        fields["label"] = TensorField(np.array(label, np.float32))
    elif isinstance(label, int):
        fields["label"] = LabelField(label, LABELS, skip_indexing=True)
    elif label is not None:
        fields["label"] = ClassLabelField(label, LABELS, pair.place)
    fields["pair"] = MetadataField(PairInput(pair, part))
    return Instance(fields)
