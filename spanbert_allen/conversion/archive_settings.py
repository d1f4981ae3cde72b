"""Write an archive again with other settings of its model, and the same weights."""

from __future__ import annotations

import json
import tarfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from allennlp.models.archival import CONFIG_NAME, extracted_archive

from spanbert_allen.common.outputs import told_of_full_disk


def write_with_settings(
    archive: str | Path,
    target: str | Path,
    settings: Mapping[str, Any],
    *,
    task: str | None = None,
) -> None:
    """
    Write an archive with some settings of its model changed; every other file stays as it is.

    The new archive appears whole or not at all.

    # Parameters

    archive : `str | Path`
        A `model.tar.gz`.
    target : `str | Path`
        The archive to write, another file.
    settings : `Mapping[str, Any]`
        Keys of `model` in the configuration, and their values.
    task : `str`, optional (default = `None`)
        Of a model of several tasks, the one whose settings these are.
    """
    target = Path(target)
    target.absolute().parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(target.name + ".part")
    with extracted_archive(archive) as extracted, told_of_full_disk(target):
        config_file = Path(extracted) / CONFIG_NAME
        config = json.loads(config_file.read_text())
        model = config["model"] if task is None else config["model"]["tasks"][task]
        model |= settings
        config_file.write_text(json.dumps(config, indent=2))
        try:
            with tarfile.open(part, "w:gz") as packed:
                for member in sorted(Path(extracted).iterdir()):
                    packed.add(member, arcname=member.name)
            part.replace(target)
        finally:
            part.unlink(missing_ok=True)
