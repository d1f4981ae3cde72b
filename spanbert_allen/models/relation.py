"""Classify relations on SpanBERT."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from allennlp.data import Vocabulary
from allennlp.models import Model
from allennlp.modules.token_embedders import TokenEmbedder
from torch import Tensor

from spanbert_allen.common.errors import ConfigError, DataError
from spanbert_allen.data.relation.fields import LABELS_NAMESPACE
from spanbert_allen.data.relation.markers import MARKERS_NAMESPACE, marker_pieces
from spanbert_allen.formats.relation.example import NO_RELATION, RelationExample
from spanbert_allen.metrics.label_tally import LabelTally
from spanbert_allen.metrics.relation.metric import RelationScores
from spanbert_allen.modules.classification.class_weights import (
    counts_of_classes,
    require_known,
    weights_of_classes,
)
from spanbert_allen.modules.classification.head import ClassificationHead
from spanbert_allen.modules.classification.hidden_layer import HiddenLayer
from spanbert_allen.modules.classification.losses import ClassLoss, CrossEntropyLoss
from spanbert_allen.modules.classification.relation_pooling import ClsPooling, RelationPooling
from spanbert_allen.modules.encoder.embedder import SpanbertEmbedder
from spanbert_allen.modules.layers.temperature import checked_temperature


@Model.register("spanbert_relation")
class SpanbertRelation(Model):
    """
    Classify the relation of two entities in a text.

    As in Joshi et al. (2020), "SpanBERT", section 4.1, a linear layer with dropout stands on one
    vector of the sequence.

    # Parameters

    vocab : `Vocabulary`
        The labels and markers: set `vocabulary` to `{"type": "spanbert_relation"}`.
    embedder : `TokenEmbedder`
        The token embedder `spanbert`; with the pooling `cls` its `pooler` must be true.
    pooling : `RelationPooling`, optional (default = `cls`)
        How the vector of a sequence is made.
    hidden_layer : `str`, optional (default = `None`)
        The activation, `relu` or `tanh`, of a layer of the encoder's size between the pooling and
        the head: see `HiddenLayer`. None by default.
    negative_label : `str`, optional (default = `"no_relation"`)
        The label for no relation, as in the vocabulary; `None` if there is no such label.
    dropout : `float`, optional (default = `0.1`)
        The dropout on the vector, in training.
    class_weights : `dict[str, float] | str`, optional (default = `None`)
        How much examples of a label weigh in the loss, by its name; 1 for other labels; or
        `balanced`, counted from the training data: see `weights_of_classes`.
    loss : `ClassLoss`, optional (default = `cross_entropy`)
        The loss, such as `focal`.
    threshold : `float`, optional (default = `0.0`)
        Two entities have no relation if the negative label's score is higher than that of any other
        label by at least this. A higher one finds more relations; `spanbert-allen calibrate` fits
        it.
    temperature : `float`, optional (default = `1.0`)
        What the logits are divided by for probabilities, so that these tell how often a label is
        right; `spanbert-allen calibrate` fits it. It changes no label.
    scorer : `str`, optional (default = `"tacred"`)
        Whose scores are measured besides: see `RelationScores`.
    by_label : `bool`, optional (default = `False`)
        Whether the scores of each label are among the metrics of an evaluation.
    initializer_range : `float`, optional (default = `0.02`)
        Standard deviation of the head's first weights.
    """

    default_predictor = "spanbert_relation"
    metrics_are_known = True

    def __init__(
        self,
        vocab: Vocabulary,
        embedder: TokenEmbedder,
        *,
        pooling: RelationPooling | None = None,
        hidden_layer: str | None = None,
        negative_label: str | None = NO_RELATION,
        dropout: float = 0.1,
        class_weights: dict[str, float] | str | None = None,
        loss: ClassLoss | None = None,
        threshold: float = 0.0,
        temperature: float = 1.0,
        scorer: str = "tacred",
        by_label: bool = False,
        initializer_range: float = 0.02,
        **kwargs: Any,
    ):
        super().__init__(vocab, **kwargs)
        if not isinstance(embedder, SpanbertEmbedder):
            raise ConfigError(
                f"model.embedder: a {type(embedder).__name__} does not encode sequences of pieces; "
                'use {"type": "spanbert", ...}'
            )
        self.embedder = embedder
        self.pooling = ClsPooling() if pooling is None else pooling
        _check_pooler(embedder, self.pooling)
        self.labels = _labels(vocab, negative_label)
        self.negative_label = negative_label
        size = embedder.get_output_dim()
        pooled_size = self.pooling.output_dim(size)
        self.hidden_layer = None
        if hidden_layer is not None:
            self.hidden_layer = HiddenLayer(
                pooled_size, size, hidden_layer, initializer_range=initializer_range
            )
        self.classifier = ClassificationHead(
            pooled_size if self.hidden_layer is None else size,
            len(self.labels),
            dropout=dropout,
            initializer_range=initializer_range,
        )
        if threshold and negative_label is None:
            raise ConfigError(
                f"model.threshold is {threshold}, but there is no label for no relation; set "
                "`negative_label`, or leave the threshold out"
            )
        self.threshold = threshold
        self.temperature = checked_temperature(temperature)
        self.loss = CrossEntropyLoss() if loss is None else loss
        weights = None
        if class_weights is not None:
            # Shape: (num_labels,)
            weights = weights_of_classes(
                class_weights, self.labels, counts_of_classes(vocab, LABELS_NAMESPACE)
            )
        # Numbers that are given are part of the configuration, and counted ones of the weights.
        is_counted = isinstance(class_weights, str)
        self.register_buffer("class_weights", weights, persistent=is_counted)
        self._weights_are_known = not is_counted
        self.label_tally = LabelTally()
        self.training_scores = RelationScores(self.labels, negative_label=negative_label)
        self.scores = RelationScores(
            self.labels, negative_label=negative_label, scorer=scorer, by_label=by_label
        )

    def row_names(self) -> dict[str, Sequence[str]]:
        """
        Return the names of the rows of weights that labels and markers stand for.

        # Returns

        `dict[str, Sequence[str]]`
            By the name of the weights, a name for each row.
        """
        pieces = list(self.embedder.files.vocabulary.pieces)
        markers = self.vocab.get_index_to_token_vocabulary(MARKERS_NAMESPACE)
        for number, piece in enumerate(marker_pieces(pieces)):
            if number in markers:
                pieces[piece] = f"the marker {markers[number]}"
        return {
            "classifier.weight": self.labels,
            "classifier.bias": self.labels,
            "embedder.encoder.embeddings.word_embeddings.weight": pieces,
        }

    def forward(
        self,
        token_ids: Tensor,
        segment_ids: Tensor,
        entity_spans: Tensor,
        attended: Tensor | None = None,
        label: Tensor | None = None,
        example: list[RelationExample] | list[list[RelationExample]] | None = None,
        position_ids: Tensor | None = None,
        groups: Tensor | None = None,
    ) -> dict[str, Any]:
        """
        Score the labels of a batch, as the relation readers give it.

        With the mode `levitated_marker` a row of the batch is a text with some pairs, and what is
        of one pair has a dimension more, of the pairs: (batch_size, num_pairs, ...).

        # Parameters

        token_ids, segment_ids : `Tensor`
            Segments are 0, and -1 at padding. Shape: (batch_size, num_pieces)
        entity_spans : `Tensor`
            First and last piece of the subject and of the object; 0 for padding among pairs.
            Shape: (batch_size, 2, 2)
        attended : `Tensor`, optional (default = `None`)
            False for padding to a fixed length. Shape: (batch_size, num_pieces)
        label : `Tensor`, optional (default = `None`)
            The numbers of the labels. Shape: (batch_size,)
        example : `list[RelationExample] | list[list[RelationExample]]`, optional (default = `None`)
            The examples, or those of each text; their ids name the rows of the output.
        position_ids, groups : `Tensor`, optional (default = `None`)
            With `levitated_marker`, see `PairsSequence`. Shape: (batch_size, num_pieces)

        # Returns

        `dict[str, Any]`
            `logits` and `probabilities` (batch_size, num_labels), `label_ids` (batch_size,), and
            with labels `loss`: the mean of the examples by their weights.
        """
        # Shape: (batch_size, num_pieces, dim)
        vectors = self.embedder.encode(
            token_ids.long(),
            segment_ids.long(),
            attended=attended,
            position_ids=None if position_ids is None else position_ids.long(),
            groups=groups,
        )
        # Shape: (batch_size, output_dim)
        pooled = self.pooling.pooled(vectors, entity_spans.long(), self.embedder)
        if self.hidden_layer is not None:
            # Shape: (batch_size, dim)
            pooled = self.hidden_layer(pooled)
        # Shape: (batch_size, num_labels)
        logits = self.classifier(pooled)
        # Shape: (batch_size,)
        label_ids = self.chosen(logits)
        output: dict[str, Any] = {
            "logits": logits,
            "probabilities": (logits / self.temperature).softmax(-1),
            "label_ids": label_ids,
        }
        if example is not None:
            output["id"] = [
                one.id if isinstance(one, RelationExample) else [pair.id for pair in one]
                for one in example
            ]
        if label is not None:
            # [CLS] is at 0, so that no marker is. Shape: (num_examples,)
            is_pair = entity_spans[..., 0, 0].flatten() > 0 if label.dim() > 1 else None
            # The number of the padding is that of an unknown label, which has no loss.
            output["loss"] = self._loss(logits.view(-1, len(self.labels)), label.flatten())
            scores = self.training_scores if self.training else self.scores
            scores(label_ids.flatten(), label.flatten(), is_pair)
        elif self.training:
            raise DataError("the data has no labels, which training needs: use annotated data")
        if not self.training:
            self.label_tally.add(is_labelled=label is not None)
        return output

    def _loss(self, logits: Tensor, label: Tensor) -> Tensor:
        if not self._weights_are_known:
            require_known(self.class_weights)
            self._weights_are_known = True  # a GPU need not be asked again
        return self.loss(logits, label, self.class_weights, is_training=self.training)

    def chosen(self, scores: Tensor) -> Tensor:
        """
        Return the labels of the highest scores, or no relation by the threshold.

        # Parameters

        scores : `Tensor`
            Logits. Shape: (..., num_labels)

        # Returns

        `Tensor`
            The numbers of labels; of equal scores the first. Shape: (...)
        """
        if self.negative_label is None:
            return scores.argmax(-1)
        # The negative label is the first. Shape: (...), all three
        best, label_ids = scores[..., 1:].max(-1)
        is_negative = scores[..., 0] - best >= self.threshold
        return (label_ids + 1).masked_fill(is_negative, 0)

    def make_output_human_readable(self, output_dict: dict[str, Any]) -> dict[str, Any]:
        """Add `label`, the name of each predicted label."""
        output_dict["label"] = [self._named(row) for row in output_dict["label_ids"].tolist()]
        return output_dict

    def _named(self, number: int | list[int]) -> str | list[str]:
        return self.labels[number] if isinstance(number, int) else [self.labels[i] for i in number]

    def get_metrics(self, reset: bool = False) -> dict[str, float]:
        """
        Return the scores of `RelationScores`; in training TACRED's only.

        Raises a `DataError` after data without labels.
        """
        if self.training:
            return self.training_scores.get_metric(reset)
        self.label_tally.check(reset=reset)
        return self.scores.get_metric(reset)


def _check_pooler(embedder: SpanbertEmbedder, pooling: RelationPooling) -> None:
    if pooling.uses_pooler != (embedder.encoder.pooler is not None):
        needed = str(pooling.uses_pooler).lower()
        raise ConfigError(
            f"model.embedder: the pooling {type(pooling).__name__} of a relation model needs "
            f"`pooler` of the embedder to be {needed}; set it so"
        )


def _labels(vocab: Vocabulary, negative_label: str | None) -> list[str]:
    by_number = vocab.get_index_to_token_vocabulary(LABELS_NAMESPACE)
    labels = [by_number[number] for number in range(len(by_number))]
    if len(labels) < 2:
        raise ConfigError(
            f"vocabulary: it has {len(labels)} relation labels, and a model needs at least two; "
            "train with labelled data, read by `spanbert_tacred` or `spanbert_relation_jsonl`"
        )
    if negative_label is not None and labels[0] != negative_label:
        raise ConfigError(
            f"vocabulary: its first label is {labels[0]!r}, not the negative one, "
            f"{negative_label!r}; set `vocabulary` to "
            '{"type": "spanbert_relation", "negative_label": ...}, and `negative_label` of the '
            "model to the same, or both to null"
        )
    return labels
