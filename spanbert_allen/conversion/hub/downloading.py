"""Find the archive of a model on the hub."""

from __future__ import annotations

from pathlib import Path

from spanbert_allen.common.errors import DataError
from spanbert_allen.conversion.hub.names import ARCHIVE, HubName, reason_of


def hub_archive(name: HubName) -> Path:
    """
    Return the archive of a model on the hub, from the hub's local cache if it is there already.

    # Parameters

    name : `HubName`
        The model.

    # Errors

    `DataError` if it cannot be had.
    """
    import huggingface_hub

    try:
        found = huggingface_hub.hf_hub_download(name.repo, ARCHIVE, revision=name.revision)
    except (OSError, ValueError) as error:
        raise DataError(
            f"is neither a file nor a folder here (looked from {Path.cwd()}), nor could its "
            f"{ARCHIVE} be had from the hub ({reason_of(error)}): check the name and the network; "
            "for a private model, log in with `huggingface-cli login`",
            name.repo,
        ) from error
    return Path(found)
