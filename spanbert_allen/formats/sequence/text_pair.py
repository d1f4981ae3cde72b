"""A text, or a pair of texts, to be classified, which every data set of texts is read into."""

from __future__ import annotations

from dataclasses import dataclass

Label = str | float | tuple[str, ...]
"""The name of a class, a number to be predicted, or the names of any number of classes."""


@dataclass(frozen=True, kw_only=True)
class TextPair:
    """
    Hold a text or a pair of texts.

    # Parameters

    id : `str`
        The name of the text in its data set.
    text : `str`
        The text, or the first one of a pair.
    text_pair : `str`, optional (default = `None`)
        The second one.
    label : `Label`, optional (default = `None`)
        What the text is annotated with; `None` if it is not.
    place : `str`, optional (default = `""`)
        Where the text was read, for messages.
    """

    id: str
    text: str
    text_pair: str | None = None
    label: Label | None = None
    place: str = ""
