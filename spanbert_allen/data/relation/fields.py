"""Fields of relation examples, whose markers and labels AllenNLP's vocabulary numbers."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from allennlp.data import Vocabulary
from allennlp.data.fields import LabelField, SequenceField

import spanbert_allen.compat  # noqa: F401  AllenNLP is repaired first
from spanbert_allen.common.errors import DataError
from spanbert_allen.common.record_checks import listed
from spanbert_allen.data.relation.input import RelationSequence
from spanbert_allen.data.relation.markers import (
    LABEL_TYPES_NAMESPACE,
    MARKERS_NAMESPACE,
    NUM_NAMES,
    TYPE_PAIRS_NAMESPACE,
    TYPED_WORDS,
    InputMode,
    label_types,
    marker_names,
    requested_markers,
    type_pair,
)
from spanbert_allen.data.relation.pairs import PairsSequence
from spanbert_allen.data.unseen_names import UNKNOWN_LABEL, UnseenNames
from spanbert_allen.formats.relation.example import RelationExample

LABELS_NAMESPACE = "relation_labels"
"""Where AllenNLP's vocabulary holds the labels: the first is output 0 of the model."""


@dataclass(frozen=True)
class MarkerPieces:
    """
    Say which word pieces stand for markers.

    # Parameters

    ids : `Sequence[int]`
        The pieces that the encoder's vocabulary has for markers.
    shared_type : `str`, optional (default = `None`)
        The type whose marker stands for every type that the model does not know.
    unknown : `int`, optional (default = `0`)
        The piece for other markers that the model does not know, [UNK].
    unseen : `UnseenNames`, optional (default = `None`)
        Counts such markers; by default they are an error.
    """

    ids: Sequence[int]
    shared_type: str | None = None
    unknown: int = 0
    unseen: UnseenNames | None = None

    def counting(self, unseen: UnseenNames) -> "MarkerPieces":
        """Return the same, which counts unknown markers instead of refusing them."""
        return replace(self, unseen=unseen)


