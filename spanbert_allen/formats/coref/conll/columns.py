"""What a CoNLL file says of a document beside its words, speakers and clusters."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

WORD, SPEAKER = 3, 9
"""The places of these columns, counted from 0."""
FULL_ROW = 12
"""How many columns a row of CoNLL-2012 has at least."""
NO_PART = "0000"
"""The part in the header of a document without one: other programs read it as part 0."""
SPEAKER_AMONG_FURTHER = SPEAKER - WORD - 1
# Places among the further columns.
_TAG, _PARSE, _SENSE = 0, 1, 4
_EMPTY = frozenset(["-", "_", "*", "", "X", "XX"])
_NUMBER = re.compile(r"[0-9]+(\.[0-9]+)?")
_UNKNOWN = "-\t*\t-\t-\t-\t-\t*"


@dataclass(frozen=True)
class ConllColumns:
    """
    Hold the name, the part and the further columns of a document as they were written.

    # Parameters

    name : `str`
        The name in the header.
    part : `str | None`
        The digits of the part in the header; `None` without one.
    rows : `Sequence[str]`
        What stands between the word and the coreference column of each row, joined by tabs.
    """

    name: str
    part: str | None
    rows: Sequence[str]

    @property
    def key(self) -> str:
        """Return the document's key: `<name>_<part>`, the part without leading zeros."""
        return document_key(self.name, self.part)

    def tell_something(self) -> bool:
        """Return whether a row tells more than a speaker: tags, a parse, senses, names."""
        return any(
            field not in _EMPTY and field.strip("()*TOP")
            for row in set(self.rows)
            for place, field in enumerate(row.split("\t"))
            if place != SPEAKER_AMONG_FURTHER
        )


def document_key(name: str, part: str | None) -> str:
    """Return the key of a document: `<name>_<part>`, or the name where there is no part."""
    if part is None or (part.startswith(NO_PART) and not part.strip("0")):
        return name
    return f"{name}_{part.lstrip('0') or '0'}"


def further_columns(fields: Sequence[str]) -> str:
    """Return what stands between the word and the coreference column of a row."""
    return "\t".join(field or "-" for field in fields[WORD + 1 : -1])


def sentence_columns(rows: Sequence[str] | None, length: int) -> list[list[str]]:
    """
    Return the further columns of a sentence, as other programs take them.

    AllenNLP's reader of OntoNotes wants a parse of one bracket at each sentence, unless the tag is
    `XX`, and numbers as word senses; where nothing is known, one flat bracket is written.

    # Parameters

    rows : `Sequence[str] | None`
        The columns as they were read; `None` for words of which nothing is known.
    length : `int`
        How many words the sentence has.
    """
    fields = [(row or _UNKNOWN).split("\t") for row in rows or [""] * length]
    is_parsed = _is_parsed([one[_PARSE] for one in fields])
    for index, one in enumerate(fields):
        if one[_TAG] in _EMPTY:
            one[_TAG] = "XX"
        if not is_parsed:
            one[_PARSE] = f"{'(TOP' * (index == 0)}*{')' * (index == length - 1)}"
        if not _NUMBER.fullmatch(one[_SENSE]):
            one[_SENSE] = "-"
    return fields


def _is_parsed(parses: Sequence[str]) -> bool:
    return all(one.count("*") == 1 for one in parses) and any(one != "*" for one in parses)
