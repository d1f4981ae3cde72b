"""The site of the documentation builds, wherever `make docs` has installed what it needs."""

from __future__ import annotations

import re

import pytest

from tests.places import ROOT


@pytest.mark.slow
def test_the_site_builds_without_a_warning_and_asks_no_other_server(tmp_path, monkeypatch):
    pytest.importorskip("material", reason="`make docs` installs mkdocs-material")
    pytest.importorskip("mkdocstrings", reason="`make docs` installs mkdocstrings")
    monkeypatch.setenv("NO_MKDOCS_2_WARNING", "1")
    monkeypatch.chdir(ROOT)
    from mkdocs.commands.build import build
    from mkdocs.config import load_config

    build(load_config("mkdocs.yml", site_dir=str(tmp_path), strict=True))
    pages = list(tmp_path.rglob("*.html"))
    assert len(pages) > 20
    loaded = re.compile(r"<(?:script|img|iframe)[^>]+src=\"?https?:|<link[^>]+stylesheet[^>]+http")
    asking = [page.name for page in pages if loaded.search(page.read_text(encoding="utf-8"))]
    assert not asking


def test_the_reference_lists_every_registered_class():
    import importlib.util

    spec = importlib.util.spec_from_file_location("hook", ROOT / "docs/_build/registered.py")
    hook = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(hook)
    text = "".join(page.read_text(encoding="utf-8") for page in (ROOT / "docs/api").glob("*.md"))
    assert set(hook.registered_classes()) == set(hook.MARK.findall(text))
