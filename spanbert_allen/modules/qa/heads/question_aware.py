"""Splinter's head: the ends of the answer, as seen from the question."""

from __future__ import annotations

import torch
from torch import Tensor

from spanbert_allen.common.errors import ConfigError
from spanbert_allen.modules.layers.place_head import PlaceHead
from spanbert_allen.modules.layers.precision import at_least_float32
from spanbert_allen.modules.qa.heads.head import AnswerHead, HeadScores, WindowInput

_QUESTIONS = ("cls", "piece")


@AnswerHead.register("spanbert_question_aware_answers")
class QuestionAwareAnswers(AnswerHead):
    """
    Score each piece by a product of its transformed vector and the question's.

    This is the question-aware span selection of Ram et al. (2021), section 4
    (https://aclanthology.org/2021.acl-long.239), with one part for first and one for last pieces.
    A pre-training with `spanbert_recurring_spans` trains the same parts: they are read with the
    encoder from its archive, and by `trainer.init`.

    Registered as an `AnswerHead` with name "spanbert_question_aware_answers".

    # Parameters

    dim : `int`
        The width of the encoder; the model gives it.
    layer_norm_eps : `float`, optional (default = `1e-12`)
        The epsilon of layer normalisation; the model gives that of the encoder.
    question : `str`, optional (default = `"cls"`)
        Whose vector stands for the question: that of `cls`, or that of the question `piece` which
        the reader puts behind it with `question_piece`, as Splinter does.
    """

    def __init__(self, dim: int, layer_norm_eps: float = 1e-12, *, question: str = "cls") -> None:
        super().__init__()
        if question not in _QUESTIONS:
            raise ConfigError(f"model.head.question: {question!r} is neither 'cls' nor 'piece'")
        self.asks_piece = question == "piece"
        self.start = PlaceHead(dim, layer_norm_eps=layer_norm_eps)
        self.end = PlaceHead(dim, layer_norm_eps=layer_norm_eps)

    def names_in_pretraining(self) -> dict[str, str]:
        """See `AnswerHead`."""
        return {name: f"objectives.rss.{name}" for name in self.state_dict()}

    def forward(self, vectors: Tensor, windows: WindowInput) -> HeadScores:
        """See `AnswerHead`."""
        places = windows.question_places if self.asks_piece else 0 * windows.question_places
        rows = torch.arange(len(vectors), device=vectors.device)
        # Shape: (num_windows, 1, dim)
        questions = vectors[rows, places][:, None]
        # Shape: (num_windows, num_pieces, 2)
        logits = torch.stack(
            [head(questions, vectors)[:, 0] for head in (self.start, self.end)], dim=-1
        )
        return HeadScores(at_least_float32(logits))
