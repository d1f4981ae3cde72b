"""The tasks of GLUE: their files, columns, labels and scores, all in one table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import NamedTuple

from spanbert_allen.common.errors import ConfigError


class Column(NamedTuple):
    """A column of a file: its place, counted from 0, and its name in the header."""

    place: int
    name: str


@dataclass(frozen=True, kw_only=True)
class Layout:
    """
    What the columns of a file are.

    # Parameters

    text, text_pair : `Column`
        The text, or both; `text_pair` is `None` where there is one only.
    label : `Column`, optional (default = `None`)
        That of the label. The place -1 is the last column.
    header : `bool`, optional (default = `True`)
        Whether the first line names the columns.
    """

    text: Column
    text_pair: Column | None = None
    label: Column | None = None
    header: bool = True

    @property
    def columns(self) -> list[Column]:
        """Return all columns that are read."""
        return [c for c in (self.text, self.text_pair, self.label) if c is not None]

    def fits(self, header: Sequence[str]) -> bool:
        """Tell whether a first line names these columns at their places."""
        return all(
            -len(header) <= column.place < len(header)
            and header[column.place].strip().lower() == column.name.lower()
            for column in self.columns
        )


@dataclass(frozen=True, kw_only=True)
class GlueTask:
    """
    A task of Wang et al. (2019), "GLUE".

    # Parameters

    name : `str`
        As GLUE spells it.
    layouts : `tuple[Layout, ...]`
        Of its files; the first one that fits a header is taken, and one without a header where
        none does.
    labels : `tuple[str, ...]`
        Its classes, in the order of the model's outputs; none for a number.
    scores : `tuple[str, ...]`
        The names of its scores. The last one is that by which the best weights are kept.
    skips_short_rows : `bool`, optional (default = `False`)
        Whether rows that lack columns are passed over, as QQP has some.
    """

    name: str
    layouts: tuple[Layout, ...]
    labels: tuple[str, ...]
    scores: tuple[str, ...]
    skips_short_rows: bool = False

    @property
    def is_regression(self) -> bool:
        """Tell whether it predicts a number."""
        return not self.labels


_BINARY = ("0", "1")
_TWO_WAY = ("entailment", "not_entailment")
_THREE_WAY = ("contradiction", "entailment", "neutral")
_LAST = -1

_SENTENCES = Column(1, "sentence1"), Column(2, "sentence2")
_AX = Layout(text=_SENTENCES[0], text_pair=_SENTENCES[1])


def _pairs(
    name: str,
    texts: tuple[Column, Column],
    label: Column,
    *,
    labels: tuple[str, ...],
    scores: tuple[str, ...],
    test_texts: tuple[Column, Column] | None = None,
    others: tuple[Layout, ...] = (),
    skips_short_rows: bool = False,
) -> GlueTask:
    """Return a task of pairs; its unlabelled files have the same columns if no others are given."""
    first, second = texts if test_texts is None else test_texts
    return GlueTask(
        name=name,
        layouts=(
            Layout(text=texts[0], text_pair=texts[1], label=label),
            Layout(text=first, text_pair=second),
            *others,
        ),
        labels=labels,
        scores=scores,
        skips_short_rows=skips_short_rows,
    )


TASKS = (
    GlueTask(
        name="CoLA",
        layouts=(
            Layout(text=Column(1, "sentence")),
            Layout(text=Column(3, "sentence"), label=Column(1, "label"), header=False),
        ),
        labels=_BINARY,
        scores=("acc", "mcc"),
    ),
    GlueTask(
        name="SST-2",
        layouts=(
            Layout(text=Column(0, "sentence"), label=Column(1, "label")),
            Layout(text=Column(1, "sentence")),
        ),
        labels=_BINARY,
        scores=("acc",),
    ),
    _pairs(
        "MRPC",
        (Column(3, "#1 String"), Column(4, "#2 String")),
        Column(0, "Quality"),
        labels=_BINARY,
        scores=("acc", "f1", "acc_and_f1"),
    ),
    _pairs(
        "STS-B",
        (Column(7, "sentence1"), Column(8, "sentence2")),
        Column(_LAST, "score"),
        labels=(),
        scores=("pearson", "spearmanr", "corr"),
    ),
    _pairs(
        "QQP",
        (Column(3, "question1"), Column(4, "question2")),
        Column(5, "is_duplicate"),
        labels=_BINARY,
        scores=("acc", "f1", "acc_and_f1"),
        test_texts=(Column(1, "question1"), Column(2, "question2")),
        skips_short_rows=True,
    ),
    _pairs(
        "MNLI",
        (Column(8, "sentence1"), Column(9, "sentence2")),
        Column(_LAST, "gold_label"),
        labels=_THREE_WAY,
        scores=("acc",),
        others=(_AX,),
    ),
    _pairs(
        "QNLI",
        (Column(1, "question"), Column(2, "sentence")),
        Column(_LAST, "label"),
        labels=_TWO_WAY,
        scores=("acc",),
    ),
    _pairs("RTE", _SENTENCES, Column(_LAST, "label"), labels=_TWO_WAY, scores=("acc",)),
    _pairs("WNLI", _SENTENCES, Column(_LAST, "label"), labels=_BINARY, scores=("acc",)),
    GlueTask(name="AX", layouts=(_AX,), labels=_THREE_WAY, scores=("mcc",)),
)
"""The nine tasks, and the diagnostic set, which MNLI's models predict."""

_BY_NAME = {task.name.lower(): task for task in TASKS}


def glue_task(name: str) -> GlueTask:
    """
    Return a task by its name, in any case, with or without the hyphen of SST-2 and STS-B.

    # Errors

    `ConfigError` for an unknown one.
    """
    key = name.lower()
    for task in TASKS:
        if key in (task.name.lower(), task.name.lower().replace("-", "")):
            return task
    near = get_close_matches(key, _BY_NAME, n=1)
    hint = f"did you mean {_BY_NAME[near[0]].name}?" if near else "give another"
    known = ", ".join(task.name for task in TASKS)
    raise ConfigError(f"`task` is {name!r}, which is none of GLUE's ({known}); {hint}")


def submission_name(task: GlueTask, source: str) -> str:
    """
    Return the name of the file in which GLUE takes predictions.

    # Parameters

    task : `GlueTask`
        The task of the model.
    source : `str`
        The file that was predicted. MNLI's models predict three: names with `mismatched` in them,
        and those of the diagnostic set, `diagnostic.tsv` or `ax.tsv`, are recognised.
    """
    if task.name != "MNLI":
        return f"{task.name}.tsv"
    source = source.replace("\\", "/").rsplit("/", 1)[-1].lower()
    if source.startswith(("diagnostic", "ax.")):
        return "AX.tsv"
    return "MNLI-mm.tsv" if "mismatched" in source else "MNLI-m.tsv"
