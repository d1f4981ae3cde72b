"""The labels that are possible for the types of two entities."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
from allennlp.data import Vocabulary

from spanbert_allen.data.relation.markers import LABEL_TYPES_NAMESPACE, label_types, type_pair


class AllowedLabels:
    """
    Tell which labels two entities may have, by the types that they had in the training data.

    # Parameters

    vocab : `Vocabulary`
        The model's.
    labels : `Sequence[str]`
        The labels of the model by their numbers.
    negative_label : `str`, optional
        The label for no relation, which is always possible.
    """

    def __init__(self, vocab: Vocabulary, labels: Sequence[str], negative_label: str | None):
        self._labels, self._negative_label = labels, negative_label
        self._known: Mapping[str, int] = {}
        # Of a namespace that it does not have, a vocabulary says that it has padding in it.
        if LABEL_TYPES_NAMESPACE in vocab.get_namespaces():
            self._known = vocab.get_token_to_index_vocabulary(LABEL_TYPES_NAMESPACE)

    @property
    def are_known(self) -> bool:
        """Tell whether the archive says which types its labels had."""
        return bool(self._known)

    def probabilities(
        self, probabilities: npt.NDArray[np.floating], subject_type: str, object_type: str
    ) -> npt.NDArray[np.floating]:
        """
        Return the probabilities of the labels that are possible, 0 for others.

        # Parameters

        probabilities : `NDArray`
            Those of all labels. Shape: (num_labels,)
        subject_type, object_type : `str`
            The types as the model knows them.
        """
        types = type_pair(subject_type, object_type)
        # Shape: (num_labels,)
        possible = np.array(
            [
                label == self._negative_label or label_types(label, types) in self._known
                for label in self._labels
            ]
        )
        total = probabilities[possible].sum()
        return probabilities * possible / total if total > 0 else probabilities
