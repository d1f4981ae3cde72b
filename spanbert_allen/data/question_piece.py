"""The piece that a question's vector stands at: in pre-training, and behind a user's question."""

from __future__ import annotations

from collections.abc import Sequence

_QUESTION_PIECES = ("[QUESTION]", "[unused100]", "[MASK]")
"""The second one has the id 104 in BERT's cased vocabulary, which Splinter took."""


def question_piece_id(pieces: Sequence[str]) -> int:
    """Return the place of the first of `[QUESTION]`, `[unused100]` and `[MASK]` in a vocabulary."""
    return pieces.index(next(one for one in _QUESTION_PIECES if one in pieces))
