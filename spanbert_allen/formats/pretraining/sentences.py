"""Sentences of plain text by rule, fast enough for corpora."""

from __future__ import annotations

import re

# A sentence ends at . ! or ?, with closing quotation marks and brackets behind, before white space
# and something that can begin a sentence.
_CLOSING, _OPENING = "\"'\u201d\u2019\u00bb)\\]", "\"'\u201c\u2018\u00ab(\\["
_END = re.compile(rf"([.!?\u2026]+[{_CLOSING}]*)\s+(?=[{_OPENING}]*\w)")
_ABBREVIATIONS = frozenset(
    re.findall(
        r"\S+",
        """
        mr mrs ms dr prof st mt rev hon gen col capt lt sgt messrs sr jr vs etc no vol fig p pp cf
        e.g i.e a.m p.m inc ltd co corp dept ave
        """,
    )
)
_LAST_WORD = re.compile(r"([\w.]+)\.$")


def split_sentences(paragraph: str) -> list[str]:
    """
    Split a paragraph into sentences.

    An abbreviation of a short English list or an initial (`J. Smith`) ends no sentence, and neither
    does a full stop before a small letter. For pre-training, sentences only decide where a block
    ends: a mistake costs nothing but a block that is a little shorter or longer.

    # Parameters

    paragraph : `str`
        Running text; line ends in it count as blanks.

    # Returns

    `list[str]`
        The sentences without white space around them, none of them empty.
    """
    sentences = []
    start = 0
    for match in _END.finditer(paragraph):
        if _ends_nothing(paragraph, start, match):
            continue
        sentences.append(paragraph[start : match.end(1)])
        start = match.end()
    sentences.append(paragraph[start:])
    return [stripped for sentence in sentences if (stripped := sentence.strip())]


def _ends_nothing(paragraph: str, start: int, match: re.Match[str]) -> bool:
    if paragraph[match.end()].islower():
        return True
    if match[1] != ".":
        return False
    word = _LAST_WORD.search(paragraph, max(start, match.end(1) - 12), match.end(1))
    if word is None:
        return False
    is_initial = len(word[1]) == 1 and word[1].isupper() and word[1] != "I"
    return is_initial or word[1].lower() in _ABBREVIATIONS
