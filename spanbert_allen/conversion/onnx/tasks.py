"""The graphs of whole models, a class for each task."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, ClassVar

import numpy as np
from allennlp.data import DatasetReader
from allennlp.models import Model

from spanbert_allen.common.errors import ConfigError
from spanbert_allen.conversion.onnx.answers import write_answers
from spanbert_allen.conversion.onnx.encoder import EncoderWriter
from spanbert_allen.conversion.onnx.graph import GraphWriter
from spanbert_allen.conversion.onnx.pooling import PairWriter
from spanbert_allen.data.relation.markers import LEVITATED, MARKERS_NAMESPACE, marker_pieces

_SHAPE = ("batch", "pieces")


class OnnxTask(ABC):
    """
    Write the graph of a trained model, with the names of inputs that transformers has.

    # Parameters

    model : `Any`
        The model.
    reader : `Any`
        The reader of its texts.
    quantised : `bool`
        Whether the weights of the encoder are in 8 bits.
    """

    name: ClassVar[str]
    """What the description of the graph calls the task."""
    reads_types: ClassVar[bool] = False
    """Whether the encoder is told first and second texts apart."""

    def __init__(self, model: Any, reader: Any, *, quantised: bool) -> None:
        self.model = model
        self.reader = reader
        self.graph = GraphWriter(quantised=quantised)
        self.encoder = EncoderWriter(self.graph, model.embedder.encoder)

    def write(self) -> bytes:
        """Return the content of the file."""
        token_ids = self.graph.input("input_ids", np.int64, _SHAPE)
        mask = self.graph.input("attention_mask", np.int64, _SHAPE)
        types = None
        if self.reads_types and self.model.embedder.encoder.config.type_vocab_size > 1:
            types = self.graph.input("token_type_ids", np.int64, _SHAPE)
        positions, groups = self.of_pairs()
        # Shape: (batch_size, num_pieces, dim)
        hidden = self.encoder.embeddings(token_ids, types, positions)
        self.write_head(self.encoder.layers(hidden, self.encoder.added_mask(mask, groups)))
        return self.graph.to_bytes({"task": self.name})

    def of_pairs(self) -> tuple[str | None, str | None]:
        """Declare positions and groups, where texts with many pairs have them."""
        return None, None

    @abstractmethod
    def write_head(self, vectors: str) -> None:
        """
        Add the head and declare the outputs.

        # Parameters

        vectors : `str`
            Shape: (batch_size, num_pieces, dim)
        """

    @abstractmethod
    def settings(self) -> dict[str, Any]:
        """Return what the user of the graph has to know besides, as JSON."""

    def pooled_cls(self, vectors: str) -> str:
        """Add BERT's pooler of [CLS]; shapes (batch_size, num_pieces, dim) to (batch_size, dim)."""
        first = self.graph.add("Gather", vectors, self.graph.constant(0), axis=1)
        return self.encoder.pooled(first)

    def scored(self, vectors: str, head: Any) -> str:
        """Add a linear layer of the head."""
        return self.graph.linear(vectors, head.weight, head.bias, is_head=True)


class CorefEncoder(OnnxTask):
    """Write the encoder of a coreference model alone; see `OnnxTask`."""

    name = "coref-encoder"

    def write_head(self, vectors: str) -> None:
        """See `OnnxTask`; the output is `vectors`."""
        self.graph.output("vectors", vectors, (*_SHAPE, self.model.embedder.get_output_dim()))

    def settings(self) -> dict[str, Any]:
        """See `OnnxTask`."""
        return {"max_length": getattr(self.reader.indexer, "max_length", None)}


class AnswerScorer(OnnxTask):
    """Write a question answering model; see `OnnxTask`."""

    name = "qa"
    reads_types = True

    def write_head(self, vectors: str) -> None:
        """See `OnnxTask`; the outputs are those of `write_answers`."""
        self._head = write_answers(self.graph, self.model.qa_outputs, vectors)

    def settings(self) -> dict[str, Any]:
        """See `OnnxTask`."""
        settings = {
            "max_length": self.reader.shape.max_length,
            "stride": self.reader.shape.stride,
            "max_question_length": self.reader.shape.max_question_length,
            "head": self._head,
            "impossible_answers": self.model.impossible_answers,
            "threshold": self.model.threshold,
            "temperature": self.model.temperature,
        }
        if self.reader.shape.question_piece is not None:
            settings["question_piece"] = self.reader.shape.question_piece
        return settings


