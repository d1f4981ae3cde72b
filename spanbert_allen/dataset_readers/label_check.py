"""All examples of a data set have a label, or none has."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Protocol, TypeVar

from spanbert_allen.common.errors import DataError, OnProblem


class Example(Protocol):
    """What is checked."""

    @property
    def label(self) -> object:
        """`None` if there is none."""

    @property
    def place(self) -> str:
        """Where it stands, for the message."""


AnExample = TypeVar("AnExample", bound=Example)


class LabelCheck:
    """Lets those examples of a data set pass that are of the first one's kind."""

    def __init__(self) -> None:
        self._is_labelled: bool | None = None

    def passed(self, examples: Iterable[AnExample], on_problem: OnProblem) -> Iterator[AnExample]:
        """
        Those that have a label if the first one of all had, as all instances of a batch must be of
        one kind; what is wrong with the others goes to `on_problem`.
        """
        for example in examples:
            problem = self._problem(example)
            if problem is None:
                yield example
            else:
                on_problem(problem)

    def _problem(self, example: Example) -> DataError | None:
        is_labelled = example.label is not None
        if self._is_labelled is None:
            self._is_labelled = is_labelled
        if is_labelled == self._is_labelled:
            return None
        has, do = ("a", "do not") if is_labelled else ("no", "do")
        return DataError(
            f"{example.place}: it has {has} label, but those before it {do}; label all or none"
        )
