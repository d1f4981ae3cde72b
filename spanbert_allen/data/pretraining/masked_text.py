"""A user's own text with masked spans, as pre-training masks them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from spanbert_allen.common.errors import DataError
from spanbert_allen.common.record_checks import RecordError, is_list, pair, shown
from spanbert_allen.common.spans import CharSpan
from spanbert_allen.data.combining_marks import ends_with_marks
from spanbert_allen.data.pieces import PieceTokenizer
from spanbert_allen.data.pretraining.runs import Runs

MASK = "[MASK]"
_MASK_OR_WORD = re.compile(rf"({re.escape(MASK)})|(?:(?!{re.escape(MASK)})\S)+")


@dataclass(frozen=True, kw_only=True)
class MaskedText:
    """
    Hold the word pieces of a text, and which of them are masked.

    # Parameters

    id : `str`
        The name of the text.
    text : `str`
        The text.
    pieces : `tuple[int, ...]`
        The ids of its word pieces, without special ones around them.
    chars : `tuple[CharSpan, ...]`
        The characters of each piece.
    runs : `Runs`
        The masked pieces, one row. Spans that touch are one run, as in training.
    """

    id: str
    text: str
    pieces: tuple[int, ...]
    chars: tuple[CharSpan, ...]
    runs: Runs

    @property
    def spans(self) -> list[range]:
        """Return the pieces of each masked span, in the order of the text."""
        runs = self.runs
        ends = dict(zip(runs.firsts.tolist(), runs.lasts.tolist(), strict=True))
        return [range(start, end + 1) for start, end in ends.items()]


def masked_text(
    text: Any, spans: Any, tokenizer: PieceTokenizer, *, name: str, max_pieces: int
) -> MaskedText:
    """
    Cut a text into word pieces and mask some of them.

    # Parameters

    text : `Any`
        The text; each `[MASK]` in it is a masked piece.
    spans : `Any`
        Further masked spans, a list of `[start, end]` in characters, the end outside: every piece
        that has a character in one is masked. `None` if there are none.
    tokenizer : `PieceTokenizer`
        Cuts the text.
    name : `str`
        The name of the text.
    max_pieces : `int`
        The most pieces that the model reads of a text.

    # Errors

    `DataError` if the text or a span is none, if nothing is masked, or if the text is too long.
    """
    if not isinstance(text, str):
        raise DataError(f"`text` is {shown(text)}; it must be a string")
    mask_id = tokenizer.id_of(MASK)
    pieces: list[int] = []
    chars: list[CharSpan] = []
    for found in _MASK_OR_WORD.finditer(text):
        start = found.start()
        if found[1]:
            pieces.append(mask_id)
            chars.append(CharSpan(start, found.end()))
            continue
        (cut,) = tokenizer.pieces_of_each((found[0],))
        (places,) = tokenizer.places_of_each((found[0],))
        pieces += cut
        chars += [CharSpan(start + place.start, start + place.end) for place in places]
    if len(pieces) > max_pieces:
        raise DataError(
            f"`text` has {len(pieces)} word pieces, but the model reads {max_pieces} at most; give "
            "a part of it"
        )
    # Shape: (num_pieces,)
    ends = ends_with_marks(text, np.asarray(chars, np.int64).reshape(-1, 2)).tolist()
    chars = [CharSpan(one.start, end) for one, end in zip(chars, ends, strict=True)]
    is_masked = np.asarray(pieces, np.int64) == mask_id
    for start, end in checked_spans(spans, text):
        inside = [one.start < end and one.end > start for one in chars]
        if not any(inside):
            raise DataError(
                f"`spans`: characters {start} to {end} hold no word of the text; mask a word"
            )
        is_masked |= np.asarray(inside)
    if not is_masked.any():
        raise DataError(f"nothing is masked; write {MASK} into `text`, or give `spans`")
    runs = Runs(is_masked[None], np.asarray([len(pieces)]))
    return MaskedText(id=name, text=text, pieces=tuple(pieces), chars=tuple(chars), runs=runs)


def checked_spans(spans: Any, text: str) -> Sequence[tuple[int, int]]:
    """
    Return the spans of a record, which may be `None` for none at all.

    # Parameters

    spans : `Any`
        A list of `[start, end]` in characters, the end outside.
    text : `str`
        The text that they are in.

    # Errors

    `DataError` if they are none, or not in the text.
    """
    if spans is None:
        return []
    if not is_list(spans):
        raise DataError(f"`spans` is {shown(spans)}; it must be a list of [start, end]")
    checked = []
    for number, span in enumerate(spans):
        try:
            start, end = pair(span, f"`spans[{number}]`")
        except RecordError as error:
            raise DataError(str(error)) from error
        if not 0 <= start < end <= len(text):
            raise DataError(
                f"`spans[{number}]` is {shown(span)}, which is not within the text of {len(text)} "
                "characters; the end of a span is outside of it"
            )
        checked.append((start, end))
    return checked
