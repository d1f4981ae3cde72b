"""Documents to and from the word pieces of minimised JSON lines."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import chain

import numpy as np

from spanbert_allen.common.errors import ConfigError
from spanbert_allen.common.record_checks import RecordError
from spanbert_allen.common.spans import PieceSpan
from spanbert_allen.data.piece_document import IntArray, PieceDocument
from spanbert_allen.data.pieces import PieceTokenizer
from spanbert_allen.data.segments import NUM_SPECIAL, cut_document
from spanbert_allen.encoders import find_encoder
from spanbert_allen.formats.coref.document import CorefDocument
from spanbert_allen.formats.coref.lossy import Dropped
from spanbert_allen.formats.coref.minimised import NO_ONE, MinimisedDocument
from spanbert_allen.formats.coref.speakers import NO_SPEAKER


class MinimisedMaker:
    """
    Make documents in pieces as the original program does before training (`minimize.py`).

    # Parameters

    model_name : `str`
        The encoder that the pieces are for, as for the indexer `spanbert`.
    segment_length : `int`, optional (default = `384`)
        The most pieces of a segment, with [CLS] and [SEP]; the original programs train with 128,
        256, 384 and 512.
    vocabulary : `str`, optional (default = `None`)
        See the indexer.
    """

    def __init__(
        self, model_name: str, *, segment_length: int = 384, vocabulary: str | None = None
    ) -> None:
        files = find_encoder(model_name, vocabulary=vocabulary)
        if not NUM_SPECIAL < segment_length <= files.max_positions:
            raise ConfigError(
                f"a segment of {segment_length} pieces: it must be from {NUM_SPECIAL + 1} to "
                f"{files.max_positions}, the most that {model_name} takes"
            )
        self.tokenizer = PieceTokenizer.from_files(files)
        self.segment_length = segment_length

    def make(self, document: CorefDocument, dropped: Dropped) -> MinimisedDocument:
        """Return the document in pieces; count mentions whose words have none as lost."""
        pieces = cut_document(
            self.tokenizer.pieces_of_each(document.words),
            document.sentence_ids,
            max_length=self.segment_length,
            cls_id=self.tokenizer.id_of("[CLS]"),
            sep_id=self.tokenizer.id_of("[SEP]"),
        )
        cluster_of, lost = pieces.spans_of(document.clusters or ())
        if lost:
            dropped["mentions whose words have no pieces of their own (mentions)"] += lost
        clusters: list[list[PieceSpan]] = [[] for _ in document.clusters or ()]
        for span, number in sorted(cluster_of.items()):
            clusters[number].append(span)
        return MinimisedDocument(
            doc_key=document.doc_key,
            segments=_segments(pieces, self.tokenizer.vocabulary),
            sentence_map=pieces.sentence_ids.tolist(),
            subtoken_map=_subtoken_map(pieces).tolist(),
            speakers=_speakers(document, pieces),
            clusters=[cluster for cluster in clusters if cluster],
            tokens=list(document.words),
        )


def piece_document(
    document: MinimisedDocument, id_of: Callable[[str], int | None], num_words: int
) -> PieceDocument:
    """
    Return the pieces of a document exactly as they are given.

    # Parameters

    document : `MinimisedDocument`
        The document.
    id_of : `Callable[[str], int | None]`
        Gives the id of a piece, or `None` for one that the encoder does not have. Then a
        `RecordError` is raised.
    num_words : `int`
        The number of words of the document.
    """
    pieces = list(chain.from_iterable(document.segments))
    ids = [id_of(piece) for piece in pieces]
    if None in ids:
        raise RecordError(
            f"the piece {pieces[ids.index(None)]!r} is not in the encoder's vocabulary; name the "
            "encoder that the file was made for, or read it with `spanbert_coref`, which cuts the "
            "words anew"
        )
    lengths = [len(segment) for segment in document.segments]
    # Shape: (num_pieces,), as of all arrays below but the last two
    is_special = np.array(document.is_special, dtype=bool)
    subtoken_map = np.array(document.subtoken_map, dtype=np.int64)
    first_pieces, last_pieces = _ends_of_words(subtoken_map, is_special, num_words)
    return PieceDocument(
        token_ids=np.array(ids, dtype=np.int64),
        segment_ids=np.repeat(np.arange(len(lengths), dtype=np.int64), lengths),
        word_ids=np.where(is_special, -1, subtoken_map),
        sentence_ids=np.array(document.sentence_map, dtype=np.int64),
        first_pieces=first_pieces,
        last_pieces=last_pieces,
    )


def _ends_of_words(
    subtoken_map: IntArray, is_special: IntArray, num_words: int
) -> tuple[IntArray, IntArray]:
    """Return where each word's pieces begin and end, -1 if it has none. Shape: (num_words,)."""
    places = np.flatnonzero(~is_special)
    first_pieces = np.full(num_words, -1, dtype=np.int64)
    last_pieces = first_pieces.copy()
    # Of several values for one word the last stays.
    last_pieces[subtoken_map[places]] = places
    first_pieces[subtoken_map[places[::-1]]] = places[::-1]
    return first_pieces, last_pieces


def _segments(pieces: PieceDocument, vocabulary: Sequence[str]) -> list[list[str]]:
    segments: list[list[str]] = [[] for _ in range(pieces.num_segments)]
    for token_id, segment in zip(pieces.token_ids, pieces.segment_ids, strict=True):
        segments[segment].append(vocabulary[token_id])
    return segments


def _subtoken_map(pieces: PieceDocument) -> IntArray:
    """
    Return the word of each piece.

    [CLS] and [SEP] have that of the piece before them, and the first [CLS] has the first word, 0.
    Shape: (num_pieces,).
    """
    return np.maximum.accumulate(np.maximum(pieces.word_ids, 0))


def _speakers(document: CorefDocument, pieces: PieceDocument) -> list[str]:
    names = document.speakers or [NO_SPEAKER] * len(document.words)
    return [NO_ONE if word < 0 else names[word] for word in pieces.word_ids]
