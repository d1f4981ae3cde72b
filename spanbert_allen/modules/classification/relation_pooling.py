"""Make one vector for the relation of two entities of the vectors of a sequence."""

from typing import ClassVar

import torch
from allennlp.common import Registrable
from torch import Tensor

from spanbert_allen.common.errors import ConfigError
from spanbert_allen.modules.encoder.embedder import SpanbertEmbedder


class RelationPooling(Registrable):
    """
    Make one vector of a sequence with two entities.

    | name           | vector                                       | `pooler` of the embedder |
    |----------------|----------------------------------------------|--------------------------|
    | `cls`          | [CLS] through BERT's pooler, as in the paper | true                     |
    | `entity_start` | those of the entities' first pieces          | false                    |
    | `entity_mean`  | means over the pieces of each entity         | false                    |

    The entities' vectors stand side by side, the subject's first. Their pieces are those from the
    marker of the start to that of the end, or, where a marker of its type stands for an entity,
    that marker. An entity that was cut off has the vector of [CLS].
    """

    default_implementation = "cls"
    uses_pooler: ClassVar[bool] = False
    """Whether BERT's pooler takes part."""

    def output_dim(self, dim: int) -> int:
        """Return the size of the vector, given that of the encoder's vectors."""
        return 2 * dim

    def pooled(self, vectors: Tensor, entity_spans: Tensor, embedder: SpanbertEmbedder) -> Tensor:
        """
        Return the vector of each sequence.

        # Parameters

        vectors : `Tensor`
            Shape: (batch_size, num_pieces, dim)
        entity_spans : `Tensor`
            First and last piece of the subject and of the object. Shape: (batch_size, 2, 2); or of
            many pairs, (batch_size, num_pairs, 2, 2).
        embedder : `SpanbertEmbedder`
            Made the vectors.

        # Returns

        `Tensor`
            Shape: (batch_size, output_dim), or (batch_size, num_pairs, output_dim)
        """
        raise NotImplementedError


@RelationPooling.register("cls")
class ClsPooling(RelationPooling):
    """Take the pooled [CLS], as Joshi et al. (2020), "SpanBERT", section 4.1."""

    uses_pooler = True

    def output_dim(self, dim: int) -> int:
        """Return the size of the encoder's vectors."""
        return dim

    def pooled(self, vectors: Tensor, entity_spans: Tensor, embedder: SpanbertEmbedder) -> Tensor:
        """See `RelationPooling`; the shape is (batch_size, dim)."""
        if entity_spans.dim() > 3:
            raise ConfigError(
                "model.pooling: all pairs of a text have the same [CLS], so that the mode "
                "`levitated_marker` of the reader needs `entity_start` or `entity_mean`; set one"
            )
        return embedder.pool(vectors[:, 0])


@RelationPooling.register("entity_start")
class EntityStartPooling(RelationPooling):
    """
    Take the vectors of the entities' first pieces; see `RelationPooling`.

    This is "entity start" of Baldini Soares et al. (2019), "Matching the Blanks", section 3.2.
    """

    def pooled(self, vectors: Tensor, entity_spans: Tensor, embedder: SpanbertEmbedder) -> Tensor:
        """See `RelationPooling`; the last dimension is 2 * dim."""
        # Shape: (batch_size, 2 * num_pairs, dim)
        places = entity_spans[..., :1].flatten(1, -2).expand(-1, -1, vectors.size(-1))
        return vectors.gather(1, places).view(*entity_spans.shape[:-2], -1)


@RelationPooling.register("entity_mean")
class EntityMeanPooling(RelationPooling):
    """Take the means over the pieces of the entities; see `RelationPooling`."""

    def pooled(self, vectors: Tensor, entity_spans: Tensor, embedder: SpanbertEmbedder) -> Tensor:
        """See `RelationPooling`; the last dimension is 2 * dim."""
        # Shape: (num_pieces,)
        places = torch.arange(vectors.size(1), device=vectors.device)
        # Shape: (batch_size, 2 * num_pairs, 2)
        spans = entity_spans.flatten(1, -2)
        # Shape: (batch_size, 2 * num_pairs, num_pieces)
        inside = (spans[..., :1] <= places) & (places <= spans[..., 1:])
        weights = inside / inside.sum(-1, keepdim=True)
        # Shape: (batch_size, 2 * num_pairs, dim)
        means = weights.to(vectors.dtype) @ vectors
        return means.view(*entity_spans.shape[:-2], -1)
