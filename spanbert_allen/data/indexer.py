"""Words to the encoder's input, as a reader needs it and as AllenNLP needs it."""

# AllenNLP builds this class from its annotations. Left to itself it knows `Optional`, but neither
# `X | None` nor annotations that are strings.
# ruff: noqa: UP045

from collections.abc import Sequence
from typing import Any, Optional

import torch
from allennlp.data.token_indexers import TokenIndexer
from allennlp.data.token_indexers.token_indexer import IndexedTokenList
from allennlp.data.tokenizers import Token
from allennlp.data.vocabulary import Vocabulary

import spanbert_allen.compat  # noqa: F401  AllenNLP is repaired first
from spanbert_allen.common.errors import ConfigError
from spanbert_allen.data.piece_document import PieceDocument
from spanbert_allen.data.pieces import PieceTokenizer
from spanbert_allen.data.segments import NUM_SPECIAL, cut_document
from spanbert_allen.encoders import find_encoder

# What stands in a tensor where a shorter document has ended.
_PADDING = {
    "token_ids": 0,
    "segment_ids": -1,
    "word_ids": -1,
    "first_pieces": -1,
    "last_pieces": -1,
    "mask": False,
}


@TokenIndexer.register("spanbert")
class SpanbertIndexer(TokenIndexer):
    """
    Cut words into the encoder's word pieces, and the pieces into segments that the encoder takes.

    Segments end where a sentence ends, else where a word ends, else inside a word that is longer
    than a segment.

    Registered as a `TokenIndexer` with name "spanbert", for the `TokenEmbedder` of that name.

    # Parameters

    model_name : `str`
        An alias (`spanbert-base-cased`, `spanbert-large-cased`, `minilm`, `tiny`), a folder, one of
        the authors' `.tar.gz`, a hub id, or a trained model: the same as the embedder's.
    max_length : `int`, optional (default = `None`)
        How many pieces a segment may have, [CLS] and [SEP] counted; by default as many as the
        encoder takes.
    cut_anywhere : `bool`, optional (default = `False`)
        Fill every segment up and cut wherever that is, as AllenNLP's `pretrained_transformer`: for
        models that were trained so.
    vocabulary : `str`, optional (default = `None`)
        A `vocab.txt`, a folder with one or a hub id, for an encoder that comes without.
    keep_special_strings : `bool`, optional (default = `True`)
        Whether a word such as "[SEP]" in a text becomes the special piece, as in the original
        program; `False` takes it for ordinary text.
    namespace : `str`, optional (default = `None`)
        A namespace of AllenNLP's vocabulary to put the word pieces into, for models that look
        pieces up in it, such as `basic_classifier`. It must be one without padding: `tags`, say.
    serialization_dir : `str`, optional (default = `None`)
        AllenNLP gives it; the vocabulary is kept in it, and taken from it when a trained model is
        loaded.
    token_min_padding_length : `int`, optional (default = `0`)
        See `TokenIndexer`.
    """

    def __init__(
        self,
        model_name: str,
        *,
        max_length: Optional[int] = None,
        cut_anywhere: bool = False,
        vocabulary: Optional[str] = None,
        keep_special_strings: bool = True,
        namespace: Optional[str] = None,
        serialization_dir: Optional[str] = None,
        token_min_padding_length: int = 0,
    ) -> None:
        super().__init__(token_min_padding_length)
        files = find_encoder(model_name, vocabulary=vocabulary, serialization_dir=serialization_dir)
        files.keep_in(serialization_dir)
        self.max_length = files.max_positions if max_length is None else max_length
        if not NUM_SPECIAL < self.max_length <= files.max_positions:
            raise ConfigError(
                f"`max_length` of the `spanbert` indexer is {max_length}: it (or the knob "
                f"`segment_length` of a configuration for coreference) must be from "
                f"{NUM_SPECIAL + 1} to {files.max_positions}, the most that {model_name} takes"
            )
        self.tokenizer = PieceTokenizer.from_files(files, keep_special_strings=keep_special_strings)
        self._cut_anywhere = cut_anywhere
        self._namespace = namespace
        self._cls_id = self.tokenizer.id_of("[CLS]")
        self._sep_id = self.tokenizer.id_of("[SEP]")

    def index_document(
        self, words: Sequence[str], sentence_ids: Optional[Sequence[int]] = None
    ) -> PieceDocument:
        """
        Return the pieces of a document, in segments.

        # Parameters

        words : `Sequence[str]`
            May be empty.
        sentence_ids : `Sequence[int]`, optional (default = `None`)
            The sentence of each word, never falling; without it all words are one sentence.

        # Returns

        `PieceDocument`
        """
        if sentence_ids is None:
            sentence_ids = [0] * len(words)
        if len(words) != len(sentence_ids):
            raise ValueError(f"{len(words)} words but {len(sentence_ids)} sentence_ids")
        return cut_document(
            self.tokenizer.pieces_of_each(words),
            sentence_ids,
            max_length=self.max_length,
            cls_id=self._cls_id,
            sep_id=self._sep_id,
            anywhere=self._cut_anywhere,
        )

    def count_vocab_items(self, token: Token, counter: dict[str, dict[str, int]]) -> None:
        """Nothing: the pieces are the encoder's own, and are not counted."""

    def tokens_to_indices(self, tokens: list[Token], vocabulary: Vocabulary) -> IndexedTokenList:
        """
        Return the pieces of AllenNLP tokens, which are taken for the words of one sentence.

        # Returns

        `IndexedTokenList`
            `token_ids`, `segment_ids` and `word_ids`, one per piece; `first_pieces`, `last_pieces`
            and `mask`, one per token.
        """
        if self._namespace is not None:
            self._add_pieces(vocabulary, self._namespace)
        document = self.index_document([str(token.text) for token in tokens])
        return {
            "token_ids": document.token_ids.tolist(),
            "segment_ids": document.segment_ids.tolist(),
            "word_ids": document.word_ids.tolist(),
            "first_pieces": document.first_pieces.tolist(),
            "last_pieces": document.last_pieces.tolist(),
            "mask": [True] * len(tokens),
        }

    def _add_pieces(self, vocabulary: Vocabulary, namespace: str) -> None:
        pieces = self.tokenizer.vocabulary
        if vocabulary.get_vocab_size(namespace) != len(pieces):
            vocabulary.add_tokens_to_namespace(list(pieces), namespace)
        if vocabulary.get_token_index("[SEP]", namespace) != self._sep_id:
            raise ConfigError(
                f"`namespace` of the `spanbert` indexer is `{namespace}`, which has padding "
                "or other entries: choose one for it alone whose name ends in `tags`"
            )

    def get_empty_token_list(self) -> IndexedTokenList:
        """Return what `tokens_to_indices` gives for no tokens."""
        return {name: [] for name in _PADDING}

    def as_padded_tensor_dict(
        self, tokens: IndexedTokenList, padding_lengths: dict[str, int]
    ) -> dict[str, torch.Tensor]:
        """Return the lists as tensors, each padded to its length."""
        padded: dict[str, torch.Tensor] = {}
        for name, values in tokens.items():
            kind = torch.bool if name == "mask" else torch.long
            # Shape: (padding_lengths[name],)
            tensor = torch.full((padding_lengths[name],), _PADDING[name], dtype=kind)
            kept: list[Any] = values[: padding_lengths[name]]
            tensor[: len(kept)] = torch.tensor(kept, dtype=kind)
            padded[name] = tensor
        return padded
