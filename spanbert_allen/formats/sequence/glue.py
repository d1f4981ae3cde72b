"""Read GLUE's files: rows of columns between tabs, in which quotes stand for themselves."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from itertools import chain
from pathlib import Path

from spanbert_allen.common.errors import DataError, OnProblem
from spanbert_allen.common.files import read_lines
from spanbert_allen.common.record_checks import shown
from spanbert_allen.formats.sequence.glue_tasks import GlueTask, Layout
from spanbert_allen.formats.sequence.text_pair import Label, TextPair


def read_glue(
    path: str | Path, task: GlueTask, *, on_problem: OnProblem | None = None
) -> Iterator[TextPair]:
    """
    Read the rows of a file, labelled or not: its first line tells which.

    The id is the number of the row, from 0, as in the files that GLUE takes; a row that is left out
    counts, too.

    # Parameters

    path : `str | Path`
        The `.tsv` file; `.gz` may follow.
    task : `GlueTask`
        The task.
    on_problem : `OnProblem`, optional (default = `None`)
        Called for each bad row, which is then left out. By default the error is raised.

    # Errors

    `DataError` if the file is not one of the task's, or for the first bad row.
    """
    lines: Iterator[tuple[int, str]] = read_lines(path)
    first = next(lines, None)
    if first is None:
        raise DataError(f"is empty; a file of {task.name} is expected", path)
    layout = _layout(path, first[1].split("\t"), task)
    if not layout.header:
        lines = chain([first], lines)
    id = 0
    for number, line in lines:
        if not line:
            continue
        cells = line.split("\t")
        if _is_short(cells, layout) and task.skips_short_rows:
            continue
        try:
            yield _row(cells, task, layout, str(id), path, number)
        except DataError as error:
            if on_problem is None:
                raise
            on_problem(error)
        id += 1


def _layout(path: str | Path, header: Sequence[str], task: GlueTask) -> Layout:
    for layout in task.layouts:
        if layout.header and layout.fits(header):
            return layout
    for layout in task.layouts:
        if not layout.header and not _is_short(header, layout):
            return layout
    expected = " or ".join(
        ", ".join(f"`{column.name}` in column {_human(column.place)}" for column in layout.columns)
        for layout in task.layouts
        if layout.header
    )
    raise DataError(
        f"is no file of {task.name}: its first line, {shown(chr(9).join(header))}, should have "
        f"{expected}; check the file and the reader's `task`",
        path,
        1,
    )


def _human(place: int) -> str:
    return "the last one" if place < 0 else str(place + 1)


def _num_needed(layout: Layout) -> int:
    """Return the fewest columns of a row: a label in the last one is none of the texts."""
    num_needed = max(column.place for column in layout.columns) + 1
    return num_needed + (layout.label is not None and layout.label.place < 0)


def _is_short(cells: Sequence[str], layout: Layout) -> bool:
    return len(cells) < _num_needed(layout)


def _row(
    cells: Sequence[str], task: GlueTask, layout: Layout, id: str, path: str | Path, number: int
) -> TextPair:
    if _is_short(cells, layout):
        raise DataError(
            f"{len(cells)} columns between tabs, but a row of {task.name} has at least "
            f"{_num_needed(layout)} here; mend it or take it out",
            path,
            number,
        )
    label: Label | None = None
    if layout.label is not None:
        cell = cells[layout.label.place].strip()
        label = _number(cell, path, number) if task.is_regression else cell
        if not task.is_regression and label not in task.labels:
            raise DataError(
                f"the label is {shown(cell)}; {task.name} has {', '.join(task.labels)}; mend it or "
                "take the row out",
                path,
                number,
            )
    return TextPair(
        id=id,
        text=cells[layout.text.place],
        text_pair=None if layout.text_pair is None else cells[layout.text_pair.place],
        label=label,
        place=f"{path}:{number}",
    )


def _number(cell: str, path: str | Path, number: int) -> float:
    try:
        value = float(cell)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise DataError(f"the score is {shown(cell)}; it must be a number", path, number)
    return value
