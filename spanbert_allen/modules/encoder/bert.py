"""The BERT of the `transformers` library, as an encoder's files describe it."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from transformers import AutoModel, BertConfig, BertModel
from transformers.modeling_utils import no_init_weights

from spanbert_allen.encoders import EncoderFiles
from spanbert_allen.modules.encoder.attention import use_fast_attention
from spanbert_allen.modules.encoder.weights import load_weights
from spanbert_allen.modules.layers.fast_linear import use_fast_linear


def build_encoder(
    files: EncoderFiles, *, attention: str, pooler: bool, attention_dropout: float | None = None
) -> BertModel:
    """
    Build an encoder in single precision, with its pretrained weights.

    The weights are left out if those of a trained model are about to be loaded into it.

    # Parameters

    files : `EncoderFiles`
        Its configuration and weights.
    attention : `str`
        The implementation of attention: `sdpa` (torch's own) or `eager` (matrix products).
    pooler : `bool`
        Whether it has BERT's pooler.
    attention_dropout : `float`, optional (default = `None`)
        Dropout of attention's probabilities instead of the configuration's.

    # Errors

    `DataError` if the weights are not this encoder's.
    """
    # Whatever its own program wanted: here outputs are read by name.
    ours = {"is_decoder": False, "return_dict": True, "torchscript": False}
    config = BertConfig.from_dict({**files.config, **ours})
    if attention_dropout is not None:
        config.attention_probs_dropout_prob = attention_dropout
    # What is about to be overwritten need not be drawn at random first.
    with no_init_weights(_enable=files.find_weights is not None):
        encoder = AutoModel.from_config(
            config,
            attn_implementation=attention,
            torch_dtype=torch.float32,
            add_pooling_layer=pooler,
        )
    if files.find_weights is not None:
        load_weights(
            encoder, files.find_weights(), initializer_range=float(config.initializer_range)
        )
    use_fast_linear(encoder)
    use_fast_attention(encoder)
    encoder.__class__ = SegmentEncoder
    return encoder


NOTHING_MASKED = torch.empty(0, 0, 0, 0)
"""The mask of segments of one length: attention then has none, and a GPU its fastest kernel."""


def added_mask(mask: Tensor) -> Tensor:
    """
    Return what is added to the scores of attention.

    # Parameters

    mask : `Tensor`
        Which pieces others attend to. Shape: (num_segments, num_pieces), boolean; or which piece
        attends to which. Shape: (num_segments, num_queries, num_pieces)

    # Returns

    `Tensor`
        Shape: (num_segments, 1, 1, num_pieces), or (num_segments, 1, num_queries, num_pieces)
    """
    added = torch.zeros(mask.shape, device=mask.device)
    added = added.masked_fill(~mask, torch.finfo(added.dtype).min)
    return added[:, None, None] if mask.dim() == 2 else added[:, None]


class SegmentEncoder(BertModel):
    """
    A `BertModel` that takes a mask of four dimensions as it is.

    A mask of two dimensions it would look at, to leave it out if nothing is masked; on a GPU that
    is a wait in every forward.
    """

    def get_extended_attention_mask(self, attention_mask: Tensor, *rest: Any, **more: Any) -> Any:
        """Return what attention adds to its scores; `None` for nothing."""
        if attention_mask.dim() != 4:
            return super().get_extended_attention_mask(attention_mask, *rest, **more)
        return attention_mask if attention_mask.numel() else None


def freeze_below(encoder: BertModel, num_trained: int) -> None:
    """Train the uppermost layers only (and the pooler), not the embeddings and what is below."""
    num_frozen = encoder.config.num_hidden_layers - num_trained
    for module in (encoder.embeddings, *encoder.encoder.layer[:num_frozen]):
        module.requires_grad_(False)
