"""Where the tests find things."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).parent.parent
TINY_ENCODER = ROOT / "spanbert_allen" / "encoders" / "tiny"
FIXTURES = ROOT / "tests" / "fixtures"
SHARED = ROOT.parent / "shared"
"""Real data, which only developers have."""
