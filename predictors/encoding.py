"""Vectors of pieces, words, spans and texts, from the encoder of a model or an encoder alone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray

from spanbert_allen.common.errors import ConfigError, DataError
from spanbert_allen.common.record_checks import is_whole, shown
from spanbert_allen.common.spans import CharSpan
from spanbert_allen.data.piece_document import PieceDocument
from spanbert_allen.data.pieces import PieceTokenizer, SpecialPieces
from spanbert_allen.data.segments import cut_document
from spanbert_allen.formats.coref.document import CorefDocument
from spanbert_allen.formats.coref.jsonl import document_from_record
from spanbert_allen.modules.encoder.embedder import SpanbertEmbedder

Level = Literal["pieces", "words", "spans", "text"]
LEVELS = ("pieces", "words", "spans", "text")
_TEXTS = ("text", "tokens", "sentences")
_OTHER_NAMES = ("document", "context")  # what records of coreference and questions call a text


@dataclass(frozen=True)
class Encoding:
    """
    Vectors of one text.

    # Parameters

    text : `str`
        As it was given; words and sentences are joined by a space.
    offsets : `NDArray[np.int64]`
        The characters that each vector stands for; ends are outside. Shape: (num_vectors, 2)
    vectors : `NDArray[np.float32]`
        Shape: (num_vectors, dim)
    """

    text: str
    offsets: NDArray[np.int64]
    vectors: NDArray[np.float32]

    def texts(self) -> list[str]:
        """Return the part of the text that each vector stands for."""
        return [self.text[start:end] for start, end in self.offsets]


class TextEncoder:
    """
    Encode texts with the encoder of a model.

    # Parameters

    embedder : `SpanbertEmbedder`
        The encoder.
    max_length : `int`, optional (default = `None`)
        The pieces of a segment, special ones counted; by default as many as the encoder takes.
        Longer texts are cut at ends of sentences, and each segment is encoded by itself.
    max_pieces_per_batch : `int`, optional (default = `32768`)
        How many pieces, padding counted, are encoded at once. Vectors do not depend on it.
    language : `str`, optional (default = `"en"`)
        spaCy's code of the language, to split texts into words and sentences.
    """

    def __init__(
        self,
        embedder: SpanbertEmbedder,
        *,
        max_length: int | None = None,
        max_pieces_per_batch: int = 32768,
        language: str = "en",
    ) -> None:
        self._embedder = embedder
        self._tokenizer = PieceTokenizer.from_files(embedder.files)
        self._special = SpecialPieces.of(self._tokenizer)
        self._max_length = max_length or embedder.files.max_positions
        self._max_pieces = max_pieces_per_batch
        self._language = language

    def encode(
        self,
        inputs: str | Mapping[str, Any] | Sequence[str | Mapping[str, Any]],
        *,
        spans: Sequence[Any] | None = None,
        level: Level | None = None,
    ) -> Any:
        """
        Return vectors of one text or of several, which are encoded in batches.

        A vector of a piece is the encoder's last layer; those of words, spans and texts are the
        means of their pieces' vectors. A word without pieces has a vector of zeros.

        # Parameters

        inputs : `str | Mapping[str, Any] | Sequence[str | Mapping[str, Any]]`
            A text, or a record with `text`, `tokens` or `sentences`; or a list of them.
        spans : `Sequence[tuple[int, int]]`, optional (default = `None`)
            The characters of each span, the end outside; for several inputs a list for each.
        level : `str`, optional (default = `"spans"` if there are spans, else `"words"`)
            What to give vectors for: `pieces`, `words`, `spans` or the whole `text`.

        # Returns

        `Encoding`, or a list of them for several inputs

        # Errors

        `DataError` for an input or a span that is wrong, `ConfigError` for another level.
        """
        level = level or ("words" if spans is None else "spans")
        if level not in LEVELS:
            raise ConfigError(f"`level` is {shown(level)}: it must be one of {', '.join(LEVELS)}")
        if (level == "spans") != (spans is not None):
            raise ConfigError("`spans` and `level` 'spans' go together: give both or none")
        is_one = isinstance(inputs, str | Mapping)
        items = [inputs] if is_one else list(inputs)
        wanted = [spans] if is_one else [None] * len(items) if spans is None else list(spans)
        if len(wanted) != len(items):
            raise DataError(
                f"{len(items)} texts, but spans for {len(wanted)}; give a list for each"
            )
        documents = [_document(item, self._language) for item in items]
        pieces = [self._pieces(document) for document in documents]
        vectors = self._vectors(pieces)
        encodings = [
            self._encoding(document, one, vectors[number], level, wanted[number])
            for number, (document, one) in enumerate(zip(documents, pieces, strict=True))
        ]
        return encodings[0] if is_one else encodings

    def _pieces(self, document: CorefDocument) -> PieceDocument:
        return cut_document(
            self._tokenizer.pieces_of_each(document.words),
            document.sentence_ids,
            max_length=self._max_length,
            cls_id=self._special.cls,
            sep_id=self._special.sep,
        )

    def _vectors(self, documents: Sequence[PieceDocument]) -> dict[int, NDArray[np.float32]]:
        """Return the vectors of the plain pieces of each document."""
        device = next(self._embedder.parameters()).device
        dim = self._embedder.get_output_dim()
        vectors = {number: np.zeros((0, dim), np.float32) for number in range(len(documents))}
        for batch in self._batches([len(document.token_ids) for document in documents]):
            longest = len(documents[batch[-1]].token_ids)
            # Shape: (batch_size, longest) both
            token_ids = torch.zeros(len(batch), longest, dtype=torch.long)
            segment_ids = torch.full((len(batch), longest), -1)
            for row, number in enumerate(batch):
                size = len(documents[number].token_ids)
                token_ids[row, :size] = torch.from_numpy(documents[number].token_ids)
                segment_ids[row, :size] = torch.from_numpy(documents[number].segment_ids)
            with torch.no_grad():
                # Shape: (batch_size, longest, dim)
                encoded = self._embedder.encode(token_ids.to(device), segment_ids.to(device))
            for row, number in enumerate(batch):
                is_plain = documents[number].word_ids >= 0
                vectors[number] = encoded[row, : len(is_plain)].cpu().numpy()[is_plain]
        return vectors

    def _batches(self, lengths: Sequence[int]) -> Iterator[list[int]]:
        """Yield numbers of documents to encode together, the longest last; none without pieces."""
        batch: list[int] = []
        for number in sorted(range(len(lengths)), key=lengths.__getitem__):
            if batch and (len(batch) + 1) * lengths[number] > self._max_pieces:
                yield batch
                batch = []
            if lengths[number]:
                batch.append(number)
        if batch:
            yield batch

    def _encoding(
        self,
        document: CorefDocument,
        pieces: PieceDocument,
        vectors: NDArray[np.float32],
        level: Level,
        spans: Sequence[Any] | None,
    ) -> Encoding:
        # Shape: (num_plain_pieces,)
        word_ids = pieces.word_ids[pieces.word_ids >= 0]
        places = self._tokenizer.places_of_each(document.words)
        offsets = np.array(
            [
                (word.start + place.start, word.start + place.end)
                for word, within in zip(document.word_chars, places, strict=True)
                for place in within
            ],
            np.int64,
        ).reshape(-1, 2)
        if level == "pieces":
            return Encoding(document.text, offsets, vectors)
        if level == "words":
            chars: Sequence[CharSpan] = document.word_chars
            members = [word_ids == number for number in range(len(chars))]
        elif level == "text":
            chars = [CharSpan(0, len(document.text))]
            members = [np.ones(len(word_ids), bool)]
        else:
            chars = [_span(span, document.text) for span in (() if spans is None else spans)]
            members = [(offsets[:, 0] < end) & (offsets[:, 1] > start) for start, end in chars]
        means = np.zeros((len(chars), vectors.shape[1]), np.float32)
        for row, member in enumerate(members):
            if member.any():
                means[row] = vectors[member].mean(axis=0)
        return Encoding(document.text, np.array(chars, np.int64).reshape(-1, 2), means)


def _document(item: Any, language: str) -> CorefDocument:
    if isinstance(item, str):
        item = {"text": item}
    if not isinstance(item, Mapping):
        raise DataError(f"{shown(item)} is no text; give a text or a record with `text`")
    fields = {name: item[name] for name in _TEXTS if item.get(name) is not None}
    for name in _OTHER_NAMES:
        if not fields and isinstance(item.get(name), str):
            fields = {"text": item[name]}
    return document_from_record(fields, default_key="text", language=language)


def _span(span: Any, text: str) -> CharSpan:
    try:
        start, end = span
    except (TypeError, ValueError):
        start = end = -1
    if not (is_whole(start) and is_whole(end) and 0 <= start < end <= len(text)):
        raise DataError(
            f"{shown(span)} is no span of a text of {len(text)} characters; give a start and an "
            "end, the end outside"
        )
    return CharSpan(int(start), int(end))
