"""A function is replaced in every module of AllenNLP that has imported it by name."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any


def replace_function(old: Callable[..., Any], new: Callable[..., Any]) -> None:
    """`from allennlp.x import old` copies the name: each copy is set to `new`."""
    for module_name, module in list(sys.modules.items()):
        if module_name.split(".")[0] in ("allennlp", "allennlp_models"):
            for name, value in list(vars(module).items()):
                if value is old:
                    setattr(module, name, new)
