"""The model that is fitted, and the batches of annotated data as an evaluation reads it."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from allennlp.common import Params
from allennlp.data import DataLoader, TensorDict
from allennlp.models.archival import Archive

from spanbert_allen.common.errors import DataError
from spanbert_allen.conversion.part import part_of


def archive_of_task(archive: Archive, task: str | None) -> Archive:
    """
    Return a task of an archive of several as if it were alone, any other archive as it is.

    # Parameters

    archive : `Archive`
        The archive.
    task : `str`, optional
        The name of the task; `ConfigError` if it is not there.
    """
    model, reader = part_of(archive.model, archive.validation_dataset_reader, task)
    if task is None:
        return archive
    settings = archive.config.as_dict(quiet=True)
    loader = settings.get("validation_data_loader") or settings["data_loader"]
    config = {
        "model": settings["model"]["tasks"][task],
        "data_loader": {"batch_sampler": loader["batches"][task]},
    }
    return Archive(model, Params(config), reader, reader, archive.meta)


def evaluation_batches(archive: Archive, data: str) -> Iterator[TensorDict]:
    """
    Yield the batches of a file, as the archive's configuration makes them.

    Raises a `DataError` if there are none.
    """
    settings = archive.config.as_dict(quiet=True)
    loader_params = settings.get("validation_data_loader") or settings["data_loader"]
    loader = DataLoader.from_params(
        params=Params(dict(loader_params)), reader=archive.validation_dataset_reader, data_path=data
    )
    loader.index_with(archive.model.vocab)
    is_empty = True
    with torch.no_grad():
        for batch in loader:
            is_empty = False
            yield batch
    if is_empty:
        raise DataError("holds no example to fit anything on", data)


def require_label(batch: TensorDict, data: str) -> None:
    """Raise a `DataError` for a batch of examples without labels."""
    if "label" not in batch:
        raise DataError("has an example without a label; give annotated data", data)
