"""
Fill the API reference with the registered classes, so that no page has to list them.

A line `<!-- registered: Model -->` of a page becomes a table of the names registered with that
base class, and the reference of each class. The source is parsed, never imported.
"""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).parents[2]
MARK = re.compile(r"^<!-- registered: (\w+) -->$", flags=re.MULTILINE)


class Registered(NamedTuple):
    """A class and the name that configurations know it by."""

    name: str
    path: str
    """The class's full name, such as `spanbert_allen.models.coref.SpanbertCoref`."""


def on_page_markdown(markdown: str, **_: Any) -> str:
    """Replace every mark of a page; mkdocs calls this for each page."""
    return MARK.sub(lambda mark: _reference(mark[1]), markdown)


@cache
def registered_classes() -> dict[str, list[Registered]]:
    """Return the registered classes by the name of the base class they are registered with."""
    found: dict[str, list[Registered]] = defaultdict(list)
    for module, file in _modules():
        for node in ast.parse(file.read_text(encoding="utf-8")).body:
            for decorator in getattr(node, "decorator_list", ()):
                match decorator:
                    case ast.Call(
                        func=ast.Attribute(value=ast.Name(id=base), attr="register"),
                        args=[ast.Constant(value=str(name)), *_],
                    ):
                        found[base].append(Registered(name, f"{module}.{node.name}"))
    return found


def _modules() -> list[tuple[str, Path]]:
    """Return the name and the file of every module, those of `predictors/` by their long names."""
    files = sorted((ROOT / "spanbert_allen").rglob("*.py"))
    files = [file for file in files if "predictors" not in file.relative_to(ROOT).parts]
    named = [(file.relative_to(ROOT), file) for file in files]
    named += [
        ("spanbert_allen" / file.relative_to(ROOT), file)
        for file in sorted((ROOT / "predictors").rglob("*.py"))
    ]
    return [
        (".".join(path.with_suffix("").parts).removesuffix(".__init__"), file)
        for path, file in named
    ]


def _reference(base: str) -> str:
    classes = registered_classes().get(base)
    if not classes:
        raise ValueError(f"no class is registered with `{base}`: mend the mark in docs/api")
    rows = [f"| `{one.name}` | [`{one.path.rpartition('.')[2]}`][{one.path}] |" for one in classes]
    blocks = [f"::: {one.path}" for one in classes]
    return "\n".join(["| type | class |", "|---|---|", *rows, "", *blocks])
