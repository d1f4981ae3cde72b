"""Colours on a terminal."""

from __future__ import annotations

# Of the 256-colour table: bright enough on black, dark enough on white.
_COLOURS = (33, 166, 35, 127, 136, 37, 161, 99, 64, 203, 31, 172)
_RESET = "\x1b[0m"


def paint(text: str, chain: int | None, colour: bool) -> str:
    """The text in the colour of a number, if it has one and colours are wanted."""
    if not colour or chain is None:
        return text
    return f"\x1b[1;38;5;{_COLOURS[chain % len(_COLOURS)]}m{text}{_RESET}"
