"""The published head: a linear layer, each end by itself."""

from __future__ import annotations

from torch import Tensor, nn

from spanbert_allen.modules.layers.precision import at_least_float32
from spanbert_allen.modules.qa.heads.head import AnswerHead, HeadScores, WindowInput


@AnswerHead.register("spanbert_independent_answers")
class IndependentAnswers(nn.Linear, AnswerHead):
    """
    Score each piece as the first and as the last of the answer by one linear layer.

    This is the head of Devlin et al. (2019), section 4.2, and of SpanBERT.

    Registered as an `AnswerHead` with name "spanbert_independent_answers".

    # Parameters

    dim : `int`
        The width of the encoder; the model gives it.
    layer_norm_eps : `float`, optional (default = `1e-12`)
        Not used; the model gives it to every head.
    """

    def __init__(self, dim: int, layer_norm_eps: float = 1e-12) -> None:
        del layer_norm_eps
        super().__init__(dim, 2)

    def logits(self, vectors: Tensor) -> Tensor:
        """Return the scores of pieces, float32 at least: shapes (..., dim) to (..., 2)."""
        return at_least_float32(nn.functional.linear(vectors, self.weight, self.bias))

    def forward(self, vectors: Tensor, windows: WindowInput) -> HeadScores:  # type: ignore[override]
        """See `AnswerHead`."""
        del windows
        return HeadScores(self.logits(vectors))
