"""A new encoder: a vocabulary learnt from texts, and the sizes of a BERT without weights."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path
from typing import Any

from tokenizers import BertWordPieceTokenizer

from spanbert_allen.common.errors import ConfigError, DataError
from spanbert_allen.common.new_folder import checked_new_folder, new_folder
from spanbert_allen.encoders.saved_encoder import to_json_bytes
from spanbert_allen.encoders.vocabulary import SPECIAL_PIECES, WordPieceVocabulary
from spanbert_allen.formats.pretraining.texts import read_sentences

_COVERED = 0.9995
"""The share of the texts' characters that have pieces of their own, where they are many."""
_LEAST_CHARACTERS = 1000
"""So many different characters have pieces of their own in any case, the most frequent ones."""


@dataclass(frozen=True, kw_only=True)
class EncoderSizes:
    """
    The sizes of a BERT.

    # Parameters

    layers : `int`, optional (default = `4`)
        The number of layers.
    dim : `int`, optional (default = `256`)
        The width; each attention head has 64 of it.
    max_length : `int`, optional (default = `512`)
        The most pieces of a segment.
    """

    layers: int = 4
    dim: int = 256
    max_length: int = 512

    def __post_init__(self) -> None:
        """Raise a `ConfigError` for sizes that make no BERT."""
        if min(self.layers, self.max_length) < 1 or self.dim < 64 or self.dim % 64:
            raise ConfigError(
                f"{self.layers} layers of width {self.dim} for {self.max_length} pieces make no "
                "encoder: the width must be a multiple of 64, all others 1 or more"
            )

    def config(self, vocabulary_size: int) -> dict[str, Any]:
        """Return the content of `config.json`."""
        return {
            "model_type": "bert",
            "vocab_size": vocabulary_size,
            "hidden_size": self.dim,
            "num_hidden_layers": self.layers,
            "num_attention_heads": self.dim // 64,
            "intermediate_size": 4 * self.dim,
            "max_position_embeddings": self.max_length,
        }


def write_new_encoder(
    sources: Sequence[str | Path],
    folder: str | Path,
    sizes: EncoderSizes,
    *,
    layout: str,
    vocabulary_size: int,
    lower_case: bool,
) -> int:
    """
    Learn a vocabulary and write the folder of an encoder without weights.

    # Parameters

    sources : `Sequence[str | Path]`
        Files of text, as for `build_corpus`.
    folder : `str | Path`
        The folder to make, with `vocab.txt`, `config.json` and `tokenizer_config.json`.
    sizes : `EncoderSizes`
        The sizes of the encoder.
    layout : `str`
        One of `texts.LAYOUTS`.
    vocabulary_size : `int`
        The most pieces, special ones counted; texts may be too short for so many. Half of them
        are for single characters at most.
    lower_case : `bool`
        Whether pieces are lower-cased. SpanBERT's are not.

    # Returns

    `int`
        The number of pieces. `[PAD]` is the first, as pre-training needs it.

    Files are read twice; what can be read only once, such as a pipe, is held in memory.

    Raises a `ConfigError` if a vocabulary of that size has no place for text, and a `DataError` if
    the folder is there and not empty, or the files hold no text.
    """
    folder = checked_new_folder(folder)
    pieces = _learn_pieces(sources, layout, vocabulary_size, lower_case=lower_case)
    if len(pieces) == len(SPECIAL_PIECES):
        raise DataError("the files hold no text to learn a vocabulary from", sources[0])
    contents = {
        "vocab.txt": WordPieceVocabulary(pieces).to_bytes(),
        "config.json": to_json_bytes(sizes.config(len(pieces))),
        "tokenizer_config.json": to_json_bytes({"do_lower_case": lower_case}),
    }
    with new_folder(folder) as beside:
        for name, content in contents.items():
            (beside / name).write_bytes(content)
    return len(pieces)


def _num_characters(sentences: Iterable[str]) -> int:
    """
    Return how many different characters get pieces of their own; of others, words are unknown.

    Alphabets have fewer than `_LEAST_CHARACTERS`. Chinese, Japanese and Korean have more, and texts
    of any language have a few of many others, which must not fill the vocabulary.
    """
    counts: Counter[str] = Counter()
    for sentence in sentences:
        counts.update(sentence)
    for blank in [character for character in counts if character.isspace()]:
        del counts[blank]
    wanted = _COVERED * counts.total()
    covered = accumulate(count for _, count in counts.most_common())
    return max(_LEAST_CHARACTERS, 1 + sum(share < wanted for share in covered))


def _learn_pieces(
    sources: Sequence[str | Path], layout: str, size: int, *, lower_case: bool
) -> tuple[str, ...]:
    most_characters = (size - len(SPECIAL_PIECES)) // 2
    if most_characters < 1:
        raise ConfigError(
            f"a vocabulary of {size} pieces has no place for text beside the "
            f"{len(SPECIAL_PIECES)} special ones: ask for thousands"
        )
    texts = [
        source if Path(source).is_file() else list(_sentences(source, layout)) for source in sources
    ]
    num_characters = _num_characters(_all_sentences(texts, layout))
    tokenizer = BertWordPieceTokenizer(lowercase=lower_case, strip_accents=lower_case)
    tokenizer.train_from_iterator(
        _all_sentences(texts, layout),
        vocab_size=size,
        min_frequency=2,
        limit_alphabet=min(num_characters, most_characters),
        special_tokens=list(SPECIAL_PIECES),
        show_progress=False,
    )
    found = tokenizer.get_vocab()
    return tuple(sorted(found, key=found.__getitem__))


def _all_sentences(texts: Sequence[str | Path | list[str]], layout: str) -> Iterator[str]:
    """Yield the sentences of files, and those that are held."""
    for text in texts:
        yield from text if isinstance(text, list) else _sentences(text, layout)


def _sentences(source: str | Path, layout: str) -> Iterator[str]:
    for sentence in read_sentences(source, layout):
        if sentence is not None:
            yield sentence
