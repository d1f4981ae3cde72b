"""Foreign text in a file, on a page or a terminal."""

from __future__ import annotations

import re
from html import escape

# A text could carry escape sequences of its own; none reaches the terminal.
_CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")


def encodable(text: str) -> str:
    """Return the text, as long as before; what UTF-8 cannot hold becomes a question mark."""
    return text.encode("utf-8", "replace").decode("utf-8")


def as_html(text: str) -> str:
    """Return the text as HTML; what UTF-8 cannot hold becomes a question mark."""
    return escape(encodable(text), quote=True)


def for_terminal(text: str) -> str:
    """Return the text without control characters, except line breaks and tabs."""
    return _CONTROLS.sub("\ufffd", text.replace("\r\n", "\n"))
