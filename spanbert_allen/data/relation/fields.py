"""Fields of relation examples: markers and labels get their numbers from AllenNLP's vocabulary."""

from collections.abc import Sequence

import numpy as np
import torch
from allennlp.data import Vocabulary
from allennlp.data.fields import LabelField, SequenceField

import spanbert_allen.compat  # noqa: F401  AllenNLP is mended first
from spanbert_allen.common.errors import DataError
from spanbert_allen.data.relation.input import MARKERS_NAMESPACE, TYPE_PAIRS_NAMESPACE

LABELS_NAMESPACE = "relation_labels"
"""Where AllenNLP's vocabulary holds the labels: the first is output 0 of the model."""


class MarkedPieces(SequenceField[torch.Tensor]):
    """
    Word pieces with markers between them.

    # Parameters

    codes : `Sequence[int]`
        As `RelationSequence` has them.
    markers : `Sequence[str]`
        The names of the markers: -1 of the codes stands for the first, -2 for the second, ...
    marker_ids : `Sequence[int]`
        The ids of the pieces that the vocabulary has for markers.
    place : `str`, optional (default = `""`)
        Where the example stands, for messages.
    """

    def __init__(
        self,
        codes: Sequence[int],
        markers: Sequence[str],
        marker_ids: Sequence[int],
        place: str = "",
    ) -> None:
        # Shape: (num_pieces,)
        self.codes = np.asarray(codes, np.int32)
        self.markers = markers
        self._marker_ids = marker_ids
        self._place = place
        self._token_ids: np.ndarray | None = None

    def count_vocab_items(self, counter: dict[str, dict[str, int]]) -> None:
        """
        Requests all markers, in their order, whether they stand in the sequence or not; and counts
        the types of subject and object, the last two of them, together.
        """
        for marker in self.markers:
            counter[MARKERS_NAMESPACE][marker] += 1
        counter[TYPE_PAIRS_NAMESPACE][" ".join(self.markers[-2:])] += 1

    def index(self, vocab: Vocabulary) -> None:
        """Puts pieces in the places of markers; raises `DataError` for an unknown one."""
        # Shape: (num_pieces,)
        token_ids = self.codes.copy()
        numbers = vocab.get_token_to_index_vocabulary(MARKERS_NAMESPACE)
        for code in sorted(set(self.codes[self.codes < 0].tolist()), reverse=True):
            token_ids[self.codes == code] = self._piece(self.markers[-code - 1], numbers)
        self._token_ids = token_ids

    def _piece(self, marker: str, numbers: dict[str, int]) -> int:
        place = f"{self._place}: " if self._place else ""
        if marker not in numbers:
            role = marker.partition("=")[0] + "="
            known = [name.removeprefix(role) for name in numbers if name.startswith(role)]
            raise DataError(
                f"{place}the model knows no {'subject' if role == 'SUBJ=' else 'object'} of type "
                f"`{marker.removeprefix(role)}`; it was trained with {', '.join(known) or 'none'}"
            )
        number = numbers[marker]
        if number >= len(self._marker_ids):
            raise DataError(
                f"{place}the marker `{marker}` needs the word piece [unused{number + 1}], but the "
                f"encoder's vocabulary ends with [unused{len(self._marker_ids)}]; use the mode "
                "`text`, fewer types, or another encoder"
            )
        return int(self._marker_ids[number])

    def sequence_length(self) -> int:
        """The number of pieces and markers."""
        return len(self.codes)

    def get_padding_lengths(self) -> dict[str, int]:
        """See `Field`."""
        return {"num_pieces": len(self.codes)}

    def as_tensor(self, padding_lengths: dict[str, int]) -> torch.Tensor:
        """The ids, and 0 for padding. Shape: (num_pieces,)"""
        assert self._token_ids is not None, "index it first"
        padding = padding_lengths["num_pieces"] - len(self.codes)
        return torch.from_numpy(np.pad(self._token_ids, (0, padding)))

    def empty_field(self) -> "MarkedPieces":
        """See `Field`."""
        return MarkedPieces([], (), ())

    def __len__(self) -> int:
        return len(self.codes)


class RelationLabel(LabelField):
    """
    The label of an example.

    # Parameters

    label : `str`
        The relation.
    place : `str`, optional (default = `""`)
        Where the example stands, for messages.
    """

    def __init__(self, label: str, place: str = "") -> None:
        super().__init__(label, LABELS_NAMESPACE)
        self._place = place

    def index(self, vocab: Vocabulary) -> None:
        """Looks the label up; raises `DataError` for one that the training data did not have."""
        numbers = vocab.get_token_to_index_vocabulary(LABELS_NAMESPACE)
        if self.label not in numbers:
            place = f"{self._place}: " if self._place else ""
            raise DataError(
                f"{place}the label `{self.label}` is none of those that the model knows: "
                f"{', '.join(numbers) or 'it has none'}; mend the label, or train with data that "
                "has it"
            )
        self._label_id: int | None = numbers[self.label]