class SequenceScorer(OnnxTask):
    """Write a model for texts and pairs of texts; see `OnnxTask`."""

    name = "sequence"
    reads_types = True

    def write_head(self, vectors: str) -> None:
        """See `OnnxTask`; the output is `logits`."""
        logits = self.scored(self.pooled_cls(vectors), self.model.classifier)
        self.graph.output("logits", logits, ("batch", self.model.classifier.out_features))

    def settings(self) -> dict[str, Any]:
        """See `OnnxTask`."""
        return {
            "max_length": self.reader.max_length,
            "labels": self.model.labels,
            "regression": self.model.regression,
            "multi_label": self.model.multi_label,
            "temperature": self.model.temperature,
        }


class RelationScorer(OnnxTask):
    """Write a relation model; see `OnnxTask`."""

    name = "relation"

    def of_pairs(self) -> tuple[str | None, str | None]:
        """See `OnnxTask`."""
        if self.reader.mode != LEVITATED:
            return None, None
        return (
            self.graph.input("position_ids", np.int64, _SHAPE),
            self.graph.input("groups", np.int64, _SHAPE),
        )

    def write_head(self, vectors: str) -> None:
        """See `OnnxTask`; the output is `logits`."""
        pairs: tuple[str, ...] = ("pairs",) if self.reader.mode == LEVITATED else ()
        if self.model.pooling.uses_pooler:
            pooled = self.pooled_cls(vectors)
        else:
            spans = self.graph.input("entity_spans", np.int64, ("batch", *pairs, 2, 2))
            writer = PairWriter(self.graph, many=bool(pairs), dim=2 * self._dim)
            pooled = writer.pooled(self.model.pooling, vectors, spans)
        hidden = self.model.hidden_layer
        if hidden is not None:
            operator = {"relu": "Relu", "tanh": "Tanh"}[hidden.activation]
            pooled = self.graph.add(operator, self.scored(pooled, hidden))
        logits = self.scored(pooled, self.model.classifier)
        self.graph.output("logits", logits, ("batch", *pairs, len(self.model.labels)))

    def settings(self) -> dict[str, Any]:
        """See `OnnxTask`."""
        pieces = marker_pieces(self.model.embedder.files.vocabulary.pieces)
        markers = self.model.vocab.get_token_to_index_vocabulary(MARKERS_NAMESPACE)
        return {
            "max_length": self.reader.max_length,
            "labels": self.model.labels,
            "negative_label": self.model.negative_label,
            "threshold": self.model.threshold,
            "temperature": self.model.temperature,
            "mode": self.reader.mode,
            # What has no piece stands in no sequence of the mode.
            "markers": {
                name: pieces[number] for name, number in markers.items() if number < len(pieces)
            },
        }

    @property
    def _dim(self) -> int:
        return int(self.model.embedder.get_output_dim())


_TASKS: dict[str, type[OnnxTask]] = {
    "spanbert_coref": CorefEncoder,
    "spanbert_qa": AnswerScorer,
    "spanbert_relation": RelationScorer,
    "spanbert_sequence_classifier": SequenceScorer,
}
"""By the names that models are registered under."""


def onnx_task(model: Model, reader: DatasetReader, *, quantised: bool) -> OnnxTask:
    """Return what writes a model's graph; raise a `ConfigError` if there is nothing."""
    for name, task in _TASKS.items():
        if isinstance(model, Model.by_name(name)):
            return task(model, reader, quantised=quantised)
    raise ConfigError(
        f"a {type(model).__name__} has no form in ONNX here, only {', '.join(_TASKS)} have; "
        'predict with `engine` "onnx", which takes every model of this package'
    )
