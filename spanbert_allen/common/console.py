"""
Show errors as a person at a terminal wants them.

An error that the user can put right is one sentence on standard error, with exit status 1; the
traceback is shown only if `ALLENNLP_DEBUG` is set. This holds for commands, never for a program
that imports this package.
"""

from __future__ import annotations

import contextlib
import difflib
import logging
import os
import re
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from types import TracebackType

from spanbert_allen.common.errors import UserError
from spanbert_allen.common.outputs import is_full_disk

DEBUG_VARIABLE = "ALLENNLP_DEBUG"
_OF_TEMPLATES = re.compile(r"/lib/\w+\.libsonnet:")


def wants_tracebacks() -> bool:
    """Return whether the user asked for tracebacks, by the variable that AllenNLP reads too."""
    return bool(os.environ.get(DEBUG_VARIABLE))


def install_excepthook() -> None:
    """Show uncaught errors that the user can put right as one sentence, from now on."""
    if not is_installed():
        sys.excepthook = _OneSentenceHook(sys.excepthook)


def is_installed() -> bool:
    """Return whether uncaught errors are shown as one sentence in this process."""
    return isinstance(sys.excepthook, _OneSentenceHook)


def runs_allennlp_command() -> bool:
    """Return whether this process is the command `allennlp`, not a program that imports it."""
    main = sys.modules.get("__main__")
    spec = getattr(main, "__spec__", None)
    name = Path(getattr(main, "__file__", None) or "").name
    return getattr(spec, "name", None) == "allennlp.__main__" or name in {
        "allennlp",
        "allennlp.exe",
        "allennlp-script.py",
    }


def sentence_for(error: BaseException) -> str | None:
    """
    Return what to show of an error in place of its traceback.

    # Parameters

    error : `BaseException`
        What a command raised.

    # Returns

    `str | None`
        One sentence that says what is wrong and what to do, or `None` when the error is not one
        that the user can put right: then the traceback says more.
    """
    message = str(error)
    names = {f"{kind.__module__}.{kind.__qualname__}" for kind in type(error).__mro__}
    if isinstance(error, UserError):
        return message
    if isinstance(error, RuntimeError) and message.startswith(("RUNTIME ERROR:", "STATIC ERROR:")):
        return _jsonnet_sentence(message)
    if isinstance(error, ValueError):
        return _override_sentence(message)
    for name, sentence in _BY_NAME.items():
        if name in names:
            return sentence(message)
    if isinstance(error, OSError):
        return _file_sentence(error)
    return _missing_package(error) if isinstance(error, ImportError) else None


def nearest(name: str, available: Iterable[str], count: int = 3) -> list[str]:
    """
    Return the names most like `name`, the nearest first.

    Names that contain it, or that begin like it, are near too.
    """
    known = sorted(set(available), key=lambda other: (-_likeness(name, other), other))
    near = [other for other in known if _likeness(name, other) >= 0.6]
    near += [other for other in known if len(name) > 2 and name in other and other not in near]
    return near[:count]


def _likeness(name: str, other: str) -> float:
    """Return how alike two names are, from 0 to 1; a common beginning counts much."""
    whole = difflib.SequenceMatcher(None, name, other).ratio()
    beginning = difflib.SequenceMatcher(None, name, other[: len(name) + 1]).ratio()
    return max(whole, 0.9 * beginning)


def end_quietly_without_reader() -> None:
    """End without a word although the reader of the output has gone, such as `head`."""
    with contextlib.suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


class _OneSentenceHook:
    """Show a sentence where there is one, and leave other errors to the hook of before."""

    def __init__(self, otherwise: Callable[..., object]):
        self.otherwise = otherwise

    def __call__(
        self, kind: type[BaseException], error: BaseException, traceback: TracebackType | None
    ) -> None:
        if isinstance(error, BrokenPipeError):
            end_quietly_without_reader()
            return
        sentence = None if wants_tracebacks() else sentence_for(error)
        if sentence is None:
            self.otherwise(kind, error, traceback)
            return
        _log_to_files((kind, error, traceback))
        sys.stderr.write(f"error: {' '.join(sentence.split())}\n")


def _log_to_files(
    error: tuple[type[BaseException], BaseException, TracebackType | None],
) -> None:
    """Write the traceback into the log file of a training, as the terminal does without it."""
    record = logging.LogRecord(
        __name__, logging.CRITICAL, __file__, 0, "Uncaught exception", None, error
    )
    for handler in logging.getLogger().handlers:
        if isinstance(handler, logging.FileHandler):
            handler.handle(record)


