"""The colours of mentions, on a page and on a terminal."""

from __future__ import annotations

NUM_HUES = 36
# Neighbouring numbers get hues far apart: 130 degrees.
_HUE_STEP = 13


# Of a terminal's table of 256: bright enough on black, dark enough on white.
_COLOURS = (33, 166, 35, 127, 136, 37, 161, 99, 64, 203, 31, 172)
_RESET = "\x1b[0m"


def hue_class(number: int) -> str:
    """Return the class that gives an element the colour of a number; `page.css` says how."""
    return f"hue-{number * _HUE_STEP % NUM_HUES}"


def paint(text: str, number: int | None, colour: bool) -> str:
    """
    Return a text for the terminal in the colour of a number.

    # Parameters

    text : `str`
        The text.
    number : `int | None`
        The number, such as that of a chain; `None` for a text without a colour.
    colour : `bool`
        Whether colours are wanted.
    """
    if not colour or number is None:
        return text
    return f"\x1b[1;38;5;{_COLOURS[number % len(_COLOURS)]}m{text}{_RESET}"
