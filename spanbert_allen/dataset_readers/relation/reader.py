"""What the relation readers share: sequences of pieces, windows, fields."""

import logging
from collections.abc import Iterator
from typing import Any, ClassVar

import numpy as np
from allennlp.data import Instance, TokenIndexer
from allennlp.data.fields import Field, MetadataField, TensorField

from spanbert_allen.common.errors import ConfigError
from spanbert_allen.data.relation.fields import MarkedPieces, MarkerPieces, RelationLabel
from spanbert_allen.data.relation.input import (
    WINDOWS,
    RelationSequence,
    Window,
    relation_sequence,
)
from spanbert_allen.data.relation.markers import (
    INPUT_MODES,
    PUNCTUATION,
    TYPED_WORDS,
    InputMode,
    marker_pieces,
    marks_in_words,
    type_pair,
)
from spanbert_allen.data.unseen_names import UnseenNames
from spanbert_allen.dataset_readers.example_reader import ExampleReader
from spanbert_allen.dataset_readers.label_check import LabelCheck
from spanbert_allen.formats.relation.example import RelationExample

logger = logging.getLogger(__name__)


class RelationReader(ExampleReader[RelationExample]):
    """
    Base of the relation readers, which make one sequence of a text with two entities.

    Sequences are those of SpanBERT's program for TACRED (Joshi et al., 2020, section 4.1). A
    subclass says what a file holds.

    # Parameters

    indexer : `TokenIndexer`
        The token indexer `spanbert`: its word pieces and its vocabulary.
    mode : `str`, optional (default = `"ner"`)
        What the encoder sees of the entities. `ner`: a marker of its type in place of each, as in
        the paper. `text`: its words, between markers of where it starts and ends. `text_ner`: as
        `text`, and both types behind the text. `ner_text`: as `ner`, and the words of both entities
        behind the text. `typed_entity_marker`: its words, between markers that name its type.
        `typed_entity_marker_punct`: its words and those of its type between signs, such as
        `@ * person * Jane Doe @`; see `marks_in_words`.
    max_length : `int`, optional (default = `128`)
        The most pieces of a sequence.
    window : `str`, optional (default = `"start"`, or `"entities"` for a user's own data)
        What is kept of a longer text. `start`: its first pieces, as in the original. `entities`:
        whole sentences around the two entities, which are always inside; where they are too far
        apart, what is between them is left out. A warning counts the examples that lose something
        that matters.
    fixed_length : `bool`, optional (default = `False`)
        Whether every sequence is padded to `max_length`, as in the original.
    strict : `bool`, optional (default = `True`)
        Whether the first bad example stops reading. `False`: bad ones are left out, and a warning
        at the end says how many, and what is wrong with the first; an example whose label the model
        does not know counts as a mistake, and [UNK] stands for a type that it does not know.
    unknown_type : `str`, optional (default = `None`)
        A type of the training data whose marker stands for every type that the model does not know.
    """

    cut: ClassVar[str] = "words into word pieces as SpanBERT does"
    default_window: ClassVar[str] = "start"
    """The window where the configuration names none."""

    def __init__(
        self,
        indexer: TokenIndexer,
        *,
        mode: str = "ner",
        max_length: int = 128,
        window: str | None = None,
        fixed_length: bool = False,
        strict: bool = True,
        unknown_type: str | None = None,
        **kwargs: Any,
    ):
        super().__init__(indexer, strict=strict, **kwargs)
        self.window = self.default_window if window is None else window
        for key, value, known in (
            ("mode", mode, INPUT_MODES),
            ("window", self.window, WINDOWS),
        ):
            if value not in known:
                raise ConfigError(
                    f"dataset_reader.{key}: {value!r} is none of {', '.join(known)}; choose one"
                )
        if max_length < 3:
            raise ConfigError(
                f"dataset_reader.max_length: {max_length} leaves no room between [CLS] and [SEP]"
            )
        self.mode: InputMode = mode  # type: ignore[assignment]  # checked above
        if mode == TYPED_WORDS:
            self._check_signs()
        self.max_length = max_length
        self.fixed_length = fixed_length
        self.unknown_type = unknown_type
        ids = marker_pieces(self.tokenizer.vocabulary)
        self._pieces = MarkerPieces(ids, unknown_type, self.tokenizer.id_of("[UNK]"))
        self._losses = _Losses()

    def text_to_instance(self, example: RelationExample, window: Window | None = None) -> Instance:
        """
        Return the instance of an example. P counts pieces.

        # Parameters

        example : `RelationExample`
            The example, with or without a label.
        window : `Window`, optional (default = the reader's)
            What is kept of a text that is too long.

        # Returns

        `Instance`
            `token_ids (P,)`; `segment_ids (P,)`, all 0; `entity_spans (2, 2)`: first and last piece
            of the subject, and of the object; with a fixed length, `attended (P,)`: false for
            padding; with a label, `label`; `example`, the `RelationExample`.
        """
        return self._instance(example, self._sequence(example, window or self.window), None)

    def _instances(self, file_path: Any) -> Iterator[Instance]:
        self._losses = _Losses()
        unseen = None if self.strict else UnseenNames()
        examples = LabelCheck().passed(self._examples(file_path), self._leave_out)
        for example in self.shard_iterable(examples):
            sequence = self._sequence(example, self.window)
            self._losses.add(sequence)
            yield self._instance(example, sequence, unseen)
        self._losses.warn(self.max_length, self.window)

    def _check_signs(self) -> None:
        missing = [sign for sign in PUNCTUATION if sign not in self.tokenizer.vocabulary]
        if missing:
            raise ConfigError(
                f"dataset_reader.mode: `{TYPED_WORDS}` needs the word pieces "
                f"{' '.join(PUNCTUATION)}, and the encoder's vocabulary lacks "
                f"{' '.join(missing)}; use the mode `typed_entity_marker`"
            )

    def _sequence(self, example: RelationExample, window: str) -> RelationSequence:
        cut = self.tokenizer.pieces_of_each
        return relation_sequence(
            example,
            cut(example.words),
            self.mode,
            cls=self._special.cls,
            sep=self._special.sep,
            max_length=self.max_length,
            window=window,  # type: ignore[arg-type]  # checked above
            language=getattr(self, "language", "en"),
            marks=marks_in_words(example, cut) if self.mode == TYPED_WORDS else None,
        )

    def _instance(
        self, example: RelationExample, sequence: RelationSequence, unseen: UnseenNames | None
    ) -> Instance:
        num_real = len(sequence.codes)
        pieces = MarkedPieces(
            sequence,
            example,
            self.mode,
            self._pieces if unseen is None else self._pieces.counting(unseen),
            num_padding=self.max_length - num_real if self.fixed_length else 0,
        )
        spans = np.array([sequence.subject, sequence.object], np.int16)
        fields: dict[str, Field[Any]] = {
            "token_ids": pieces,
            "segment_ids": TensorField(np.zeros(len(pieces), np.int16), padding_value=-1),
            "entity_spans": TensorField(spans),
            "example": MetadataField(example),
        }
        if self.fixed_length:
            fields["attended"] = TensorField(np.arange(self.max_length) < num_real, False)
        if example.label is not None:
            types = type_pair(example.subject_type, example.object_type)
            fields["label"] = RelationLabel(example.label, types, example.place, unseen)
        return Instance(fields)


class _Losses:
    """Count what is lost of texts that are too long."""

    def __init__(self) -> None:
        self._num_read = self._num_cut = self._num_entities = self._num_gaps = 0

    def add(self, sequence: RelationSequence) -> None:
        """Count an example."""
        self._num_read += 1
        self._num_cut += sequence.is_cut
        self._num_entities += sequence.is_entity_cut
        self._num_gaps += len(sequence.kept) > 1

    def warn(self, max_length: int, window: str) -> None:
        """Warn if something is lost that matters."""
        if not self._num_entities and not self._num_gaps:
            return
        cures = "raise `max_length`"
        if window == "start":
            cures += ", or set `window` to `entities`"
        logger.warning(
            "%d of %d examples have more than %d pieces; in %d of them an entity, its type or a "
            "marker of it is lost, at least in part, in %d what is between the entities: %s",
            self._num_cut,
            self._num_read,
            max_length,
            self._num_entities,
            self._num_gaps,
            cures,
        )
