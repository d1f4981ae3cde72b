"""One line of a predictor's input: a JSON object that remembers its line, or why it is none."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

from spanbert_allen.common.errors import DataError, OnProblem
from spanbert_allen.common.files import json_object

_NOT_UTF8 = re.compile("[\udc80-\udcff]")

Example = TypeVar("Example")


class Record(dict[str, Any]):
    """
    An input object; to everyone else a dictionary.

    # Parameters

    fields : `dict[str, Any]`
        The object; empty for a bad record.
    line : `int`, optional (default = `None`)
        Its line in the input, counted from 1.
    problem : `str`, optional (default = `None`)
        What is wrong with it, if something is.
    """

    def __init__(
        self, fields: dict[str, Any], *, line: int | None = None, problem: str | None = None
    ) -> None:
        super().__init__(fields)
        self.line = line
        self.problem = problem
        self.file: str | None = None
        """Where a folder is read, the path of its file within the folder."""


def parse_record(text: str, *, line: int | None = None) -> Record:
    """
    Return the record of one line; one that holds none gives a record with a `problem`.

    # Parameters

    text : `str`
        The line: a JSON object, or a JSON string, which is short for `{"text": ...}`. Bytes that
        were no UTF-8 are expected as lone surrogates (Python's `surrogateescape`).
    line : `int`, optional (default = `None`)
        Its number.
    """
    if _NOT_UTF8.search(text):
        return Record({}, line=line, problem="not UTF-8 text; convert the file to UTF-8")
    if text.lstrip().startswith('"'):
        try:
            return Record({"text": json.loads(text)}, line=line)
        except (ValueError, RecursionError) as error:
            return Record({}, line=line, problem=f"not JSON ({error}); a text ends in a quote")
    try:
        return Record(json_object(text, line=line), line=line)
    except DataError as error:
        return Record({}, line=line, problem=error.problem)


def examples_as_records(
    read: Callable[[OnProblem], Iterator[Example]], fields_of: Callable[[Example], dict[str, Any]]
) -> Iterator[Record]:
    """
    Give the examples of a data set's file as records; one that cannot be read has a `problem`.

    # Parameters

    read : `Callable[[OnProblem], Iterator[Example]]`
        Reads the file; what is wrong with an example goes to its argument.
    fields_of : `Callable[[Example], dict[str, Any]]`
        What an example is as a user's own record.
    """
    problems: list[DataError] = []

    def noted() -> Iterator[Record]:
        for problem in problems:
            yield Record({}, problem=problem.problem, line=problem.line)
        problems.clear()

    for example in read(problems.append):
        yield from noted()
        yield Record(fields_of(example))
    yield from noted()
