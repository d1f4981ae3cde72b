"""All examples of a data set have a label, or none has."""

from __future__ import annotations

from typing import Protocol

from spanbert_allen.common.errors import DataError


class Example(Protocol):
    """What is checked."""

    @property
    def label(self) -> object:
        """`None` if there is none."""

    @property
    def place(self) -> str:
        """Where it stands, for the message."""


class LabelCheck:
    """Says of the examples of a data set, one by one, which are not of the first one's kind."""

    def __init__(self) -> None:
        self._is_labelled: bool | None = None

    def problem(self, example: Example) -> DataError | None:
        """What is wrong with an example, as all instances of a batch must be of one kind."""
        is_labelled = example.label is not None
        if self._is_labelled is None:
            self._is_labelled = is_labelled
        if is_labelled == self._is_labelled:
            return None
        has, do = ("a", "do not") if is_labelled else ("no", "do")
        return DataError(
            f"{example.place}: it has {has} label, but those before it {do}; label all or none"
        )
