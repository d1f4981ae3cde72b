"""A text, or a pair of texts, to be classified: what every data set of such is read into."""

from __future__ import annotations

from dataclasses import dataclass

Label = str | float
"""The name of a class, or a number to be predicted."""


@dataclass(frozen=True, kw_only=True)
class TextPair:
    """
    A text or a pair of texts.

    # Parameters

    id : `str`
        Its name in the data set.
    text : `str`
        The text, or the first one of a pair.
    text_pair : `str`, optional (default = `None`)
        The second one.
    label : `Label`, optional (default = `None`)
        What it is annotated with, if it is.
    place : `str`, optional (default = `""`)
        Where it stands, for messages.
    """

    id: str
    text: str
    text_pair: str | None = None
    label: Label | None = None
    place: str = ""
