"""A head that looks at both ends of an answer together."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.functional import gelu, pad

from spanbert_allen.common.errors import ConfigError
from spanbert_allen.modules.layers.fast_linear import FastLinear
from spanbert_allen.modules.layers.precision import at_least_float32
from spanbert_allen.modules.qa.heads.head import AnswerHead, HeadScores, PairScores, WindowInput
from spanbert_allen.modules.qa.heads.independent import IndependentAnswers


@AnswerHead.register("spanbert_biaffine_answers")
class BiaffineAnswers(IndependentAnswers):
    """
    Score spans between the likeliest ends by both ends together.

    Each end is scored by itself, as in `IndependentAnswers`. Of these the best `num_kept` first and
    last pieces of the passage are kept, and for every span between them a product of both ends'
    transformed vectors is added (Dozat and Manning, 2017, section 3.2,
    https://openreview.net/forum?id=Hk95PK9le; without its linear terms, which the scores of the
    ends are). The best first piece is always kept as a last one, too, so that there is a span.
    Other spans are no answers.

    In training, a softmax over the kept spans, "no answer" and the right answer is learnt beside
    those over first and last pieces. It trains the layers of the product alone, which so learn to
    rank again what the ends propose; when it trained the encoder, too, answers became worse.

    Registered as an `AnswerHead` with name "spanbert_biaffine_answers".

    # Parameters

    dim : `int`
        The width of the encoder; the model gives it.
    layer_norm_eps : `float`, optional (default = `1e-12`)
        Not used; the model gives it to every head.
    num_kept : `int`, optional (default = `20`)
        How many first and last pieces of a window are kept.
    hidden_dim : `int`, optional (default = `150`)
        The width of the transformed vectors.
    dropout : `float`, optional (default = `0.1`)
        Dropout of the transformed vectors.
    """

    def __init__(
        self,
        dim: int,
        layer_norm_eps: float = 1e-12,
        *,
        num_kept: int = 20,
        hidden_dim: int = 150,
        dropout: float = 0.1,
    ) -> None:
        super().__init__(dim, layer_norm_eps)
        if num_kept < 1 or hidden_dim < 1:
            raise ConfigError("model.head: `num_kept` and `hidden_dim` must be 1 or more")
        self.num_kept = num_kept
        self.first = FastLinear(dim, hidden_dim)
        self.last = FastLinear(dim, hidden_dim)
        self.bilinear = FastLinear(hidden_dim, hidden_dim, bias=False)
        self.dropout = nn.Dropout(dropout)

    def forward(self, vectors: Tensor, windows: WindowInput) -> HeadScores:  # type: ignore[override]
        """See `AnswerHead`."""
        logits = self.logits(vectors)
        vectors = vectors.detach()
        is_passage = windows.passage_pieces >= 0
        # Shape: (num_windows, num_kept) twice
        firsts, is_first = self._best(logits[..., 0].detach(), is_passage)
        lasts, is_last = self._best(logits[..., 1].detach(), is_passage)
        # Shape: (num_windows, num_kept + 1), the best first piece once
        is_new = ((lasts != firsts[:, :1]) | ~is_last).all(1, keepdim=True)
        lasts = torch.cat([lasts, firsts[:, :1]], dim=1)
        is_last = torch.cat([is_last, is_new & is_first[:, :1]], dim=1)
        # Shape: (num_windows, num_kept, num_kept + 1)
        is_span = (firsts[:, :, None] <= lasts[:, None]) & is_first[:, :, None] & is_last[:, None]
        asked = self.bilinear(self._transformed(self.first, vectors, firsts))
        products = torch.bmm(asked, self._transformed(self.last, vectors, lasts).transpose(1, 2))
        terms = at_least_float32(products).masked_fill(~is_span, -torch.inf)
        nothing = torch.zeros_like(firsts[:, :1])
        gold = None
        if windows.answers is not None:
            gold = self._terms(vectors, windows.answers[:, :1], windows.answers[:, 1:])
        null = self._terms(vectors, nothing, nothing)
        return HeadScores(logits, PairScores(firsts, lasts, terms, null, gold))

    def _best(self, scores: Tensor, is_passage: Tensor) -> tuple[Tensor, Tensor]:
        """Return the best pieces of the passage, (num_windows, num_kept), and which are some."""
        scores = scores.masked_fill(~is_passage, -torch.inf)
        missing = max(0, self.num_kept - scores.size(1))
        best = pad(scores, (0, missing), value=-torch.inf).topk(self.num_kept, dim=1)
        return best.indices.clamp(max=scores.size(1) - 1), best.values > -torch.inf

    def _transformed(self, layer: nn.Module, vectors: Tensor, places: Tensor) -> Tensor:
        """Return transformed vectors of places, of shape (num_windows, num_places, hidden_dim)."""
        rows = torch.arange(len(vectors), device=vectors.device)[:, None]
        transformed: Tensor = self.dropout(gelu(layer(vectors[rows, places])))
        return transformed

    def _terms(self, vectors: Tensor, firsts: Tensor, lasts: Tensor) -> Tensor:
        """Return the term of one span a window, (num_windows,); its ends are (num_windows, 1)."""
        asked = self.bilinear(self._transformed(self.first, vectors, firsts))
        products = asked * self._transformed(self.last, vectors, lasts)
        return at_least_float32(products.sum(-1))[:, 0]
