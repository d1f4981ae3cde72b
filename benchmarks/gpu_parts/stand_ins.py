"""
Stand-ins for what AllenNLP imports at its start and nothing that is measured uses.

They are for a machine on which these packages are missing or do not fit its torch, in this
benchmark alone. A name of theirs can be imported and subclassed, but does nothing.
"""

from __future__ import annotations

import importlib
import importlib.abc
import importlib.machinery
import importlib.util
import sys
from collections.abc import Iterable, Sequence
from types import ModuleType
from typing import Any

STOOD_FOR = (
    *("spacy", "scipy", "sklearn", "torchvision", "datasets", "boto3", "botocore"),
    *("google.cloud", "google.auth", "google.api_core"),
)


HIDDEN = (
    *("accelerate", "peft", "deepspeed", "bitsandbytes", "torchao", "kernels", "optimum"),
    *("jax", "flax", "tensorflow"),
)
"""What transformers imports where it is installed, and a machine has for another transformers."""


class StandInKind(type):
    """The class of stand-ins, which have every attribute."""

    def __getattr__(cls, name: str) -> Any:
        return _made(cls, name, cls.__module__)


class StandIn(Exception, metaclass=StandInKind):  # an exception: `except` clauses may name it
    """What every name of a missing package is, and every name within."""

    def __init__(self, *_: Any, **__: Any) -> None:
        super().__init__("a stand-in for a package that is not installed was used")


def _made(owner: Any, name: str, module: str) -> Any:
    if name.startswith("__"):
        raise AttributeError(name)
    made = StandInKind(name, (StandIn,), {"__module__": module})
    setattr(owner, name, made)
    return made


class StandInModule(ModuleType):
    """A module that has every name: a stand-in is behind each."""

    __path__: Sequence[str] = ()
    __version__ = "0"

    def __getattr__(self, name: str) -> Any:
        return _made(self, name, self.__name__)


class StandInFinder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """
    Find the modules of missing packages.

    # Parameters

    packages : `Iterable[str]`
        Their names.
    """

    def __init__(self, packages: Iterable[str]) -> None:
        self.packages = tuple(packages)

    def find_spec(
        self, fullname: str, path: Any = None, target: Any = None
    ) -> importlib.machinery.ModuleSpec | None:
        if any(fullname == one or fullname.startswith(f"{one}.") for one in self.packages):
            return importlib.machinery.ModuleSpec(fullname, self, is_package=True)
        return None

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> ModuleType:
        return StandInModule(spec.name)

    def exec_module(self, module: ModuleType) -> None:
        """Do nothing: a stand-in has no content."""


def hide(packages: Iterable[str] = HIDDEN) -> None:
    """Let packages look as if they were not installed, to this process."""
    for package in packages:
        sys.modules[package] = None  # type: ignore[assignment]  Python's own way to say so


def stand_in(packages: Iterable[str] = STOOD_FOR) -> list[str]:
    """Stand in for those of the packages that cannot be imported; return their names."""
    missing = [one for one in packages if not _can_be_imported(one)]
    sys.meta_path.insert(0, StandInFinder(missing))
    return missing


def _can_be_imported(package: str) -> bool:
    before = set(sys.modules)
    try:
        importlib.import_module(package)
    except Exception:  # a package that does not fit torch may raise anything
        for name in set(sys.modules) - before:
            if name.partition(".")[0] == package.partition(".")[0]:
                del sys.modules[name]
        return False
    return True
