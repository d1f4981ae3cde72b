"""The encoder as AllenNLP's token embedder."""

# AllenNLP builds this class from its annotations. Left to itself it knows `Optional` and `Union`,
# but neither `X | Y` nor annotations that are strings.
# ruff: noqa: UP007, UP045

from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from typing import Any, Optional, Union

import torch
from allennlp.modules.token_embedders import TokenEmbedder
from torch import Tensor

from spanbert_allen.common.errors import ConfigError
from spanbert_allen.encoders import find_encoder
from spanbert_allen.modules.encoder.bert import build_encoder, freeze_below
from spanbert_allen.modules.encoder.inputs import PieceInputs
from spanbert_allen.modules.encoder.lora import add_adapters
from spanbert_allen.modules.encoder.packing import SegmentPack, pack_segments
from spanbert_allen.modules.encoder.word_pooling import WORD_POOLINGS
from spanbert_allen.modules.layers.transfers import to_device

# A processor without gradients to keep is fastest when what a layer gives stays in its caches:
# benchmarks/qa_prediction.py.
_PIECES_FOR_CACHES = 1024
# How much of a forward of a GPU may be padding: there, what is computed for nothing costs time.
_MOST_PADDING = 0.02
_DTYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16, "float16": torch.float16}


@TokenEmbedder.register("spanbert")
class SpanbertEmbedder(TokenEmbedder):
    """
    Encode the segments of documents with SpanBERT, or another encoder of BERT's architecture.

    Each segment is encoded by itself; the segments of all documents of a batch are packed together.

    Registered as a `TokenEmbedder` with name "spanbert", for the `TokenIndexer` of that name.

    # Parameters

    model_name : `str`
        An alias (`spanbert-base-cased`, `spanbert-large-cased`, `minilm`, `tiny`), a folder, one of
        the authors' `.tar.gz`, a hub id, or a trained model, whose encoder is taken: its
        `model.tar.gz` or the folder of its training.
    output : `str`, optional (default = `"words"`)
        What `forward` gives vectors for: `words` or `pieces`.
    word_pooling : `str`, optional (default = `"first"`)
        The vector of a word: that of its `first` piece, or the `mean` of all.
    max_pieces_per_forward : `int`, optional (default = `8192`)
        How many pieces, padding counted, go through the encoder at once: bounds its memory. One
        segment always does. A CPU takes at most 1024 when no gradients are kept: it is faster so.
    attention : `str`, optional (default = `"sdpa"`)
        `sdpa` is torch's own attention, in training in half precision on a CPU done in single
        precision; `eager`, plain matrix products, for comparison to the bit.
    attention_dropout : `float`, optional (default = `None`)
        Dropout of attention's probabilities; by default as the encoder's configuration says. With 0
        a CPU trains through torch's fused attention, which has none: 1.3 to 1.6 times as fast.
    train : `Union[str, int]`, optional (default = `"all"`)
        `all`; `none`, and then nothing is kept for gradients and no dropout done; or how many of
        the uppermost layers are trained.
    gradient_checkpointing : `bool`, optional (default = `False`)
        Whether layers are computed again in the backward pass, to save memory in training.
    dtype : `str`, optional (default = `"float32"`)
        What the encoder computes in: `float32`, which leaves it to the trainer if that asks for
        mixed precision, or `bfloat16` or `float16`. Weights and output are float32 always.
    pooler : `bool`, optional (default = `False`)
        Whether the encoder has BERT's pooler, for `pool`. SpanBERT's releases carry no weights for
        it.
    lora : `dict`, optional (default = `None`)
        Settings of low-rank adapters, the only ones trained then: `rank`, `alpha`, `dropout`,
        `targets`. Needs `pip install peft`.
    vocabulary : `str`, optional (default = `None`)
        A `vocab.txt`, a folder with one or a hub id, for an encoder that comes without.
    from_scratch : `bool`, optional (default = `False`)
        Whether the encoder begins with random weights and not with pretrained ones.
    sizes : `dict[str, int]`, optional (default = `None`)
        The sizes that the configuration counts on, which are checked: `max_length`, no more pieces
        than the encoder takes, and `num_layers`.
    serialization_dir : `str`, optional (default = `None`)
        AllenNLP gives it; configuration and vocabulary are kept in it. When a trained model is
        loaded they come from there, and no pretrained weights are read.
    """

    def __init__(
        self,
        model_name: str,
        *,
        output: str = "words",
        word_pooling: str = "first",
        max_pieces_per_forward: int = 8192,
        attention: str = "sdpa",
        attention_dropout: Optional[float] = None,
        train: Union[str, int] = "all",
        gradient_checkpointing: bool = False,
        dtype: str = "float32",
        pooler: bool = False,
        lora: Optional[dict[str, Any]] = None,
        vocabulary: Optional[str] = None,
        from_scratch: bool = False,
        sizes: Optional[dict[str, int]] = None,
        serialization_dir: Optional[str] = None,
    ) -> None:
        super().__init__()
        _check_choice("output", output, ("words", "pieces"))
        _check_choice("word_pooling", word_pooling, WORD_POOLINGS)
        _check_choice("attention", attention, ("sdpa", "eager"))
        _check_choice("dtype", dtype, _DTYPES)
        if max_pieces_per_forward < 1:
            raise ConfigError("`max_pieces_per_forward` must be 1 or more")
        if attention_dropout is not None and not 0 <= attention_dropout < 1:
            raise ConfigError(
                f"`attention_dropout` is {attention_dropout}: it must be 0 or more and less than 1"
            )
        files = find_encoder(model_name, vocabulary=vocabulary, serialization_dir=serialization_dir)
        files.check_sizes(sizes or {})
        files.keep_in(serialization_dir)
        if from_scratch:
            files = replace(files, find_weights=None)
        self.find_weights = files.find_weights
        """Finds the file of the pretrained weights; `None` if there are none to be read."""
        self._output = output
        self._pool_words = WORD_POOLINGS[word_pooling]
        self._max_pieces_per_forward = max_pieces_per_forward
        self._dtype = _DTYPES[dtype]
        self._frozen = train == "none"
        self.files = files
        self.encoder = build_encoder(
            files, attention=attention, pooler=pooler, attention_dropout=attention_dropout
        )
        self._choose_trained(train, lora)
        if gradient_checkpointing:
            self.encoder.gradient_checkpointing_enable({"use_reentrant": False})

    def _choose_trained(self, train: Union[str, int], lora: Optional[dict[str, Any]]) -> None:
        num_layers = self.encoder.config.num_hidden_layers
        is_count = isinstance(train, int) and not isinstance(train, bool)
        if train not in ("all", "none") and not (is_count and 1 <= int(train) <= num_layers):
            raise ConfigError(
                f"`train` of the `spanbert` embedder is {train!r}: it must be `all`, `none` or how "
                f"many of the uppermost layers, from 1 to {num_layers}"
            )
        if train == "none":
            self.encoder.requires_grad_(False)
        if lora is not None:
            if train == "none":
                raise ConfigError("`lora` trains adapters, but `train` is `none`: leave one out")
            add_adapters(self.encoder, lora, int(train) if is_count else None)
        elif is_count:
            freeze_below(self.encoder, int(train))

    def train(self, mode: bool = True) -> "SpanbertEmbedder":
        """Set training mode as for every module; a frozen encoder stays without dropout."""
        super().train(mode)
        if self._frozen:
            self.encoder.eval()
        return self

    @property
    def device(self) -> torch.device:
        """Return where the encoder is."""
        return next(self.encoder.parameters()).device

    def get_output_dim(self) -> int:
        """Return the encoder's hidden size."""
        return int(self.encoder.config.hidden_size)

    def forward(
        self,
        token_ids: Tensor,
        segment_ids: Tensor,
        word_ids: Tensor,
        first_pieces: Tensor,
        last_pieces: Tensor,
        mask: Tensor,
    ) -> Tensor:
        """
        Return vectors for what the `spanbert` indexer gives.

        # Parameters

        token_ids : `Tensor`
            Shape: (batch_size, num_pieces)
        segment_ids : `Tensor`
            -1 is padding. Shape: (batch_size, num_pieces)
        word_ids : `Tensor`
            The word of each piece, -1 for special pieces and padding.
            Shape: (batch_size, num_pieces)
        first_pieces : `Tensor`
            -1 for a word without pieces and for padding. Shape: (batch_size, num_words)
        last_pieces : `Tensor`
            Shape: (batch_size, num_words)
        mask : `Tensor`
            Shape: (batch_size, num_words)

        # Returns

        `Tensor`
            Shape: (batch_size, num_words, dim), and zeros for a word without pieces; or, with
            `output` pieces, (batch_size, num_pieces, dim).
        """
        # Shape: (batch_size, num_pieces, dim)
        pieces = self.encode(token_ids, segment_ids)
        if self._output == "pieces":
            return pieces
        return self._pool_words(pieces, word_ids, first_pieces)

    def encode(
        self,
        token_ids: Tensor,
        segment_ids: Tensor,
        type_ids: Optional[Tensor] = None,
        attended: Optional[Tensor] = None,
        position_ids: Optional[Tensor] = None,
        groups: Optional[Tensor] = None,
    ) -> Tensor:
        """
        Return the last layer's vector of every piece.

        Each segment is encoded by itself. Which segments go together is
        decided on the CPU: tensors on a GPU are brought over first, in one copy.

        # Parameters

        token_ids : `Tensor`
            Pieces, special ones among them. Shape: (batch_size, num_pieces)
        segment_ids : `Tensor`
            The segment of each piece; -1 is padding. Shape: (batch_size, num_pieces)
        type_ids : `Tensor`, optional (default = `None`)
            BERT's token types, for pairs of texts; all 0 by default, as SpanBERT was trained.
            Shape: (batch_size, num_pieces)
        attended : `Tensor`, optional (default = `None`)
            Which pieces of a segment others attend to; all by default. The vectors of the rest are
            given, too: the original fine-tuning programs pad to a fixed length so.
            Shape: (batch_size, num_pieces)
        position_ids : `Tensor`, optional (default = `None`)
            The position of each piece in its segment, which several may share; from 0 on by
            default. Shape: (batch_size, num_pieces)
        groups : `Tensor`, optional (default = `None`)
            0 for pieces that all others attend to; a number for those that only pieces of the same
            number attend to. Shape: (batch_size, num_pieces)

        # Returns

        `Tensor`
            float32, zeros at padding. Shape: (batch_size, num_pieces, dim)
        """
        device = self.device
        inputs = PieceInputs.on_cpu(
            token_ids,
            segment_ids,
            type_ids=type_ids,
            attended=attended,
            position_ids=position_ids,
            groups=groups,
        )
        packs = pack_segments(
            inputs.segment_ids,
            self._pack_size(device),
            most_padding=1.0 if device.type == "cpu" else _MOST_PADDING,
        )
        self._check_length(inputs.longest(packs))
        # Shape: (batch_size * num_pieces, dim)
        out = torch.zeros(token_ids.numel(), self.get_output_dim(), device=device)
        if packs:
            # Shape: (num_real, dim)
            with self._precision(device):  # one cast of the weights for all packs
                parts = [self._run(pack, inputs) for pack in packs]
            vectors = torch.cat(parts)
            (places,) = to_device(device, torch.cat([pack.places[pack.mask] for pack in packs]))
            out = out.index_copy(0, places, vectors)
        return out.view(*token_ids.shape, self.get_output_dim())

    def pool(self, vectors: Tensor) -> Tensor:
        """
        Apply BERT's pooler, a linear layer and tanh, to the vectors of [CLS].

        # Parameters

        vectors : `Tensor`
            Shape: (batch_size, dim)

        # Returns

        `Tensor`
            Shape: (batch_size, dim)
        """
        if self.encoder.pooler is None:
            raise ConfigError("`pooler` of the `spanbert` embedder is false: set it to true")
        pooled: Tensor = self.encoder.pooler(vectors[:, None])
        return pooled

    def _run(self, pack: SegmentPack, inputs: PieceInputs) -> Tensor:
        """
        Return the vectors of a pack's real pieces.

        Shape: (num_real_in_pack, dim)
        """
        given = inputs.of_pack(pack, self.device)
        # Shape: (num_segments, longest, dim)
        hidden: Tensor = self.encoder(
            input_ids=given.token_ids,
            attention_mask=given.mask,
            token_type_ids=given.type_ids,
            position_ids=given.position_ids,
        ).last_hidden_state
        vectors = hidden.flatten(0, 1)
        return (vectors if pack.is_full else vectors.index_select(0, given.real)).float()

    def _pack_size(self, device: torch.device) -> int:
        if device.type != "cpu" or torch.is_grad_enabled():
            return self._max_pieces_per_forward
        return min(self._max_pieces_per_forward, _PIECES_FOR_CACHES)

    def _precision(self, device: torch.device) -> AbstractContextManager[Any]:
        if self._dtype == torch.float32:
            return nullcontext()
        return torch.autocast(device.type, dtype=self._dtype)

    def _check_length(self, longest: int) -> None:
        most = int(self.encoder.config.max_position_embeddings)
        if longest > most:
            raise ConfigError(
                f"a segment has {longest} pieces, but the encoder takes {most}: lower `max_length` "
                "of the reader or the indexer (in configurations the knob `max_length` or "
                "`segment_length`), or the option `max_seq_len` of answers"
            )


def embedder_of(model: torch.nn.Module) -> "SpanbertEmbedder":
    """
    Return the embedder of a model.

    # Parameters

    model : `torch.nn.Module`
        A model with one embedder of type `spanbert` somewhere in it.

    # Errors

    `ConfigError` if it has none.
    """
    for module in model.modules():
        if isinstance(module, SpanbertEmbedder):
            return module
    raise ConfigError(
        f"a {type(model).__name__} without an embedder of type `spanbert` has no encoder to use"
    )


def _check_choice(key: str, value: str, choices: Any) -> None:
    if value not in choices:
        raise ConfigError(
            f"`{key}` of the `spanbert` embedder is {value!r}: it must be {' or '.join(choices)}"
        )
