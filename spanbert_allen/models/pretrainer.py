"""Pre-training of an encoder: masked pieces, span boundaries and next sentences."""

from __future__ import annotations

from typing import Any, cast

import torch
from allennlp.common import Lazy
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
    TopPieces,
    piece_losses,
    top_pieces,
)
from spanbert_allen.modules.pretraining.objectives import Objective, ObjectiveOutput
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
    are read from it, the others begin at random. Further objectives are parts of their own.

    Registered as a `Model` with name "spanbert_pretrainer".

    # Parameters

    vocab : `Vocabulary`
        AllenNLP's; nothing in it is used.
    embedder : `TokenEmbedder`
        The token embedder `spanbert`; with `pooler` true for next-sentence prediction.
    masked_weight : `float`, optional (default = `1.0`)
        The weight of the loss of masked pieces; 0 leaves that head out.
    boundary_weight : `float`, optional (default = `1.0`)
        The weight of the span-boundary loss; 0 leaves that head out.
    max_boundary_targets : `int`, optional (default = `15`)
        How many positions the span-boundary head knows; no fewer than the reader's.
    next_sentence : `bool`, optional (default = `False`)
        Whether next sentences are predicted.
    objectives : `list[Lazy[Objective]]`, optional (default = `None`)
        Further objectives, such as `spanbert_recurring_spans`.
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
        masked_weight: float = 1.0,
        boundary_weight: float = 1.0,
        max_boundary_targets: int = 15,
        next_sentence: bool = False,
        objectives: list[Lazy[Objective]] | None = None,
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
        for name, weight in (("masked", masked_weight), ("boundary", boundary_weight)):
            if weight < 0:
                raise ConfigError(f"model.{name}_weight is {weight}: it must be 0 or more")
        if next_sentence and embedder.encoder.pooler is None:
            raise ConfigError(
                "model.next_sentence is true, but model.embedder.pooler is false: set it to true"
            )
        self.embedder = embedder
        config = embedder.encoder.config
        dim, size, eps = config.hidden_size, config.vocab_size, config.layer_norm_eps
        self.masked_weight, self.boundary_weight = masked_weight, boundary_weight
        self._reproduce = reproduce
        self.mlm_head = (
            MaskedPieceHead(dim, size, layer_norm_eps=eps) if masked_weight > 0 else None
        )
        self.sbo_head = (
            BoundaryHead(dim, size, max_targets=max_boundary_targets, layer_norm_eps=eps)
            if boundary_weight > 0
            else None
        )
        self.nsp_head = FastLinear(dim, 2) if next_sentence else None
        made = [one.construct(dim=dim, layer_norm_eps=eps) for one in objectives or ()]
        self.objectives = nn.ModuleDict({one.name: one for one in made})
        if len(self.objectives) < len(made):
            raise ConfigError("model.objectives has an objective twice: leave one out")
        self._initialize(initializer_range)
        if embedder.find_weights is not None:
            load_heads(embedder.find_weights(), self._readable_heads())
        names = [
            *["mlm"] * (self.mlm_head is not None),
            *["sbo"] * (self.sbo_head is not None),
            *["nsp"] * next_sentence,
            *(name for one in self._objectives() for name in one.scores),
        ]
        if not names:
            raise ConfigError(
                "model: nothing is trained, as masked_weight and boundary_weight are 0 and there "
                "is no other objective: set one of them"
            )
        self.scores = PretrainingScores(tuple(names))

    def _objectives(self) -> list[Objective]:
        return [cast("Objective", one) for one in self.objectives.values()]

    def _readable_heads(self) -> dict[str, tuple[nn.Module, dict[str, str]]]:
        """Return the heads that a file of an encoder may carry, by what messages call them."""
        heads: dict[str, tuple[nn.Module, dict[str, str]]] = {}
        if self.mlm_head is not None:
            heads["masked-language-model head"] = (self.mlm_head, MASKED_PIECES)
        if self.sbo_head is not None:
            heads["span-boundary head"] = (self.sbo_head, BOUNDARIES)
        return heads

    def _initialize(self, deviation: float) -> None:
        for head in (self.mlm_head, self.sbo_head, self.nsp_head, self.objectives):
            for module in head.modules() if head is not None else ():
                if isinstance(module, nn.Linear | nn.Embedding):
                    nn.init.normal_(module.weight, std=deviation)
                if isinstance(module, nn.Linear) and module.bias is not None:
                    nn.init.zeros_(module.bias)

    @property
    def word_embeddings(self) -> Tensor:
        """Return the word embeddings of the encoder, of shape (vocabulary_size, dim)."""
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
        further: dict[str, Tensor] | None = None,
        masking: list[str] | None = None,
        max_boundary_targets: int | None = None,
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
        further : `dict[str, Tensor]`, optional (default = `None`)
            The targets of further objectives.
        masking : `list[str]`, optional (default = `None`)
            The masking scheme, the same for all.
        max_boundary_targets : `int`, optional (default = `None`)
            What `boundary_positions` stay below in every batch.

        # Returns

        `dict[str, Any]`
            `loss`, and the losses that it is made of: `mlm_loss`, `sbo_loss`, `nsp_loss`, and
            those of further objectives.
        """
        # Shape: (batch_size, num_pieces, dim)
        vectors = self.embedder.encode(token_ids, segment_ids, type_ids)
        # Shape: (batch_size * num_pieces, dim)
        flat = vectors.flatten(0, 1)
        name = masking[0] if masking else "masking"
        losses: dict[str, Tensor] = {}
        if self.mlm_head is not None:
            hidden = self.mlm_head(flat[masked_places])
            found = piece_losses(hidden, self.word_embeddings, self.mlm_head.bias, masked_pieces)
            self.scores("mlm", name, *found)
            losses["mlm_loss"] = (
                self.masked_weight * found.losses.sum() / max(1, len(masked_pieces))
            )
        if self.sbo_head is not None:
            self._check_positions(max_boundary_targets)
            hidden = self.sbo_head(flat[boundary_lefts], flat[boundary_rights], boundary_positions)
            found = piece_losses(hidden, self.word_embeddings, self.sbo_head.bias, boundary_pieces)
            self.scores("sbo", name, *found)
            count = len(boundary_pieces) + 1 if self._reproduce else max(1, len(boundary_pieces))
            losses["sbo_loss"] = self.boundary_weight * found.losses.sum() / count
        if self.nsp_head is not None:
            losses["nsp_loss"] = self._next_sentence_loss(vectors[:, 0], is_random, name)
        for objective in self._objectives():
            output: ObjectiveOutput = objective(vectors, segment_ids >= 0, further or {})
            losses[f"{objective.name}_loss"] = output.loss
            for score, counted in output.scores.items():
                self.scores(score, name, *counted)
        return {"loss": torch.stack(list(losses.values())).sum(), **losses}

    def fill(self, vectors: Tensor, k: int) -> TopPieces:
        """
        Return the most probable pieces from their own vectors.

        # Parameters

        vectors : `Tensor`
            The encoder's. Shape: (num_masked, dim)
        k : `int`
            How many for each.
        """
        head = self.mlm_head
        assert head is not None
        return top_pieces(head(vectors), self.word_embeddings, head.bias, k)

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

    def _check_positions(self, most: int | None) -> None:
        assert self.sbo_head is not None
        known = self.sbo_head.positions.num_embeddings
        if most is not None and most > known:
            raise ConfigError(
                f"model.max_boundary_targets is {known}, and the reader gives {most}: set "
                "dataset_reader.max_boundary_targets to the same"
            )
