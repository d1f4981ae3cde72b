"""Functions of AllenNLP that are replaced, under every name that they are known by."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any


def replace_function(
    old: Callable[..., Any], new: Callable[..., Any], *, everywhere: bool = False
) -> None:
    """
    Set a function in place of another in every module of AllenNLP that has imported it.

    `from allennlp.x import old` copies the name, so that each copy has to be set.

    # Parameters

    old, new : `Callable`
        The function, and the one in its place.
    everywhere : `bool`, optional (default = `False`)
        Set it in the modules of the user, too, who may have imported it before this package.
    """
    for module_name, module in list(sys.modules.items()):
        if everywhere or module_name.split(".")[0] in ("allennlp", "allennlp_models"):
            # A program that forbids a module has `None` in its place.
            for name, value in list(getattr(module, "__dict__", {}).items()):
                if value is old:
                    setattr(module, name, new)
