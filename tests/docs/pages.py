"""The pages that users read, and the blocks of code in them."""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

from tests.places import ROOT

DOCS = ROOT / "docs"
PAGES = [ROOT / "README.md", *sorted(DOCS.rglob("*.md"))]
"""The README and the site's pages."""
LINKED = [*PAGES, *(ROOT / name for name in ("CONTRIBUTING.md", "CHANGELOG.md"))]
"""All that has links."""
_BLOCK = re.compile(r"^( *)```(\w+)[^\n]*\n(.*?)^\1```", flags=re.DOTALL | re.MULTILINE)


class Block(NamedTuple):
    """A block of code: the fence's first word is its language."""

    page: str
    language: str
    text: str


def blocks(page: Path, language: str) -> list[Block]:
    """Return a page's blocks of a language, in their order."""
    found = _BLOCK.findall(page.read_text(encoding="utf-8"))
    return [Block(name(page), kind, text) for _, kind, text in found if kind == language]


def name(page: Path) -> str:
    """Return a page's name for messages, such as `docs/coref.md`."""
    return page.relative_to(ROOT).as_posix()


def section(page: Path, heading: str) -> str:
    """Return what stands on a page under a heading, up to the next one of its level."""
    text = page.read_text(encoding="utf-8")
    _, _, rest = text.partition(f"\n## {heading}\n")
    assert rest, f"{name(page)} has no section `{heading}`"
    return rest.partition("\n## ")[0]
