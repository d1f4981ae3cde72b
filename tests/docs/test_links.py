"""Links of the pages lead somewhere."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.docs.pages import DOCS, LINKED, PAGES, name
from tests.places import ROOT

LINK = re.compile(r"\]\(([^)\s]+)\)")
FENCED = re.compile(r"^ *```.*?^ *```", flags=re.DOTALL | re.MULTILINE)
SNIPPET = re.compile(r'^--8<-- "([^":]+)(?::(\w+))?"$', flags=re.MULTILINE)


def text_of(page: Path) -> str:
    """Return a page's text with the parts of other files that the site puts into it."""
    text = page.read_text(encoding="utf-8")
    return SNIPPET.sub(lambda found: included(*found.groups()), text)


def included(path: str, part: str | None) -> str:
    """Return a file, or the part of it between its marks."""
    text = (ROOT / path).read_text(encoding="utf-8")
    if part is None:
        return text
    start, end = (f"<!-- --8<-- [{edge}:{part}] -->" for edge in ("start", "end"))
    assert start in text and end in text, f"{path} does not mark a part `{part}`"
    return text.partition(start)[2].partition(end)[0]


def anchors(page: Path) -> set[str]:
    """Return what links to headings of a page are named, on the site and on GitHub."""
    headings = re.findall(r"^#+ (.+)$", FENCED.sub("", text_of(page)), flags=re.MULTILINE)
    plain = (re.sub(r"[^\w\s-]", "", heading.lower()).strip() for heading in headings)
    return {re.sub(r"\s+", "-", heading) for heading in plain}


@pytest.mark.parametrize("page", LINKED, ids=name)
def test_links_lead_to_files_and_headings_that_are_there(page):
    for link in LINK.findall(FENCED.sub("", text_of(page))):
        if "://" in link:
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), link
        if anchor:
            assert anchor in anchors(target), link


@pytest.mark.parametrize("page", [page for page in PAGES if DOCS in page.parents], ids=name)
def test_pages_of_the_site_link_to_nothing_outside_of_it(page):
    for link in LINK.findall(FENCED.sub("", text_of(page))):
        path = link.partition("#")[0]
        assert "://" in link or not path or DOCS in (page.parent / path).resolve().parents, link
