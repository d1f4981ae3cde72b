"""What is known of an encoder before its weights are read."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from spanbert_allen.encoders.saved_encoder import keep_files, to_json_bytes
from spanbert_allen.encoders.sources import WeightsFile
from spanbert_allen.encoders.vocabulary import WordPieceVocabulary


@dataclass(frozen=True, kw_only=True)
class EncoderFiles:
    """
    What is known of an encoder before its weights are read.

    # Parameters

    name : `str`
        As the user gave it.
    config : `Mapping[str, Any]`
        The content of `config.json`.
    vocabulary : `WordPieceVocabulary`
        Its word pieces, `config["vocab_size"]` of them.
    tokenizer_config : `Mapping[str, Any]`
        The content of `tokenizer_config.json`; `do_lower_case` is always there.
    find_weights : `Callable[[], WeightsFile]`, optional (default = `None`)
        Finds, and downloads if it must, the pretrained weights; `None` when the weights of a
        trained model are about to be loaded, so that no pretrained ones are needed.
    """

    name: str
    config: Mapping[str, Any]
    vocabulary: WordPieceVocabulary
    tokenizer_config: Mapping[str, Any]
    find_weights: Callable[[], WeightsFile] | None = None

    @property
    def lower_case(self) -> bool:
        """Whether text is lower-cased before it is cut into pieces."""
        return bool(self.tokenizer_config["do_lower_case"])

    @property
    def max_positions(self) -> int:
        """The most pieces, special ones counted, that the encoder takes at once."""
        return int(self.config.get("max_position_embeddings", 512))

    def keep_in(self, serialization_dir: str | os.PathLike[str] | None) -> None:
        """
        Keep configuration and vocabulary where a model is being trained; nothing is done without a
        directory, or when they came from there.
        """
        if serialization_dir is not None and self.find_weights is not None:
            keep_files(self.to_save(), serialization_dir)

    def to_save(self) -> dict[str, bytes]:
        """The files to keep beside a trained model, by name."""
        return {
            "config.json": to_json_bytes({"model_type": "bert", **self.config}),
            "tokenizer_config.json": to_json_bytes(self.tokenizer_config),
            "vocab.txt": self.vocabulary.to_bytes(),
        }
