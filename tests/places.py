"""Where the tests find things."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).parent.parent
TINY_ENCODER = ROOT / "spanbert_allen" / "encoders" / "tiny"
