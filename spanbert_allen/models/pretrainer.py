"""Pre-training of an encoder: masked pieces, span boundaries and next sentences."""

from __future__ import annotations

from typing import Any

import torch
from allennlp.data import Vocabulary
from allennlp.models import Model
from allennlp.modules.token_embedders import TokenEmbedder
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from spanbert_allen.common.errors import ConfigError
from spanbert_allen.metrics.pretraining.metric import PretrainingScores
from spanbert_allen.modules.encoder.embedder import SpanbertEmbedder
from spanbert_allen.modules.layers.fast_linear import FastLinear
from spanbert_allen.modules.layers.precision import at_least_float32
from spanbert_allen.modules.pretraining.heads import (
    BoundaryHead,
    MaskedPieceHead,
    PieceLosses,
    TopPieces,
    piece_losses,
    top_pieces,
)
from spanbert_allen.modules.pretraining.pretrained_heads import (
    BOUNDARIES,
    MASKED_PIECES,
    load_heads,
)


@Model.register("spanbert_pretrainer")
class SpanbertPretrainer(Model):
    """
    Pre-train an encoder with SpanBERT's objectives (Joshi et al. 2020, section 3).

    Masked pieces are predicted from their own vectors (MLM), pieces of masked spans also from the
    vectors around their span (SBO), and for pairs of sequences whether the second one is random
    (NSP). Both decoders share the encoder's word embeddings. Heads that the encoder's file carries
    are read from it, the others begin at random.

    Registered as a `Model` with name "spanbert_pretrainer".

    # Parameters

    vocab : `Vocabulary`
        AllenNLP's; nothing in it is used.
    embedder : `TokenEmbedder`
        The token embedder `spanbert`; with `pooler` true for next-sentence prediction.
    boundary_weight : `float`, optional (default = `1.0`)
        The weight of the span-boundary loss; 0 leaves that head out.
    max_boundary_targets : `int`, optional (default = `15`)
        How many positions the span-boundary head knows; no fewer than the reader's.
    next_sentence : `bool`, optional (default = `False`)
        Whether next sentences are predicted.
    reproduce : `bool`, optional (default = `False`)
        Whether the span-boundary loss is divided by the number of its targets plus one, as in the
        original program, and not by their number.
    initializer_range : `float`, optional (default = `0.02`)
        Standard deviation of new weights.
    """

    default_predictor = "spanbert_pretrainer"
    metrics_are_known = True

    def __init__(
        self,
        vocab: Vocabulary,
        embedder: TokenEmbedder,
        *,
        boundary_weight: float = 1.0,
        max_boundary_targets: int = 15,
        next_sentence: bool = False,
        reproduce: bool = False,
        initializer_range: float = 0.02,
        **kwargs: Any,
    ) -> None:
        super().__init__(vocab, **kwargs)
        if not isinstance(embedder, SpanbertEmbedder):
            raise ConfigError(
                f"model.embedder: a {type(embedder).__name__} cannot be pre-trained; use "
                '{"type": "spanbert", ...}'
            )
        if boundary_weight < 0:
            raise ConfigError(f"model.boundary_weight is {boundary_weight}: it must be 0 or more")
        if next_sentence and embedder.encoder.pooler is None:
            raise ConfigError(
                "model.next_sentence is true, but model.embedder.pooler is false: set it to true"
            )
        self.embedder = embedder
        config = embedder.encoder.config
        dim, size, eps = config.hidden_size, config.vocab_size, config.layer_norm_eps
        self.mlm_head = MaskedPieceHead(dim, size, layer_norm_eps=eps)
        self.boundary_weight, self._reproduce = boundary_weight, reproduce
        self.sbo_head = (
            BoundaryHead(dim, size, max_targets=max_boundary_targets, layer_norm_eps=eps)
            if boundary_weight > 0
            else None
        )
        self.nsp_head = FastLinear(dim, 2) if next_sentence else None
        self._initialize(initializer_range)
        if embedder.find_weights is not None:
            heads: dict[str, tuple[nn.Module, dict[str, str]]] = {
                "masked-language-model head": (self.mlm_head, MASKED_PIECES)
            }
            if self.sbo_head is not None:
                heads["span-boundary head"] = (self.sbo_head, BOUNDARIES)
            load_heads(embedder.find_weights(), heads)
        self.scores = PretrainingScores(
            ("mlm", *["sbo"] * (boundary_weight > 0), *["nsp"] * next_sentence)
        )

    def _initialize(self, deviation: float) -> None:
        for head in (self.mlm_head, self.sbo_head, self.nsp_head):
            for module in head.modules() if head is not None else ():
                if isinstance(module, nn.Linear | nn.Embedding):
                    nn.init.normal_(module.weight, std=deviation)
                if isinstance(module, nn.Linear):
                    nn.init.zeros_(module.bias)

    @property
    def word_embeddings(self) -> Tensor:
        """The word embeddings of the encoder, of shape (vocabulary_size, dim)."""
        weight: Tensor = self.embedder.encoder.embeddings.word_embeddings.weight
        return weight

    def forward(
        self,
        token_ids: Tensor,
        segment_ids: Tensor,
        masked_places: Tensor,
        masked_pieces: Tensor,
        boundary_lefts: Tensor,
        boundary_rights: Tensor,
        boundary_positions: Tensor,
        boundary_pieces: Tensor,
        type_ids: Tensor | None = None,
        is_random: Tensor | None = None,
        masking: list[str] | None = None,
    ) -> dict[str, Any]:
        """
        Compute the losses of a batch that the data loader `spanbert_pretraining` made.

        A place counts pieces over the whole batch, padding included, row after row.

        # Parameters

        token_ids, segment_ids : `Tensor`
            Pieces as the model sees them; `segment_ids` is -1 at padding, 0 elsewhere.
            Shape: (batch_size, num_pieces)
        masked_places, masked_pieces : `Tensor`
            Where a piece is masked, and which it is. Shape: (num_masked,)
        boundary_lefts, boundary_rights : `Tensor`
            The places around the span of each target. Shape: (num_targets,)
        boundary_positions, boundary_pieces : `Tensor`
            The place of each target in its span, and the piece. Shape: (num_targets,)
        type_ids : `Tensor`, optional (default = `None`)
            0 for the first sequence, 1 for the second. Shape: (batch_size, num_pieces)
        is_random : `Tensor`, optional (default = `None`)
            1 where the second sequence is a random one. Shape: (batch_size,)
        masking : `list[str]`, optional (default = `None`)
            The masking scheme, the same for all.

        # Returns

        `dict[str, Any]`
            `loss`, and the losses that it is made of: `mlm_loss`, `sbo_loss`, `nsp_loss`.
        """
        # Shape: (batch_size, num_pieces, dim)
        vectors = self.embedder.encode(token_ids, segment_ids, type_ids)
        # Shape: (batch_size * num_pieces, dim)
        flat = vectors.flatten(0, 1)
        name = masking[0] if masking else "masking"
        found = self.masked_piece_losses(flat[masked_places], masked_pieces)
        self.scores("mlm", name, *found)
        losses = {"mlm_loss": found.losses.sum() / max(1, len(masked_pieces))}
        if self.sbo_head is not None:
            self._check_positions(boundary_positions)
            hidden = self.sbo_head(flat[boundary_lefts], flat[boundary_rights], boundary_positions)
            found = piece_losses(hidden, self.word_embeddings, self.sbo_head.bias, boundary_pieces)
            self.scores("sbo", name, *found)
            count = len(boundary_pieces) + 1 if self._reproduce else max(1, len(boundary_pieces))
            losses["sbo_loss"] = self.boundary_weight * found.losses.sum() / count
        if self.nsp_head is not None:
            losses["nsp_loss"] = self._next_sentence_loss(vectors[:, 0], is_random, name)
        return {"loss": torch.stack(list(losses.values())).sum(), **losses}

    def masked_piece_losses(self, vectors: Tensor, pieces: Tensor) -> PieceLosses:
        """
        Predict pieces from their own vectors.

        # Parameters

        vectors : `Tensor`
            Shape: (num_masked, dim)
        pieces : `Tensor`
            The true pieces. Shape: (num_masked,)
        """
        hidden = self.mlm_head(vectors)
        return piece_losses(hidden, self.word_embeddings, self.mlm_head.bias, pieces)

    def fill(self, vectors: Tensor, k: int) -> TopPieces:
        """
        Return the most probable pieces from their own vectors.

        # Parameters

        vectors : `Tensor`
            The encoder's. Shape: (num_masked, dim)
        k : `int`
            How many for each.
        """
        return top_pieces(self.mlm_head(vectors), self.word_embeddings, self.mlm_head.bias, k)

    def fill_from_boundaries(
        self, lefts: Tensor, rights: Tensor, positions: Tensor, k: int
    ) -> TopPieces:
        """
        Return the most probable pieces from the vectors around their span.

        # Parameters

        lefts, rights, positions : `Tensor`
            As for `BoundaryHead.forward`.
        k : `int`
            How many for each.
        """
        head = self.sbo_head
        assert head is not None
        return top_pieces(head(lefts, rights, positions), self.word_embeddings, head.bias, k)

    def get_metrics(self, reset: bool = False) -> dict[str, float]:
        """
        Return means over all targets so far; see `PretrainingScores`.

        In training only when they are reset, as AllenNLP asks at every step.
        """
        if self.training and not reset:
            return {}
        return self.scores.get_metric(reset)

    def _next_sentence_loss(self, vectors: Tensor, labels: Tensor | None, name: str) -> Tensor:
        assert self.nsp_head is not None
        if labels is None:
            raise ConfigError(
                "model.next_sentence is true, but the reader gives single sequences: set "
                "dataset_reader.next_sentence to true as well"
            )
        # Shape: (batch_size, 2)
        logits = at_least_float32(self.nsp_head(self.embedder.pool(vectors)))
        losses = cross_entropy(logits, labels, reduction="none")
        self.scores("nsp", name, losses, logits.argmax(-1) == labels)
        return losses.mean()

    def _check_positions(self, positions: Tensor) -> None:
        assert self.sbo_head is not None
        # Without a read from the device: the reader's limit is checked once, on the CPU.
        if positions.device.type == "cpu" and len(positions):
            known = self.sbo_head.positions.num_embeddings
            if int(positions.max()) >= known:
                raise ConfigError(
                    f"model.max_boundary_targets is {known}, and the reader gives more: set "
                    "dataset_reader.max_boundary_targets to the same"
                )
