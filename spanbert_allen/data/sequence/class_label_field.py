"""The classes of a text as fields, with a sentence for a class that the model does not know."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from allennlp.data import Vocabulary
from allennlp.data.fields import Field, LabelField

from spanbert_allen.common.errors import DataError
from spanbert_allen.common.record_checks import listed, shown
from spanbert_allen.data.unseen_names import UNKNOWN_LABEL, UnseenNames


class ClassLabelField(LabelField):
    """
    Hold the class of a text by its name.

    In training every name makes a class; a trained model knows only those.

    # Parameters

    label : `str`
        The name.
    namespace : `str`
        The namespace of AllenNLP's vocabulary that has the names.
    place : `str`, optional (default = `""`)
        Where the text was read, for messages.
    unseen : `UnseenNames`, optional (default = `None`)
        Counts classes that the model does not know. They become `UNKNOWN_LABEL`: whatever the model
        predicts is wrong then. By default such a class is an error.
    """

    def __init__(
        self, label: str, namespace: str, place: str = "", unseen: UnseenNames | None = None
    ) -> None:
        super().__init__(label, namespace)
        self.place = place
        self._unseen = unseen

    def index(self, vocab: Vocabulary) -> None:
        """Take the number of the class; raise a `DataError` if the vocabulary has none."""
        known = vocab.get_token_to_index_vocabulary(self._label_namespace)
        if self.label in known:
            super().index(vocab)
        elif self._unseen is None:
            raise unknown_class(str(self.label), known, self.place)
        else:
            _count(self._unseen, str(self.label))
            self._label_id = UNKNOWN_LABEL


class ClassSetField(Field[torch.Tensor]):
    """
    Hold all classes of a text that may have any number of them.

    # Parameters

    labels : `Sequence[str]`
        Their names.
    namespace : `str`
        The namespace of AllenNLP's vocabulary that has the names.
    place : `str`, optional (default = `""`)
        Where the text was read, for messages.
    unseen : `UnseenNames`, optional (default = `None`)
        As for `ClassLabelField`; the tensor leaves such classes out, see `UnseenClassesField`.
    """

    def __init__(
        self,
        labels: Sequence[str],
        namespace: str,
        place: str = "",
        unseen: UnseenNames | None = None,
    ) -> None:
        self.labels = tuple(labels)
        self.place = place
        self._namespace = namespace
        self._unseen = unseen
        self._numbers: list[int] = []
        self._num_classes = 0

    def count_vocab_items(self, counter: dict[str, dict[str, int]]) -> None:
        """Count each class."""
        for label in self.labels:
            counter[self._namespace][label] += 1

    def index(self, vocab: Vocabulary) -> None:
        """Take the numbers of the classes; raise a `DataError` if the vocabulary lacks one."""
        known = vocab.get_token_to_index_vocabulary(self._namespace)
        for label in _not_in(known, self.labels):
            if self._unseen is None:
                raise unknown_class(label, known, self.place)
            _count(self._unseen, label)
        self._numbers = [known[label] for label in self.labels if label in known]
        self._num_classes = len(known)

    def get_padding_lengths(self) -> dict[str, int]:
        """See `Field`."""
        return {}

    def as_tensor(self, padding_lengths: dict[str, int]) -> torch.Tensor:
        """Return 1 for the classes of the text, 0 for others, of shape (num_classes,)."""
        # Shape: (num_classes,)
        tensor = torch.zeros(self._num_classes)
        tensor[self._numbers] = 1.0
        return tensor

    def empty_field(self) -> ClassSetField:
        """See `Field`."""
        return ClassSetField((), self._namespace)


class UnseenClassesField(Field[torch.Tensor]):
    """
    Hold how many of a text's classes the model does not know.

    # Parameters

    labels : `Sequence[str]`
        The names of all classes of the text.
    namespace : `str`
        The namespace of AllenNLP's vocabulary that has the names.
    """

    def __init__(self, labels: Sequence[str], namespace: str) -> None:
        self.labels = tuple(labels)
        self._namespace = namespace
        self._num_unseen = 0

    def index(self, vocab: Vocabulary) -> None:
        """Count the classes that the vocabulary lacks."""
        known = vocab.get_token_to_index_vocabulary(self._namespace)
        self._num_unseen = len(_not_in(known, self.labels))

    def get_padding_lengths(self) -> dict[str, int]:
        """See `Field`."""
        return {}

    def as_tensor(self, padding_lengths: dict[str, int]) -> torch.Tensor:
        """Return the number, of shape ()."""
        return torch.tensor(self._num_unseen)

    def empty_field(self) -> UnseenClassesField:
        """See `Field`."""
        return UnseenClassesField((), self._namespace)


def _not_in(known: dict[str, int], labels: Sequence[str]) -> list[str]:
    return [label for label in dict.fromkeys(labels) if label not in known]


def _count(unseen: UnseenNames, label: str) -> None:
    unseen.add(f"the class {label}", "its texts count as mistakes")


def unknown_class(label: str, known: dict[str, int], place: str) -> DataError:
    """
    Return the error for a class that a model does not know.

    # Parameters

    label : `str`
        The class.
    known : `dict[str, int]`
        The classes of the model.
    place : `str`
        Where the text was read.
    """
    return DataError(
        f"{place + ': ' if place else ''}the label {shown(label)} is none of those that the model "
        f"was trained on: {listed(sorted(known, key=known.__getitem__))}; correct the label, or "
        "train with data that has it"
    )
