"""The files of an encoder, except its weights."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from spanbert_allen.common.errors import ConfigError
from spanbert_allen.encoders.saved_encoder import keep_files, to_json_bytes
from spanbert_allen.encoders.sources import WeightsFile
from spanbert_allen.encoders.tokenizer_files import ADDED_TOKENS, added_tokens_json
from spanbert_allen.encoders.vocabulary import WordPieceVocabulary


@dataclass(frozen=True, kw_only=True)
class EncoderFiles:
    """
    The files of an encoder, and the way to its weights.

    # Parameters

    name : `str`
        The name as the user gave it.
    config : `Mapping[str, Any]`
        The content of `config.json`.
    vocabulary : `WordPieceVocabulary`
        Its word pieces, `config["vocab_size"]` of them.
    tokenizer_config : `Mapping[str, Any]`
        The content of `tokenizer_config.json`; `do_lower_case` is always there.
    find_weights : `Callable[[], WeightsFile]`, optional (default = `None`)
        Finds the pretrained weights, and downloads them if it must; `None` if the weights of a
        trained model are about to be loaded, so that no pretrained ones are needed.
    """

    name: str
    config: Mapping[str, Any]
    vocabulary: WordPieceVocabulary
    tokenizer_config: Mapping[str, Any]
    find_weights: Callable[[], WeightsFile] | None = None

    @property
    def lower_case(self) -> bool:
        """Tell whether text is lower-cased before it is cut into pieces."""
        return bool(self.tokenizer_config["do_lower_case"])

    @property
    def max_positions(self) -> int:
        """Return how many pieces the encoder takes at once, special ones counted."""
        return int(self.config.get("max_position_embeddings", 512))

    def check_sizes(self, sizes: Mapping[str, int]) -> None:
        """
        Check the sizes that a configuration counts on.

        # Parameters

        sizes : `Mapping[str, int]`
            `max_length`, the pieces of a segment, and `num_layers`; or none of them.

        # Errors

        `ConfigError` if the encoder takes fewer pieces or has other layers.
        """
        own = {"max_length": self.max_positions, "num_layers": self.config["num_hidden_layers"]}
        for name, size in sizes.items():
            if name not in own:
                raise ConfigError(
                    f"`sizes` of the `spanbert` embedder has no `{name}`: it takes {', '.join(own)}"
                )
            if size > own[name] or (name == "num_layers" and size != own[name]):
                raise ConfigError(
                    f"the configuration counts on an encoder with a `{name}` of {size}, but that "
                    f"of {self.name} is {own[name]}: give {name}={own[name]} to `encoders.trained`"
                )

    def keep_in(self, serialization_dir: str | os.PathLike[str] | None) -> None:
        """
        Write configuration and vocabulary into the directory of a training.

        Nothing is written without a directory, or if they came from there.
        """
        if serialization_dir is not None and self.find_weights is not None:
            keep_files(self.to_save(), serialization_dir)

    def to_save(self) -> dict[str, bytes]:
        """Return the files to keep beside a trained model, by name."""
        files = {
            "config.json": to_json_bytes({"model_type": "bert", **self.config}),
            "tokenizer_config.json": to_json_bytes(self.tokenizer_config),
            "vocab.txt": self.vocabulary.to_bytes(),
        }
        if self.vocabulary.added:
            content = added_tokens_json(self.vocabulary.pieces, self.vocabulary.added)
            files[ADDED_TOKENS] = content
        return files
