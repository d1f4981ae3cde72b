"""The reader of a model of several tasks: a reader for each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from allennlp.data import DatasetReader, Instance
from allennlp.data.dataset_readers import MultiTaskDatasetReader

from spanbert_allen.common.errors import ConfigError
from spanbert_allen.common.record_checks import shown


@DatasetReader.register("spanbert_multitask")
class MultitaskReader(MultiTaskDatasetReader):
    """
    Read the data of several tasks, each with its own reader.

    It is AllenNLP's `multitask` reader, which puts the name of the task into each instance, as the
    field `task`; and it reads the files of several tasks one after the other.

    Registered as a `DatasetReader` with name "spanbert_multitask".

    # Parameters

    readers : `dict[str, DatasetReader]`
        The readers, by the names of the tasks, which are those of `model.tasks`.
    max_instances : `int`, optional (default = `None`)
        Read only so many examples of each file.
    """

    def __init__(
        self, readers: dict[str, DatasetReader], *, max_instances: int | None = None
    ) -> None:
        super().__init__(readers)
        self.max_instances = max_instances
        for reader in readers.values():
            if max_instances is not None:
                reader.max_instances = max_instances

    def read(self, file_paths: Any, *, force_task: str | None = None) -> Iterator[Instance]:
        """
        Yield the instances of some files.

        # Parameters

        file_paths : `Mapping[str, Any]`
            By the names of the tasks, what their readers read; not all tasks need data. With
            `force_task`, the path of that task.
        force_task : `str`, optional (default = `None`)
            The only task to read.
        """
        if force_task is not None:
            yield from self.readers[force_task].read(file_paths)
            return
        for task, path in self.checked_paths(file_paths).items():
            yield from self.readers[task].read(path)

    def reader_of(self, task: str) -> DatasetReader:
        """Return the reader of a task, whose instances do not say their task."""
        inner: DatasetReader = self.readers[task].inner
        return inner

    def checked_paths(self, file_paths: Any) -> dict[str, Any]:
        """Return the paths by task; raises `ConfigError` for what does not name the tasks."""
        names = ", ".join(self.readers)
        if not isinstance(file_paths, Mapping) or not file_paths:
            raise ConfigError(
                f"{shown(file_paths)} does not say of which task the data is: give an object such "
                f'as {{"{next(iter(self.readers))}": "train.jsonl"}}; the tasks are {names}'
            )
        for task in file_paths:
            if task not in self.readers:
                raise ConfigError(
                    f"data for a task `{task}` is given, which the reader does not have; "
                    f"choose among {names}"
                )
        return {task: path for task, path in file_paths.items() if path is not None}
