"""
A package is imported with its submodules, and with nothing else that has one of their names.

**Cause.** For `--include-package` AllenNLP walks through the package with `pkgutil.walk_packages`
and gives no prefix, so that each subpackage is also imported by its bare name: for `my_parts.data`
a `data.py` of the user's folder, which is on the path, or an installed package `data`. Such a file
runs with every command, and what it raises ends the command.

**Repair.** The modules of a package are listed without importing any. AllenNLP's function looks
for those by itself, and passes over what the walk finds elsewhere.
"""

from __future__ import annotations

import pkgutil
from types import SimpleNamespace
from typing import Any

from allennlp.common import util

_util: Any = util


def needed() -> bool:
    return True


def apply() -> None:
    # Not the function is replaced but what it calls: while `--include-package spanbert_allen`
    # imports this, that function runs, and has its walk before it.
    _util.pkgutil = SimpleNamespace(walk_packages=pkgutil.iter_modules)
