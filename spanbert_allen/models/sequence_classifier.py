"""Classify texts and pairs of texts on SpanBERT."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from allennlp.data import Vocabulary
from allennlp.models import Model
from allennlp.modules.token_embedders import TokenEmbedder
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits, mse_loss

from spanbert_allen.common.errors import ConfigError, DataError
from spanbert_allen.data.sequence.instance import LABELS, PairInput
from spanbert_allen.formats.sequence.glue_tasks import glue_task
from spanbert_allen.metrics.label_tally import LabelTally
from spanbert_allen.metrics.sequence.label_sets import LabelSetScores
from spanbert_allen.metrics.sequence.metric import SequenceScores
from spanbert_allen.modules.classification.class_weights import (
    counts_of_classes,
    require_known,
    weights_of_classes,
)
from spanbert_allen.modules.classification.head import ClassificationHead
from spanbert_allen.modules.classification.losses import ClassLoss, CrossEntropyLoss
from spanbert_allen.modules.encoder.embedder import SpanbertEmbedder
from spanbert_allen.modules.layers.temperature import checked_temperature

NO_PAIRS = (
    "the encoder has one token type (`type_vocab_size` is 1), so it reads single texts, not pairs; "
    "leave `text_pair` out, or use another encoder"
)
"""What is said of a pair that the encoder cannot read."""

_OWN_SCORES = {False: ("acc", "macro_f1"), True: ("pearson", "spearmanr", "corr")}


@Model.register("spanbert_sequence_classifier")
class SpanbertSequenceClassifier(Model):
    """
    Classify a text or a pair of texts by the pooled vector of [CLS], or predict a number for it.

    The model is that of Devlin et al. (2019), section 4.1, and Joshi et al. (2020), "SpanBERT",
    section 4.1.

    # Parameters

    vocab : `Vocabulary`
        The vocabulary, whose namespace `labels` has the classes, unless `task` says them.
    embedder : `TokenEmbedder`
        The token embedder `spanbert`, with `pooler` true.
    task : `str`, optional (default = `None`)
        A task of GLUE: it says which classes there are and what is measured. Without a task, the
        classes are the labels of the training data; accuracy and macro F1 are measured.
    regression : `bool`, optional (default = `None`)
        Without a task: whether a number is predicted. Mean squared error is the loss then;
        correlations are measured.
    multi_label : `bool`, optional (default = `False`)
        Without a task: whether a text may have any number of classes. A sigmoid for each class is
        the probability then, and binary cross-entropy, averaged over texts and classes, the loss; a
        class is predicted from a probability of 0.5. Micro and macro F1 are measured: see
        `LabelSetScores`.
    class_weights : `dict[str, float] | str`, optional (default = `None`)
        How much texts of a class weigh in the loss, by its name; 1 for other classes; or
        `balanced`, counted from the training data: see `weights_of_classes`. With `multi_label`,
        texts that have the class weigh so much.
    loss : `ClassLoss`, optional (default = `cross_entropy`)
        For one class a text: the loss, such as `focal`.
    temperature : `float`, optional (default = `1.0`)
        What the logits are divided by for probabilities, so that these tell how often a label is
        right; `spanbert-allen calibrate` fits it. It changes no label.
    dropout : `float`, optional (default = `0.1`)
        The dropout of the head.
    initializer_range : `float`, optional (default = `0.02`)
        Standard deviation of the head's first weights.
    """

    default_predictor = "spanbert_sequence_classifier"
    metrics_are_known = True

    def __init__(
        self,
        vocab: Vocabulary,
        embedder: TokenEmbedder,
        *,
        task: str | None = None,
        regression: bool | None = None,
        multi_label: bool = False,
        class_weights: dict[str, float] | str | None = None,
        loss: ClassLoss | None = None,
        temperature: float = 1.0,
        dropout: float = 0.1,
        initializer_range: float = 0.02,
        **kwargs: Any,
    ):
        super().__init__(vocab, **kwargs)
        if not isinstance(embedder, SpanbertEmbedder):
            raise ConfigError(
                f"model.embedder: a {type(embedder).__name__} does not encode pieces of texts; "
                'use {"type": "spanbert", "pooler": true, ...}'
            )
        if embedder.encoder.pooler is None:
            raise ConfigError("model.embedder.pooler is false: set it to true, as [CLS] is pooled")
        if task is not None and (regression is not None or multi_label):
            key = "multi_label" if multi_label else "regression"
            raise ConfigError(f"model.{key}: `task` says it already; leave one of both out")
        if multi_label and regression:
            raise ConfigError("model.multi_label: a number is no class; set `regression` to false")
        self.task = None if task is None else glue_task(task)
        if self.task is not None:
            self.regression = self.task.is_regression
            self.labels = list(self.task.labels)
        else:
            self.regression = bool(regression)
            self.labels = [] if self.regression else _labels_of(vocab)
        self.multi_label = multi_label
        self.temperature = checked_temperature(temperature)
        self.embedder = embedder
        self.classifier = ClassificationHead(
            embedder.get_output_dim(),
            1 if self.regression else len(self.labels),
            dropout=dropout,
            initializer_range=initializer_range,
        )
        if loss is not None and (self.regression or multi_label):
            key = "regression" if self.regression else "multi_label"
            raise ConfigError(f"model.loss: with `{key}` the loss is given; leave one of both out")
        self.loss = CrossEntropyLoss() if loss is None else loss
        self.register_buffer("class_weights", self._weights(class_weights))
        self._weights_are_known = False
        self.label_tally = LabelTally()
        self.scores: SequenceScores | LabelSetScores = (
            LabelSetScores(len(self.labels))
            if multi_label
            else SequenceScores(
                _OWN_SCORES[self.regression] if self.task is None else self.task.scores
            )
        )

    def row_names(self) -> dict[str, Sequence[str]]:
        """Return the names of the rows of weights that labels stand for, by the weights' names."""
        if self.regression:
            return {}
        return {"classifier.weight": self.labels, "classifier.bias": self.labels}

    def forward(
        self,
        token_ids: Tensor,
        segment_ids: Tensor,
        type_ids: Tensor,
        attended: Tensor | None = None,
        label: Tensor | None = None,
        num_unseen: Tensor | None = None,
        pair: list[PairInput] | None = None,
    ) -> dict[str, Any]:
        """
        Score the classes of a batch, as the readers of texts and pairs of texts give it.

        # Parameters

        token_ids, segment_ids, type_ids : `Tensor`
            `segment_ids` is -1 at padding, 0 elsewhere. Shape: (batch_size, num_pieces)
        attended : `Tensor`, optional (default = `None`)
            False for padding to a fixed length. Shape: (batch_size, num_pieces)
        label : `Tensor`, optional (default = `None`)
            Classes, or numbers to predict. Shape: (batch_size,); with `multi_label`, whether a text
            has each class. Shape: (batch_size, num_labels)
        num_unseen : `Tensor`, optional (default = `None`)
            With `multi_label`, how many classes of a text the model does not know. They have no
            part in the loss, and are mistakes of the scores. Shape: (batch_size,)
        pair : `list[PairInput]`, optional (default = `None`)
            The texts, with the part of the data that each belongs to.

        # Returns

        `dict[str, Any]`
            `logits`, of shape (batch_size, num_labels), 1 for a number; `loss` if there are labels;
            outside of training, for classes, `probabilities`, of the logits' shape.
        """
        if self.takes_no_pairs and bool(type_ids.any()):
            raise DataError(NO_PAIRS)
        # Shape: (batch_size, num_pieces, dim)
        vectors = self.embedder.encode(token_ids.long(), segment_ids, type_ids.long(), attended)
        # Shape: (batch_size, num_labels)
        logits = self.classifier(self.embedder.pool(vectors[:, 0]))
        output: dict[str, Any] = {"logits": logits}
        if not self.training and not self.regression:
            scaled = logits / self.temperature
            output["probabilities"] = scaled.sigmoid() if self.multi_label else scaled.softmax(-1)
        if label is not None:
            output["loss"] = self._loss(logits, label)
            if isinstance(self.scores, LabelSetScores):
                self.scores(logits >= 0, label, num_unseen)
            else:
                self._measure(self.scores, logits, label, pair)
        elif self.training:
            raise DataError("the data has no labels, which training needs: use annotated data")
        if not self.training:
            self.label_tally.add(is_labelled=label is not None)
        return output

    def get_metrics(self, reset: bool = False) -> dict[str, float]:
        """
        Return the scores of the task, by part of the data if its parts have names.

        In training there are scores only when they are reset: AllenNLP asks at every step, and
        workers have to put together what they have seen. Outside of training raises a `DataError`
        after data without labels.
        """
        if self.training:
            return self.scores.get_metric(reset) if reset else {}
        self.label_tally.check(reset=reset)
        return self.scores.get_metric(reset)

    @property
    def takes_no_pairs(self) -> bool:
        """Return whether the encoder has only one token type, that of a single text."""
        return int(self.embedder.encoder.config.type_vocab_size) < 2

    def _weights(self, wanted: dict[str, float] | str | None) -> Tensor | None:
        """Return the weights of the classes, of shape (num_labels,), if there are any."""
        if wanted is None:
            return None
        if self.regression:
            raise ConfigError("model.class_weights: a number has no classes; leave them out")
        return weights_of_classes(wanted, self.labels, counts_of_classes(self.vocab, LABELS))

    def _loss(self, logits: Tensor, label: Tensor) -> Tensor:
        if self.regression:
            if not label.is_floating_point():
                raise ConfigError(
                    "model.regression is true, but the labels are classes: set `regression` of "
                    "the reader to true as well, or that of the model to false"
                )
            return mse_loss(logits.squeeze(-1), label.to(logits.dtype))
        if self.multi_label != (label.dim() > 1):
            raise ConfigError(
                "model.multi_label: the reader and the model must both have it true, or both false"
            )
        weights = self.class_weights
        if weights is not None and not self._weights_are_known:
            require_known(weights)
        self._weights_are_known = True  # a GPU need not be asked again
        if self.multi_label:
            # Shape: (batch_size, num_labels)
            each = None if weights is None else 1 + label * (weights - 1)
            return binary_cross_entropy_with_logits(logits, label, each)
        return self.loss(logits, label, weights, is_training=self.training)

    def _measure(
        self, scores: SequenceScores, logits: Tensor, label: Tensor, pair: list[PairInput] | None
    ) -> None:
        # Shape: (batch_size,)
        predicted = logits.squeeze(-1) if self.regression else logits.argmax(-1)
        parts = [None] * len(label) if pair is None else [one.part for one in pair]
        scores(predicted.detach(), label, parts)


def _labels_of(vocab: Vocabulary) -> list[str]:
    names = vocab.get_index_to_token_vocabulary(LABELS)
    if not names:
        raise ConfigError(
            "model.task: it is not set, and the data has no labels, which would be the classes; "
            "give labelled data, a task of GLUE, or set `regression` for numbers"
        )
    return [names[number] for number in range(len(names))]
