"""Check that all examples of a data set have a label, or none has."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any, Protocol, TypeVar

from spanbert_allen.common.errors import DataError, OnProblem


class Example(Protocol):
    """An example that may have a label."""

    @property
    def place(self) -> str:
        """Return where the example was read, for the message."""


AnExample = TypeVar("AnExample", bound=Example)


class LabelCheck:
    """
    Let those examples of a data set pass that have a label if the first one has.

    # Parameters

    has_label : `Callable[[Any], bool]`, optional
        Returns whether an example has one; by default, whether its `label` is not `None`.
    names : `tuple[str, str]`, optional (default = `("a label", "no label")`)
        What messages say that an example has, and that one without has.
    """

    def __init__(
        self,
        has_label: Callable[[Any], bool] = lambda example: example.label is not None,
        names: tuple[str, str] = ("a label", "no label"),
    ) -> None:
        self._has_label = has_label
        self._names = names
        self._is_labelled: bool | None = None

    def passed(self, examples: Iterable[AnExample], on_problem: OnProblem) -> Iterator[AnExample]:
        """
        Yield the examples that have a label if the first one of all had, or have none as it.

        All instances of a batch must be of one kind. What is wrong with the others goes to
        `on_problem`.
        """
        for example in examples:
            problem = self._problem(example)
            if problem is None:
                yield example
            else:
                on_problem(problem)

    def _problem(self, example: Example) -> DataError | None:
        is_labelled = self._has_label(example)
        if self._is_labelled is None:
            self._is_labelled = is_labelled
        if is_labelled == self._is_labelled:
            return None
        has = self._names[not is_labelled]
        do = "do not" if is_labelled else "do"
        return DataError(
            f"{example.place}: it has {has}, but those before it {do}; label all or none"
        )