def _configuration_sentence(message: str) -> str:
    unknown = re.match(r"(.*) not in acceptable choices for (\S+): \[(.*?)\]\. You should", message)
    if unknown:
        name, key, choices = unknown.groups()
        return _unknown_name(name, f"`{key}` of the config", re.findall(r"'([^']*)'", choices))
    unregistered = re.match(r"'(.*)' is not a registered name for '(\w+)'", message)
    if unregistered:
        name, kind = unregistered.groups()
        return _unknown_name(name, f"a {kind}", _registered_names(kind))
    exists = re.match(r"Serialization directory \((.*)\) already exists and is not empty", message)
    if exists:
        return (
            f"the folder {exists[1]} exists and is not empty: name another with -s, go on with the "
            "run in it with --recover, or replace it with --force"
        )
    return message


def _missing_package(error: ImportError) -> str | None:
    if not isinstance(error, ModuleNotFoundError) or not error.name:
        return str(error) if str(error).startswith("spanbert_allen needs ") else None
    package = error.name.partition(".")[0]
    if package == "spanbert_allen" or package in sys.modules:  # a part of what is there
        return None
    if package in ("allennlp", "allennlp_models"):
        return f"the package `{package}` is not installed: run `spanbert-allen install-allennlp`"
    return (
        f"the package `{package}` is not installed: `pip install {package}`, or run `make install` "
        "in a clone of spanbert_allen for all that this project needs"
    )


def _override_sentence(message: str) -> str | None:
    if not message.startswith("overrides dict contains unused keys"):
        return None
    keys = message.partition(": ")[2].strip("[]")
    return f"the option -o names what the config does not have: {keys}: check the spelling"


def _unknown_name(name: str, place: str, available: Iterable[str]) -> str:
    near = " or ".join(f"`{other}`" for other in nearest(name, available))
    advice = f"did you mean {near}?" if near else "check the spelling"
    return (
        f"`{name}` is not a registered type for {place}: {advice} "
        "(a class of your own package needs --include-package or a line in .allennlp_plugins)"
    )


def _registered_names(kind: str) -> list[str]:
    registrable = sys.modules["allennlp.common.registrable"].Registrable
    return [
        name
        for base, registered in registrable._registry.items()
        if base.__name__ == kind
        for name in registered
    ]


def _jsonnet_sentence(message: str) -> str:
    """Put together what is wrong, the first line of jsonnet's message, and where, the others."""
    first, *trace = message.strip().splitlines()
    sentence = first.partition(" ERROR: ")[2].strip()
    unset = re.fullmatch(r"undefined external variable: (\w+)", sentence, flags=re.IGNORECASE)
    if unset:
        name = unset[1]
        return f"the config needs {name}: export {name}=<path> and run the command again"
    if re.match(r"\d+:\d+", sentence):  # of no file: it came from the command line
        return f"the option -o is not JSON, at {sentence}"
    places = (re.match(r"\s*(\S*/\S+?:\(?\d+)", line) for line in trace)
    own = (place[1] for place in places if place and not _OF_TEMPLATES.search(place[1]))
    place = next(own, "").replace("(", "")  # the templates' own lines tell a user nothing
    return f"{sentence} ({place})" if place else sentence


def _sentence_of_worker(message: str) -> str | None:
    """Take the error out of the text of a worker's traceback, where it stands last."""
    starts = list(re.finditer(r"^([\w.]*?)(\w*Error): ", message, flags=re.MULTILINE))
    if not starts:
        return None
    name, text = starts[-1][2], message[starts[-1].end() :]
    if name in {"UserError", "ConfigError", "DataError"}:
        return text
    return _configuration_sentence(text) if name == "ConfigurationError" else None


def _file_sentence(error: OSError) -> str:
    if is_full_disk(error):  # an error of writing does not name the file
        place = f"{os.fspath(error.filename)}: " if error.filename else ""
        return f"{place}{error.strerror or error}: free some space and run the command again"
    if error.filename is None:
        if _is_folder_gone():
            return "the current folder was removed: change into another and run the command again"
        missing = re.fullmatch(r"file (.*) not found", str(error))  # of cached_path
        return f"{missing[1]}: does not exist: check the path" if missing else str(error)
    problems = {
        FileNotFoundError: "does not exist: check the path",
        PermissionError: "may not be read or written: check its permissions",
        IsADirectoryError: "is a folder where a file is needed",
        NotADirectoryError: "is a file where a folder is needed",
        FileExistsError: "exists already",
    }
    problem = problems.get(type(error), error.strerror or str(error))
    return f"{os.fspath(error.filename)}: {problem}"


def _is_folder_gone() -> bool:
    """Return whether the current folder, which relative paths begin in, does not exist any more."""
    try:
        Path.cwd()
    except FileNotFoundError:
        return True
    return False


_BY_NAME: dict[str, Callable[[str], str | None]] = {
    "allennlp.common.checks.ConfigurationError": _configuration_sentence,
    "torch.multiprocessing.spawn.ProcessRaisedException": _sentence_of_worker,
}
"""Errors of packages that are heavy to import, by their names."""
