"""
Keep a command's terminal to what a person acts on; log files hold the rest.

AllenNLP logs each parameter that it reads. `-v`, or AllenNLP's own variable `ALLENNLP_LOG_LEVEL`,
shows everything again.
"""

from __future__ import annotations

import logging
import os

from spanbert_allen.common.console import wants_tracebacks

LEVEL_VARIABLE = "ALLENNLP_LOG_LEVEL"

_SHOWN = ("spanbert_allen.", "allennlp.training.callbacks.console_logger")
"""Loggers whose information is shown: ours, and the table of metrics of each epoch."""
_HIDDEN = ("spanbert_allen.compat.",)
"""Loggers of ours that stand for AllenNLP's."""
_NOISE = {
    # No label namespace of ours has padding, whatever it is called.
    "allennlp.data.vocabulary": "Your label namespace was",
    "allennlp.training.gradient_descent_trainer": "You provided a validation dataset but patience",
    # A group of a template may match nothing in some models, such as a pooler that is left out.
    "allennlp.training.optimizers": "When constructing parameter groups",
    # AllenNLP itself gives it twice to each of several workers.
    "allennlp.common.from_params": "Parameter local_rank for class",
}
"""Warnings that no user can act on, by how they begin."""


class _PlainFormatter(logging.Formatter):
    """Format a record as a sentence, with its level if it is more than information."""

    def format(self, record: logging.LogRecord) -> str:
        text = super().format(record)
        is_more = record.levelno > logging.INFO
        return f"{record.levelname.lower()}: {text}" if is_more else text


def is_wanted(record: logging.LogRecord) -> bool:
    """Return whether a record belongs on the terminal of a command that was not asked for more."""
    text = record.getMessage()
    if record.levelno >= logging.WARNING:
        return not (record.name in _NOISE and text.startswith(_NOISE[record.name]))
    is_told = record.name.startswith(_SHOWN) and not record.name.startswith(_HIDDEN)
    return record.levelno >= logging.INFO and is_told


def quieten_console() -> None:
    """Show on the terminal only what `is_wanted` lets through, if nobody asked for more."""
    if wants_tracebacks() or os.environ.get(LEVEL_VARIABLE):
        return
    handlers = logging.getLogger().handlers
    if not handlers and logging.lastResort is not None:
        handlers = [logging.lastResort]  # of a command that is none of AllenNLP's
    for handler in handlers:
        is_terminal = type(handler) is logging.StreamHandler or handler is logging.lastResort
        if is_terminal and is_wanted not in handler.filters:
            handler.addFilter(is_wanted)
            handler.setFormatter(_PlainFormatter())
