"""
Docstrings name the parameters that there are, under AllenNLP's header `# Parameters`.

Ruff's D417 knows Google's and NumPy's headers only, so this is its rule for AllenNLP's.
"""

from __future__ import annotations

import ast
import re

import pytest

from tests.places import ROOT

FILES = sorted([*ROOT.glob("predictors/**/*.py"), *ROOT.glob("spanbert_allen/**/*.py")])
ENTRY = re.compile(r"^(\w[\w, ]*?)(?: : .*)?$", re.MULTILINE)
ELSEWHERE = re.compile(r"(?i)\b(?:as for|as of|see|those of|the others?)\b")


def documented(node):
    """
    Return the names under `# Parameters` and the text there, or `None` without such a header.

    A text may describe some parameters and name the place where the others are described.
    """
    text = ast.get_docstring(node) or ""
    _, found, rest = text.partition("# Parameters\n")
    if not found:
        return None
    section = re.split(r"^# ", rest, maxsplit=1, flags=re.MULTILINE)[0]
    return [name for names in ENTRY.findall(section) for name in names.split(", ")], section


def parameters(function):
    """Return the names of a function's parameters, those that a caller gives by name or place."""
    arguments = function.args
    named = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
    names = [one.arg for one in named]
    return names[1:] if names[:1] in (["self"], ["cls"]) else names


def constructor_parameters(node):
    """Return the names that a class's own constructor takes, or `None` where it has none."""
    for part in node.body:
        if isinstance(part, ast.FunctionDef) and part.name == "__init__":
            return parameters(part)
    fields = [part for part in node.body if isinstance(part, ast.AnnAssign)]
    return [field.target.id for field in fields if "ClassVar" not in ast.dump(field)] or None


def mistakes(tree):
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef):
            taken = constructor_parameters(node)
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            taken = parameters(node)
        else:
            continue
        described = documented(node)
        if described is None or taken is None or node.name == "from_params":
            continue
        names, section = described
        public = {name for name in taken if not name.startswith("_")}
        missing = set() if ELSEWHERE.search(section) else public - set(names)
        unknown = set(names) - set(taken)
        passes_on = isinstance(node, ast.ClassDef) or node.args.kwarg is not None
        if missing:
            yield f"{node.lineno}: {node.name} does not document {sorted(missing)}"
        if unknown and not passes_on:
            yield f"{node.lineno}: {node.name} documents {sorted(unknown)}, which it does not take"


@pytest.mark.parametrize("room", sorted({path.parent.relative_to(ROOT) for path in FILES}, key=str))
def test_parameters_are_documented_as_they_are(room):
    found = [
        f"{path.relative_to(ROOT)}:{mistake}"
        for path in (ROOT / room).glob("*.py")
        for mistake in mistakes(ast.parse(path.read_text(encoding="utf-8")))
    ]
    assert not found, "\n".join(found)
