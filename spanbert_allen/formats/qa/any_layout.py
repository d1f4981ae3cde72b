"""Read questions in any of the layouts, which the beginning of the file tells."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from spanbert_allen.common.errors import OnProblem
from spanbert_allen.formats.qa.detection import qa_layout
from spanbert_allen.formats.qa.mrqa import read_mrqa
from spanbert_allen.formats.qa.question import Question
from spanbert_allen.formats.qa.squad import read_squad


def read_questions(
    path: str | Path, *, expected: str = "squad", on_problem: OnProblem | None = None
) -> Iterator[Question]:
    """
    Read the questions of a file in its order.

    # Parameters

    path : `str | Path`
        As for `read_lines`.
    expected : `str`, optional (default = `"squad"`)
        `squad` or `mrqa`: the layout of a file whose beginning tells none, for messages.
    on_problem : `Callable[[DataError], None]`, optional (default = `None`)
        Called for each bad question, which is then left out. By default the error is raised.
    """
    layout = qa_layout(path)
    is_mrqa = layout == "mrqa" or (layout == "records" and expected == "mrqa")
    read = read_mrqa if is_mrqa else read_squad
    return read(path, on_problem=on_problem)
