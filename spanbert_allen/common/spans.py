"""
Spans, which say what they count and whether their end is inside.

A bare pair of integers never leaves a function. Spans are tuples, so they hash, compare and sort as
(start, end).
"""

from __future__ import annotations

from typing import NamedTuple


class CharSpan(NamedTuple):
    """Characters of a text; `end` is outside: `text[start:end]`."""

    start: int
    end: int


class WordSpan(NamedTuple):
    """Words of a document; `end` is inside: `words[start : end + 1]`."""

    start: int
    end: int


class PieceSpan(NamedTuple):
    """Word pieces; `end` is inside. In a document, special pieces are counted."""

    start: int
    end: int


Cluster = tuple[WordSpan, ...]
"""The mentions of one entity, in document order, without duplicates."""
