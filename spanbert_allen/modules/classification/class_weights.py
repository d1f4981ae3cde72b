"""How much the examples of each class weigh in the loss."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from allennlp.data import Vocabulary
from torch import Tensor

from spanbert_allen.common.errors import ConfigError
from spanbert_allen.common.record_checks import listed, shown

BALANCED = "balanced"
"""Weights that make up for how often each class occurs."""


def counts_of_classes(vocab: Vocabulary, namespace: str) -> Mapping[str, int] | None:
    """Return how often each class occurs in the training data; `None` if it is not known."""
    counter = getattr(vocab, "_retained_counter", None) or {}
    counts: Mapping[str, int] | None = counter.get(namespace)
    return counts


def require_known(weights: Tensor) -> None:
    """Raise a `ConfigError` for weights that are still to be counted; a GPU waits for this."""
    if bool(weights.isnan().any()):
        raise ConfigError(
            "model.class_weights: `balanced` needs counts of the training data, which a "
            "vocabulary does not have that is read from files, or whose names are all given; give "
            "a number for each label"
        )


def weights_of_classes(
    wanted: Mapping[str, float] | str,
    labels: Sequence[str],
    counts: Mapping[str, int] | None = None,
) -> Tensor:
    """
    Return the weight of each class.

    # Parameters

    wanted : `Mapping[str, float] | str`
        The weights by the names of classes, 1 for those that are not named; or `balanced`: a class
        weighs the mean number of examples of a class, divided by its own number.
    labels : `Sequence[str]`
        The classes by their numbers.
    counts : `Mapping[str, int]`, optional (default = `None`)
        How often each class occurs in the training data, if that is known.

    # Returns

    `Tensor`
        Shape: (num_labels,). Not a number where `balanced` is wanted and the counts are not known:
        a trained model has them among its weights.
    """
    if isinstance(wanted, str):
        if wanted != BALANCED:
            raise ConfigError(
                f"model.class_weights: {shown(wanted)} is unknown; give numbers by label, or "
                f"{BALANCED!r}"
            )
        counts = counts or {}
        total = sum(counts.get(label, 0) for label in labels)
        if not total:
            return torch.full((len(labels),), torch.nan)
        # Shape: (num_labels,)
        return torch.tensor([total / len(labels) / max(counts.get(one, 0), 1) for one in labels])
    for name, weight in wanted.items():
        if name not in labels or not weight >= 0:
            raise ConfigError(
                f"model.class_weights: {name!r}: {weight} is not a weight of one of the labels "
                f"{listed(labels)}; give each a number from 0"
            )
    # Shape: (num_labels,)
    return torch.tensor([float(wanted.get(label, 1.0)) for label in labels])
