"""Make the sequence classifier's input of a text, or a pair of texts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from allennlp.data import Instance
from allennlp.data.fields import Field, LabelField, MetadataField, TensorField

from spanbert_allen.data.sequence.class_label_field import (
    ClassLabelField,
    ClassSetField,
    UnseenClassesField,
)
from spanbert_allen.data.unseen_names import UnseenNames
from spanbert_allen.formats.sequence.text_pair import TextPair

LABELS = "labels"
"""The namespace of AllenNLP's vocabulary that has the names of the classes."""

Output = int | str | float | tuple[str, ...]
"""
What a model learns for a text: the number of a class; the name of one, which AllenNLP's vocabulary
numbers; a number; or the names of any number of classes.
"""

_PADDING = {"segment_ids": -1}


@dataclass(frozen=True)
class PairInput:
    """
    Hold what the output of a model is reported with.

    # Parameters

    pair : `TextPair`
        The texts.
    part : `str`, optional (default = `None`)
        The part of the data that is scored by itself, where there are several.
    is_cut : `bool`, optional (default = `False`)
        Whether the texts are too long, so that the model does not read all of them.
    """

    pair: TextPair
    part: str | None = None
    is_cut: bool = False


def pair_instance(
    columns: dict[str, npt.NDArray[np.generic]],
    pair: TextPair,
    *,
    label: Output | None = None,
    part: str | None = None,
    is_cut: bool = False,
    unseen: UnseenNames | None = None,
) -> Instance:
    """
    Return the instance of a text, or a pair of texts.

    # Parameters

    columns : `dict[str, ndarray]`
        The columns that `pair_columns` makes.
    pair : `TextPair`
        The texts.
    label : `Output`, optional (default = `None`)
        What the model is to learn.
    part, is_cut
        As for `PairInput`.
    unseen : `UnseenNames`, optional (default = `None`)
        As for `ClassLabelField`.

    # Returns

    `Instance`
        The columns; `label`, an integer or, for a number, float32, or, for a list of classes,
        float32 of shape (num_classes,); with such a list and `unseen`, `num_unseen`, how many of
        its classes the model does not know; `pair`, a `PairInput`.
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
    elif isinstance(label, tuple):
        fields["label"] = ClassSetField(label, LABELS, pair.place, unseen)
        if unseen is not None:
            fields["num_unseen"] = UnseenClassesField(label, LABELS)
    elif label is not None:
        fields["label"] = ClassLabelField(label, LABELS, pair.place, unseen)
    fields["pair"] = MetadataField(PairInput(pair, part, is_cut))
    return Instance(fields)
