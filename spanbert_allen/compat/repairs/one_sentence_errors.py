"""
One sentence for an error of the user's, in a training run too; and a quiet terminal there.

**Cause.** `allennlp train` starts by setting up its log files, and sets its own hook for uncaught
errors, which prints a traceback for each and so hides ours. Its log handlers are new, too.

**Repair.** Our hook is set again after AllenNLP's, which stays in place for all errors that are not
the user's. The log file has the traceback either way. Only in a command: in a program that imports
us there is no hook of ours to keep. The new handlers show what `quieten_console` lets through.
"""

from __future__ import annotations

import functools
from typing import Any

from allennlp.common import logging as allennlp_logging

from spanbert_allen.common import console
from spanbert_allen.common.quiet import quieten_console

_prepare_global_logging = allennlp_logging.prepare_global_logging


def needed() -> bool:
    return console.is_installed()


def apply() -> None:
    allennlp_logging.prepare_global_logging = prepare_global_logging


@functools.wraps(_prepare_global_logging)
def prepare_global_logging(*args: Any, **kwargs: Any) -> None:
    _prepare_global_logging(*args, **kwargs)
    console.install_excepthook()
    quieten_console()