class MarkedPieces(SequenceField[torch.Tensor]):
    """
    Hold word pieces with markers between them.

    # Parameters

    sequence : `RelationSequence | PairsSequence`
        The pieces, and what of the text they are.
    examples : `Sequence[RelationExample]`
        Say what the markers are called, for each pair in turn.
    mode : `InputMode`
        Says which markers the vocabulary needs.
    marker_pieces : `MarkerPieces`
        The pieces that stand for markers.
    num_padding : `int`, optional (default = `0`)
        How many pieces of padding follow.
    """

    def __init__(
        self,
        sequence: RelationSequence | PairsSequence,
        examples: Sequence[RelationExample],
        mode: InputMode,
        marker_pieces: MarkerPieces,
        *,
        num_padding: int = 0,
    ) -> None:
        self.sequence = sequence
        # Shape: (num_pieces,)
        self.codes = np.asarray(sequence.codes + [0] * num_padding, np.int32)
        self._examples = examples
        self._mode = mode
        self._pieces = marker_pieces
        self._token_ids: np.ndarray | None = None

    def count_vocab_items(self, counter: dict[str, dict[str, int]]) -> None:
        """
        Request the markers of the mode, in their order, whether they stand in the sequence or not.

        The types of subject and object are counted together as well.
        """
        for example in self._examples:
            for marker in requested_markers(example, self._mode):
                counter[MARKERS_NAMESPACE][marker] += 1
            types = type_pair(example.subject_type, example.object_type)
            counter[TYPE_PAIRS_NAMESPACE][types] += 1

    def index(self, vocab: Vocabulary) -> None:
        """Put pieces in the places of markers; raise a `DataError` for an unknown marker."""
        # Shape: (num_pieces,)
        token_ids = self.codes.copy()
        numbers = vocab.get_token_to_index_vocabulary(MARKERS_NAMESPACE)
        names = [name for example in self._examples for name in marker_names(example)]
        for code in sorted(set(self.codes[self.codes < 0].tolist()), reverse=True):
            token_ids[self.codes == code] = self._piece(-code - 1, names, numbers)
        self._token_ids = token_ids

    def _piece(self, which: int, names: Sequence[str], numbers: dict[str, int]) -> int:
        marker = names[which]
        place = self._examples[which // NUM_NAMES].place
        place = f"{place}: " if place else ""
        role, _, type_name = marker.partition("=")
        if marker not in numbers and type_name and self._pieces.shared_type is not None:
            marker = f"{role}={self._pieces.shared_type}"
        if marker not in numbers:
            if self._pieces.unseen is not None:
                self._pieces.unseen.add(f"the marker {marker}", "[UNK] stands for it")
                return self._pieces.unknown
            prefix = f"{role}="
            known = [name.removeprefix(prefix) for name in numbers if name.startswith(prefix)]
            raise DataError(
                f"{place}the model knows no {'subject' if 'SUBJ' in role else 'object'} of type "
                f"`{type_name}`; it was trained with {listed(known)}"
            )
        number = numbers[marker]
        if number >= len(self._pieces.ids):
            raise DataError(
                f"{place}the marker `{marker}` needs the word piece [unused{number + 1}], but the "
                f"encoder's vocabulary ends with [unused{len(self._pieces.ids)}]; use the mode "
                f"`text` or `{TYPED_WORDS}`, fewer types, or another encoder"
            )
        return int(self._pieces.ids[number])

    def sequence_length(self) -> int:
        """Return the number of pieces and markers."""
        return len(self.codes)

    def get_padding_lengths(self) -> dict[str, int]:
        """See `Field`."""
        return {"num_pieces": len(self.codes)}

    def as_tensor(self, padding_lengths: dict[str, int]) -> torch.Tensor:
        """Return the ids, and 0 for padding, of shape (num_pieces,)."""
        assert self._token_ids is not None, "index it first"
        padding = padding_lengths["num_pieces"] - len(self.codes)
        return torch.from_numpy(np.pad(self._token_ids, (0, padding)))

    def empty_field(self) -> "MarkedPieces":
        """See `Field`."""
        return MarkedPieces(self.sequence._replace(codes=[]), (), self._mode, self._pieces)

    def __len__(self) -> int:
        return len(self.codes)


class RelationLabel(LabelField):
    """
    Hold the label of an example.

    # Parameters

    label : `str`
        The relation.
    type_pair : `str`
        The types of the entities, as `type_pair` names them.
    place : `str`, optional (default = `""`)
        Where the example was read, for messages.
    unseen : `UnseenNames`, optional (default = `None`)
        Counts labels that the model does not know. They become `UNKNOWN_LABEL`: whatever the model
        predicts is wrong then. By default such a label is an error.
    """

    def __init__(
        self, label: str, type_pair: str, place: str = "", unseen: UnseenNames | None = None
    ) -> None:
        super().__init__(label, LABELS_NAMESPACE)
        self._type_pair = type_pair
        self._place = place
        self._unseen = unseen

    def count_vocab_items(self, counter: dict[str, dict[str, int]]) -> None:
        """Count the label, and the label with the types of its entities."""
        super().count_vocab_items(counter)
        counter[LABEL_TYPES_NAMESPACE][label_types(str(self.label), self._type_pair)] += 1

    def index(self, vocab: Vocabulary) -> None:
        """Look the label up; raise a `DataError` for one that the training data did not have."""
        numbers = vocab.get_token_to_index_vocabulary(LABELS_NAMESPACE)
        self._label_id: int | None = UNKNOWN_LABEL
        if self.label in numbers:
            self._label_id = numbers[self.label]
        elif self._unseen is None:
            place = f"{self._place}: " if self._place else ""
            raise DataError(
                f"{place}the label `{self.label}` is none of those that the model knows: "
                f"{listed(numbers)}; correct the label, train with data that has it, or set "
                "`strict` of the reader to false to count it as a mistake"
            )
        else:
            self._unseen.add(f"the label {self.label}", "its examples count as mistakes")
