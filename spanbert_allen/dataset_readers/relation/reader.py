"""What the relation readers share: sequences, fields."""

import logging
from collections.abc import Iterator
from typing import Any, ClassVar

import numpy as np
from allennlp.data import Instance, TokenIndexer
from allennlp.data.fields import Field, MetadataField, TensorField

from spanbert_allen.common.errors import ConfigError
from spanbert_allen.data.relation.fields import MarkedPieces, RelationLabel
from spanbert_allen.data.relation.input import (
    INPUT_MODES,
    RelationSequence,
    marker_pieces,
    relation_sequence,
    requested_markers,
)
from spanbert_allen.dataset_readers.example_reader import ExampleReader
from spanbert_allen.dataset_readers.label_check import LabelCheck
from spanbert_allen.formats.relation.example import RelationExample

logger = logging.getLogger(__name__)


class RelationReader(ExampleReader[RelationExample]):
    """
    Base of the relation readers: a sentence with two entities as one sequence, as in SpanBERT's
    program for TACRED (Joshi et al., 2020, section 4.1). A subclass says what a file holds.

    # Parameters

    indexer : `TokenIndexer`
        The token indexer `spanbert`: its word pieces and its vocabulary.
    mode : `str`, optional (default = `"ner"`)
        What the encoder sees of the entities. `ner`: a marker of its type in place of each, as in
        the paper. `text`: its words, between markers of where it starts and ends. `text_ner`: as
        `text`, and both types behind the sentence. `ner_text`: as `ner`, and the words of both
        entities behind the sentence.
    max_length : `int`, optional (default = `128`)
        The most pieces of a sequence; what is beyond is cut off. A warning counts the examples that
        lose an entity so.
    fixed_length : `bool`, optional (default = `False`)
        Whether every sequence is padded to `max_length`, as in the original.
    strict : `bool`, optional (default = `True`)
        Whether the first bad example stops reading. `False`: bad ones are left out, and a warning
        at the end says how many, and what is wrong with the first.
    """

    cut: ClassVar[str] = "words into word pieces as SpanBERT does"

    def __init__(
        self,
        indexer: TokenIndexer,
        *,
        mode: str = "ner",
        max_length: int = 128,
        fixed_length: bool = False,
        strict: bool = True,
        **kwargs: Any,
    ):
        super().__init__(indexer, strict=strict, **kwargs)
        if mode not in INPUT_MODES:
            raise ConfigError(
                f"dataset_reader.mode: {mode!r} is none of {', '.join(INPUT_MODES)}; choose one"
            )
        if max_length < 3:
            raise ConfigError(
                f"dataset_reader.max_length: {max_length} leaves no room between [CLS] and [SEP]"
            )
        self.mode = mode
        self.max_length = max_length
        self.fixed_length = fixed_length
        self._marker_ids = marker_pieces(self.tokenizer.vocabulary)
        self._num_read = self._num_cut = self._num_entities_cut = 0

    def text_to_instance(self, example: RelationExample) -> Instance:
        """
        The instance of an example. P counts pieces.

        # Parameters

        example : `RelationExample`
            The example, with or without a label.

        # Returns

        `Instance`
            `token_ids (P,)`; `segment_ids (P,)`, all 0; `entity_spans (2, 2)`: first and last piece
            of the subject, and of the object; with a fixed length, `attended (P,)`: false for
            padding; with a label, `label`; `example`, the `RelationExample`.
        """
        return self._instance(example, self._sequence(example))

    def _instances(self, file_path: Any) -> Iterator[Instance]:
        self._num_read = self._num_cut = self._num_entities_cut = 0
        examples = LabelCheck().passed(self._examples(file_path), self._leave_out)
        for example in self.shard_iterable(examples):
            sequence = self._sequence(example)
            self._num_read += 1
            self._num_cut += sequence.is_cut
            self._num_entities_cut += sequence.is_entity_cut
            yield self._instance(example, sequence)
        if self._num_entities_cut:
            logger.warning(
                "%d of %d examples have more than %d pieces; in %d of them an entity is cut off, "
                "at least in part: raise `max_length`",
                self._num_cut,
                self._num_read,
                self.max_length,
                self._num_entities_cut,
            )

    def _sequence(self, example: RelationExample) -> RelationSequence:
        return relation_sequence(
            example,
            self.tokenizer.pieces_of_each(example.words),
            self.mode,  # type: ignore[arg-type]  # checked above
            cls=self._special.cls,
            sep=self._special.sep,
            max_length=self.max_length,
        )

    def _instance(self, example: RelationExample, sequence: RelationSequence) -> Instance:
        codes = sequence.codes
        num_padding = self.max_length - len(codes) if self.fixed_length else 0
        pieces = MarkedPieces(
            codes + [0] * num_padding, requested_markers(example), self._marker_ids, example.place
        )
        spans = np.array([sequence.subject, sequence.object], np.int16)
        fields: dict[str, Field[Any]] = {
            "token_ids": pieces,
            "segment_ids": TensorField(np.zeros(len(pieces), np.int16), padding_value=-1),
            "entity_spans": TensorField(spans),
            "example": MetadataField(example),
        }
        if self.fixed_length:
            fields["attended"] = TensorField(np.arange(self.max_length) < len(codes), False)
        if example.label is not None:
            fields["label"] = RelationLabel(example.label, example.place)
        return Instance(fields)
