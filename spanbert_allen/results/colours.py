"""The colours of a page's mentions."""

from __future__ import annotations

# Neighbouring numbers get hues far apart (the golden angle, in degrees).
_HUE_STEP = 137.508


def hue_style(number: int) -> str:
    """The attribute that gives an element the colour of a number; `page.css` says how."""
    return f'style="--hue:{number * _HUE_STEP % 360:.0f}"'
