"""What the relation readers share: sequences of pieces, windows, fields."""

import logging
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, ClassVar, cast

import numpy as np
from allennlp.data import Instance, TokenIndexer
from allennlp.data.fields import Field, ListField, MetadataField, TensorField

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
    LEVITATED,
    PUNCTUATION,
    TYPED_WORDS,
    InputMode,
    marker_pieces,
    marks_in_words,
    type_pair,
)
from spanbert_allen.data.relation.pairs import (
    PairsSequence,
    examples_of_texts,
    pairs_at_once,
    pairs_sequence,
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
        `@ * person * Jane Doe @`; see `marks_in_words`. `levitated_marker`: the text, and behind it
        markers of all pairs that follow each other in the data and have the same text; see `pairs`.
    max_length : `int`, optional (default = `128`)
        The most pieces of a sequence; with `levitated_marker`, markers are not counted.
    max_pairs : `int`, optional (default = `32`)
        With `levitated_marker`, the most pairs of a sequence.
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
        max_pairs: int = 32,
        **kwargs: Any,
    ):
        super().__init__(indexer, strict=strict, **kwargs)
        chosen_window = self.default_window if window is None else window
        for key, value, known in (
            ("mode", mode, INPUT_MODES),
            ("window", chosen_window, WINDOWS),
        ):
            if value not in known:
                raise ConfigError(
                    f"dataset_reader.{key}: {value!r} is none of {', '.join(known)}; choose one"
                )
        if max_length < 3:
            raise ConfigError(
                f"dataset_reader.max_length: {max_length} leaves no room between [CLS] and [SEP]"
            )
        self.mode = cast("InputMode", mode)
        self.window = cast("Window", chosen_window)
        if mode == TYPED_WORDS:
            self._check_signs()
        if max_pairs < 1:
            raise ConfigError(f"dataset_reader.max_pairs is {max_pairs}: it must be at least 1")
        if mode == LEVITATED and fixed_length:
            raise ConfigError(
                f"dataset_reader.fixed_length: with the mode `{LEVITATED}` sequences have as many "
                "markers as pairs; set it to false"
            )
        self.max_pairs = max_pairs
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
            padding; with a label, `label`; `example`, the `RelationExample`. With the mode
            `levitated_marker`, as `instances_of`.
        """
        (instance,) = self.instances_of([example], window)
        return instance

    def instances_of(
        self, examples: Sequence[RelationExample], window: Window | None = None
    ) -> list[Instance]:
        """
        Return the instances of some examples, in their order. P counts pieces, N pairs.

        # Parameters

        examples : `Sequence[RelationExample]`
            The examples.
        window : `Window`, optional (default = the reader's)
            What is kept of a text that is too long.

        # Returns

        `list[Instance]`
            One for each example. With the mode `levitated_marker`, examples of one text that follow
            each other share an instance: `token_ids (P,)`, `segment_ids (P,)`, `position_ids (P,)`
            and `groups (P,)`, see `PairsSequence`; `entity_spans (N, 2, 2)`; with labels, `label
            (N,)`; `example`, the list of them.
        """
        chosen = window or self.window
        return [
            instance
            for group in self._groups(examples)
            for instance, _ in self._made(group, chosen, None)
        ]

    def _instances(self, file_path: Any) -> Iterator[Instance]:
        self._losses = _Losses()
        unseen = None if self.strict else UnseenNames()
        examples = LabelCheck().passed(self._examples(file_path), self._leave_out)
        for group in self.shard_iterable(self._groups(examples)):
            for instance, sequence in self._made(group, self.window, unseen):
                self._losses.add(sequence)
                yield instance
        self._losses.warn(self.max_length, self.window)

    def _groups(self, examples: Iterable[RelationExample]) -> Iterator[list[RelationExample]]:
        """Yield the examples that share a text, if they are to share an instance."""
        if self.mode == LEVITATED:
            return examples_of_texts(examples)
        return ([example] for example in examples)

    def _made(
        self, examples: list[RelationExample], window: Window, unseen: UnseenNames | None
    ) -> Iterator[tuple[Instance, RelationSequence | PairsSequence]]:
        """Yield the instances of some examples of one text, and what they are made of."""
        pieces = self.tokenizer.pieces_of_each(examples[0].words)
        if self.mode != LEVITATED:
            sequence = self._sequence(examples[0], pieces, window)
            yield self._instance(examples[0], sequence, unseen), sequence
            return
        for some in pairs_at_once(
            examples,
            sum(map(len, pieces)),
            max_length=self.max_length,
            max_pairs=self.max_pairs,
        ):
            pairs = pairs_sequence(
                some,
                pieces,
                cls=self._special.cls,
                sep=self._special.sep,
                max_length=self.max_length,
                window=window,
                language=getattr(self, "language", "en"),
            )
            yield self._instance_of_pairs(some, pairs, unseen), pairs

    def _check_signs(self) -> None:
        missing = [sign for sign in PUNCTUATION if sign not in self.tokenizer.vocabulary]
        if missing:
            raise ConfigError(
                f"dataset_reader.mode: `{TYPED_WORDS}` needs the word pieces "
                f"{' '.join(PUNCTUATION)}, and the encoder's vocabulary lacks "
                f"{' '.join(missing)}; use the mode `typed_entity_marker`"
            )

    def _sequence(
        self, example: RelationExample, pieces: Sequence[Sequence[int]], window: Window
    ) -> RelationSequence:
        cut = self.tokenizer.pieces_of_each
        return relation_sequence(
            example,
            pieces,
            self.mode,
            cls=self._special.cls,
            sep=self._special.sep,
            max_length=self.max_length,
            window=window,
            language=getattr(self, "language", "en"),
            marks=marks_in_words(example, cut) if self.mode == TYPED_WORDS else None,
        )

    def _instance(
        self, example: RelationExample, sequence: RelationSequence, unseen: UnseenNames | None
    ) -> Instance:
        num_real = len(sequence.codes)
        num_padding = self.max_length - num_real if self.fixed_length else 0
        fields = self._common_fields(sequence, [example], unseen, num_padding)
        spans = np.array([sequence.subject, sequence.object], np.int16)
        fields |= {"entity_spans": TensorField(spans), "example": MetadataField(example)}
        if self.fixed_length:
            fields["attended"] = TensorField(np.arange(self.max_length) < num_real, False)
        if example.label is not None:
            fields["label"] = _label_field(example, unseen)
        return Instance(fields)

    def _instance_of_pairs(
        self,
        examples: Sequence[RelationExample],
        sequence: PairsSequence,
        unseen: UnseenNames | None,
    ) -> Instance:
        fields = self._common_fields(sequence, examples, unseen, 0)
        fields |= {
            "position_ids": TensorField(np.array(sequence.position_ids, np.int16)),
            "groups": TensorField(np.array(sequence.groups, np.int16)),
            "entity_spans": TensorField(np.array(sequence.spans, np.int16)),
            "example": MetadataField(list(examples)),
        }
        labels = [_label_field(one, unseen) for one in examples if one.label is not None]
        if len(labels) == len(examples):
            fields["label"] = ListField(labels)
        return Instance(fields)

    def _common_fields(
        self,
        sequence: RelationSequence | PairsSequence,
        examples: Sequence[RelationExample],
        unseen: UnseenNames | None,
        num_padding: int,
    ) -> dict[str, Field[Any]]:
        pieces = MarkedPieces(
            sequence,
            examples,
            self.mode,
            self._pieces if unseen is None else self._pieces.counting(unseen),
            num_padding=num_padding,
        )
        segment_ids = np.zeros(len(pieces), np.int16)
        return {"token_ids": pieces, "segment_ids": TensorField(segment_ids, padding_value=-1)}


def _label_field(example: RelationExample, unseen: UnseenNames | None) -> RelationLabel:
    types = type_pair(example.subject_type, example.object_type)
    return RelationLabel(str(example.label), types, example.place, unseen)


class _Losses:
    """Count what is lost of texts that are too long."""

    def __init__(self) -> None:
        self._num_read = self._num_cut = self._num_entities = self._num_gaps = 0

    def add(self, sequence: RelationSequence | PairsSequence) -> None:
        """Count the examples of a sequence."""
        self._num_read += len(sequence.spans) if isinstance(sequence, PairsSequence) else 1
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
