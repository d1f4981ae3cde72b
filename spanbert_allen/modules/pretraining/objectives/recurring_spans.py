"""Splinter's objective: from a question piece, point to the span that stands for it elsewhere."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from spanbert_allen.common.errors import ConfigError
from spanbert_allen.modules.layers.place_head import PlaceHead
from spanbert_allen.modules.layers.precision import at_least_float32
from spanbert_allen.modules.pretraining.objectives.objective import Objective, ObjectiveOutput

_NO_QUESTION = -1


@Objective.register("spanbert_recurring_spans")
class RecurringSpanSelection(Objective):
    """
    Find the span that a question piece stands for, by its first and its last piece.

    This is the question-aware span selection of Ram et al. (2021)
    (https://aclanthology.org/2021.acl-long.239): a head for starts and one for ends. The loss of a
    question is the mean of both, and that of a batch the mean over its questions.

    Registered as an `Objective` with name "spanbert_recurring_spans".

    # Parameters

    dim : `int`
        The width of the encoder; the model gives it.
    layer_norm_eps : `float`, optional (default = `1e-12`)
        The epsilon of layer normalisation; the model gives that of the encoder.
    weight : `float`, optional (default = `1.0`)
        The weight of its loss.
    """

    name = "rss"
    scores = ("rss", "rss_start", "rss_end")

    def __init__(self, dim: int, layer_norm_eps: float = 1e-12, *, weight: float = 1.0) -> None:
        super().__init__(weight=weight)
        self.start = PlaceHead(dim, layer_norm_eps=layer_norm_eps)
        self.end = PlaceHead(dim, layer_norm_eps=layer_norm_eps)

    def forward(
        self, vectors: Tensor, is_real: Tensor, targets: Mapping[str, Tensor]
    ) -> ObjectiveOutput:
        """
        Compute the loss of a batch.

        # Parameters

        vectors, is_real
            As for `Objective`.
        targets : `Mapping[str, Tensor]`
            `question_columns`, `answer_starts` and `answer_ends`; see `BatchLayout.questions`.
            Shape: (batch_size, most_questions)

        # Returns

        `ObjectiveOutput`
            The scores are `rss` for whole answers, `rss_start` and `rss_end`.
        """
        if "question_columns" not in targets:
            raise ConfigError(
                "model.objectives has spanbert_recurring_spans, but the reader asks no questions: "
                'set dataset_reader.questions to {"type": "spanbert_recurring_spans"}'
            )
        columns = targets["question_columns"]
        # Shape: (num_questions,). The one number that the CPU has to know: how many there are.
        asked = (columns != _NO_QUESTION).flatten().nonzero().squeeze(-1)
        rows = torch.arange(len(columns), device=columns.device)[:, None]
        # Shape: (batch_size, most_questions, dim)
        questions = vectors[rows, columns.clamp(min=0)]
        losses, correct = [], []
        for head, name in ((self.start, "answer_starts"), (self.end, "answer_ends")):
            scores = at_least_float32(head(questions, vectors))
            scores = scores.masked_fill(~is_real[:, None], -torch.inf).flatten(0, 1)[asked]
            # Shape: (num_questions,)
            wanted = targets[name].flatten()[asked]
            losses.append(cross_entropy(scores, wanted, reduction="none"))
            correct.append(scores.argmax(-1) == wanted)
        both = (losses[0] + losses[1]) / 2
        found = (
            (both, correct[0] & correct[1]),
            (losses[0], correct[0]),
            (losses[1], correct[1]),
        )
        return ObjectiveOutput(
            self.weight * both.sum() / max(1, len(both)),
            dict(zip(self.scores, found, strict=True)),
        )
