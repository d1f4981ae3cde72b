"""The colours of mentions, on a page and on a terminal."""

from __future__ import annotations

# Neighbouring numbers get hues far apart (the golden angle, in degrees).
_HUE_STEP = 137.508


# Of a terminal's table of 256: bright enough on black, dark enough on white.
_COLOURS = (33, 166, 35, 127, 136, 37, 161, 99, 64, 203, 31, 172)
_RESET = "\x1b[0m"


def hue_style(number: int) -> str:
    """Return the attribute that gives an element the colour of a number; `page.css` says how."""
    return f'style="--hue:{number * _HUE_STEP % 360:.0f}"'


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
