"""What can be wrong with records, results and scores, and how it is said."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy
from allennlp.common.util import SigTermReceived

from spanbert_allen.common.errors import DataError, UserError

logger = logging.getLogger(__name__)

_LONGEST_SENTENCE = 500


class Failure(NamedTuple):
    """
    Hold why a record has no result.

    # Parameters

    sentence : `str`
        Why.
    line : `int`, optional (default = `None`)
        Its line, where it has one.
    file : `str`, optional (default = `None`)
        Where a folder is read, the path of its file within the folder.
    """

    sentence: str
    line: int | None = None
    file: str | None = None

    def in_its_record(self) -> str:
        """Return what the error record says, which has the line in a field of its own."""
        return self.sentence if self.file is None else f"{self.file}: {self.sentence}"

    def in_a_line(self, source: str) -> str:
        """Return where it is in the file or folder `source`, as far as that is known, and why."""
        if self.line is None and self.file is None:
            return self.sentence
        path = source if self.file is None else str(Path(source, self.file))
        return f"{path}{'' if self.line is None else f':{self.line}'}: {self.sentence}"


def sentence_of(error: Exception) -> str:
    """Return what an error record says of an error."""
    if isinstance(error, UserError):
        text = error.problem if isinstance(error, DataError) else str(error)
    else:
        first = next(iter(str(error).splitlines()), type(error).__name__)
        text = f"the model failed on this record: {first}"
    text = " ".join(text.split())
    return text if len(text) <= _LONGEST_SENTENCE else f"{text[:_LONGEST_SENTENCE]} ..."


def unwritable(value: Mapping[str, Any], what: str) -> str | None:
    """Return why a value cannot be written as JSON, `None` if it can."""
    try:
        if value:
            json.dumps(value, allow_nan=False)
    except RecursionError:
        return f"{what} are nested too deeply to be written"
    except ValueError:
        return f"{what} have a number that JSON cannot hold (NaN, infinite or far too long)"
    except TypeError:  # a program may give what is no JSON, and takes it back
        return None
    return None


def has_nan(outputs: Mapping[str, Any]) -> bool:
    """Return whether something that the model computed is no number."""
    return any(
        isinstance(value, numpy.ndarray)
        and numpy.issubdtype(value.dtype, numpy.floating)
        and bool(numpy.isnan(value).any())
        for value in outputs.values()
    )


def or_raised(result: dict[str, Any] | Exception) -> dict[str, Any]:
    """Return a result, or raise why there is none."""
    if isinstance(result, Exception):
        raise result
    return result


def all_or_problem(
    results: Sequence[dict[str, Any] | Exception],
) -> list[dict[str, Any]] | Exception:
    """Return results that are all good, or the first that is not."""
    good: list[dict[str, Any]] = []
    for result in results:
        if isinstance(result, Exception):
            return result
        good.append(result)
    return good


def noted(error: Exception) -> Exception:
    """Return the error of a record; one that is no mistake in it is logged, with its traceback."""
    if isinstance(error, SigTermReceived):
        raise error
    if not isinstance(error, UserError):
        logger.warning("a record could not be predicted", exc_info=error)
    return error
