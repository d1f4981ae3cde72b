"""Tags of a corpus: one bit for each piece, whether it belongs to an expression."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from spanbert_allen.common.errors import DataError
from spanbert_allen.common.files import read_objects, replace_bytes
from spanbert_allen.data.pieces import PieceTokenizer
from spanbert_allen.data.pretraining.masked_text import checked_spans
from spanbert_allen.formats.pretraining.corpus import Corpus
from spanbert_allen.formats.pretraining.texts import read_texts

BoolArray = npt.NDArray[np.bool_]
IntArray = npt.NDArray[np.integer[Any]]

_WORD = re.compile(r"\S+")


class TaggedText(NamedTuple):
    """
    A text of a corpus, or a part of it, and its expressions.

    # Parameters

    source : `str | Path`
        The file that it is from.
    text : `str`
        The text.
    spans : `Sequence[tuple[int, int]]`
        The first character of each expression, and the one behind its last.
    """

    source: str | Path
    text: str
    spans: Sequence[tuple[int, int]]


def texts_with_spans(
    sources: Sequence[str | Path], layout: str, spans: str | Path
) -> Iterator[TaggedText]:
    """
    Read texts and the characters of their expressions.

    # Parameters

    sources : `Sequence[str | Path]`
        Files of text, in the order of the corpus.
    layout : `str`
        One of `texts.LAYOUTS`.
    spans : `str | Path`
        JSON lines, one for each document in the same order: `{"spans": [[start, end], ...]}`, in
        characters of the document, the end outside; a line end counts as one.

    Raises a `DataError` for spans that are none, and for more or fewer lines than documents.
    """
    records = read_objects(spans)
    for source in sources:
        for text in read_texts(source, layout):
            number, record = next(records, (0, None))
            if record is None:
                raise DataError(f"has no line for a document of {source}: give one each", spans)
            try:
                found = checked_spans(record.get("spans"), text)
            except DataError as error:
                raise DataError(error.problem, spans, number) from error
            yield TaggedText(source, text, found)
    for number, _ in records:
        raise DataError("is a line more than there are documents: remove it", spans, number)


def write_tags(
    texts: Iterable[TaggedText], corpus: Corpus, tokenizer: PieceTokenizer, path: str | Path
) -> int:
    """
    Write a bit for each piece of a corpus: whether a character of it is in an expression.

    The file appears whole or not at all, in the form of `numpy.packbits`. Texts are read as a
    stream, and their pieces compared with the corpus's.

    # Parameters

    texts : `Iterable[TaggedText]`
        The texts of the corpus in its order, in parts that end where words do.
    corpus : `Corpus`
        The corpus.
    tokenizer : `PieceTokenizer`
        Cuts words into the corpus's pieces.
    path : `str | Path`
        The file to write.

    # Returns

    `int`
        How many pieces are tagged.

    Raises a `DataError` if the texts are not the corpus's, or none of them has an expression.
    """
    done = tagged = 0
    open_bits = np.zeros(0, np.bool_)
    with replace_bytes(path) as file:
        for source, text, spans in texts:
            ids, tags = _pieces(text, spans, tokenizer)
            expected = corpus.pieces[done : done + len(ids)]
            if not np.array_equal(ids, expected):
                raise _misfit(source, corpus, done + _first_difference(ids, expected))
            done += len(ids)
            tagged += int(tags.sum())
            open_bits = np.concatenate([open_bits, tags])
            # Bits are written by eights.
            num_whole = len(open_bits) // 8 * 8
            file.write(np.packbits(open_bits[:num_whole]).tobytes())
            open_bits = open_bits[num_whole:]
        if done < len(corpus.pieces):
            raise DataError(
                f"has {len(corpus.pieces):,} pieces, and the texts have {done:,}: give all files "
                "that it was made of",
                corpus.folder,
            )
        if not tagged:
            raise DataError(
                "none of its pieces is in an expression: check what finds the expressions",
                corpus.folder,
            )
        file.write(np.packbits(open_bits).tobytes())
    return tagged


def _pieces(
    text: str, spans: Sequence[tuple[int, int]], tokenizer: PieceTokenizer
) -> tuple[IntArray, BoolArray]:
    """Return the pieces of a text, and which are tagged, of shape (num_pieces,)."""
    is_inside = bytearray(len(text))
    for start, end in spans:
        is_inside[start:end] = b"\1" * (end - start)
    found = list(_WORD.finditer(text))
    words = [match[0] for match in found]
    ids = list(chain.from_iterable(tokenizer.pieces_of_each(words)))
    tags = [
        is_inside.find(1, match.start() + place.start, match.start() + place.end) >= 0
        for match, places in zip(found, tokenizer.places_of_each(words), strict=True)
        for place in places
    ]
    return np.asarray(ids, np.int64), np.asarray(tags, np.bool_)


def _first_difference(ids: IntArray, expected: IntArray) -> int:
    common = min(len(ids), len(expected))
    differs = (ids[:common] != expected[:common]).nonzero()[0]
    return int(differs[0]) if differs.size else common


def _misfit(source: str | Path, corpus: Corpus, place: int) -> DataError:
    return DataError(
        f"is not the text of {corpus.folder} from its piece {place + 1:,} on: give the files that "
        "it was made of, in the same order and with the same --documents",
        source,
    )
