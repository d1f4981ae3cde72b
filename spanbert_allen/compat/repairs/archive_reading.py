"""
Archives of trained models are unpacked with care.

**Cause.** AllenNLP unpacks with a plain `tarfile.extractall`: a member `../../.bashrc` lands
outside the folder, and a file that is cut short or no archive ends in a traceback of tarfile or
zlib and leaves half of it in the temporary folder.

**Repair.** Python's `data` filter refuses such members, an archive that cannot be used is one
sentence, and nothing is left behind.
"""

from __future__ import annotations

import logging
import shutil
import tarfile
import tempfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from os import PathLike
from pathlib import Path

from allennlp.models import archival

from spanbert_allen.common.errors import DataError
from spanbert_allen.common.outputs import is_full_disk

logger = logging.getLogger(__name__)


def needed() -> bool:
    """Return that the repair is needed with every version."""
    return True


def apply() -> None:
    """Put the function in AllenNLP's place."""
    archival.extracted_archive = extracted_archive


@contextmanager
def extracted_archive(
    resolved_archive_file: str | PathLike[str], cleanup: bool = True
) -> Iterator[str]:
    """
    Unpack an archive into a temporary folder, and give its path.

    # Parameters

    resolved_archive_file : `str | PathLike`
        A local .tar.gz file as AllenNLP writes it.
    cleanup : `bool`, optional (default = `True`)
        Remove the folder on leaving. It is removed in any case when unpacking fails.

    # Raises

    `DataError` when the file is no archive, is cut short, has a member outside its folder, or holds
    no configuration.
    """
    folder = tempfile.mkdtemp()
    try:
        logger.info("extracting archive file %s to temp dir %s", resolved_archive_file, folder)
        _extract(resolved_archive_file, folder)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    try:
        yield folder
    finally:
        if cleanup:
            logger.info("removing temporary unarchived model dir at %s", folder)
            shutil.rmtree(folder, ignore_errors=True)


def _extract(file: str | PathLike[str], folder: str) -> None:
    try:
        with tarfile.open(file, "r:gz") as archive:
            for member in _fitting(archive, file, folder):
                archive.extract(member, folder, filter="data")
    except tarfile.FilterError as error:
        raise DataError(
            f"the archive has a member that does not belong in a model ({error}): "
            "nothing of it was kept; take it from a source you trust",
            Path(file),
        ) from error
    # A gzip stream that ends early is an EOFError, a damaged one a zlib.error or a BadGzipFile,
    # and what is not compressed at all a ReadError.
    except (EOFError, zlib.error, tarfile.TarError, OSError) as error:
        if isinstance(error, FileNotFoundError | PermissionError | IsADirectoryError):
            raise
        if is_full_disk(error):
            raise _no_room(file, folder) from error
        if isinstance(error, OSError) and error.errno is not None:
            raise  # not the archive's fault
        problem = _cut_short(error)
        raise DataError(f"{problem}: give a model.tar.gz of AllenNLP", Path(file)) from error
    if not (Path(folder) / archival.CONFIG_NAME).is_file():
        raise DataError(
            f"the archive holds no {archival.CONFIG_NAME}, so it is no trained model: "
            "give a model.tar.gz of AllenNLP",
            Path(file),
        )


def _fitting(
    archive: tarfile.TarFile, file: str | PathLike[str], folder: str
) -> Iterator[tarfile.TarInfo]:
    """Yield the members, as long as what they unpack to has room."""
    room = shutil.disk_usage(folder).free
    for member in archive:
        room -= member.size
        if room < 0:
            raise _no_room(file, folder)
        yield member


def _no_room(file: str | PathLike[str], folder: str) -> DataError:
    return DataError(
        f"the disk of {Path(folder).parent} has no room to unpack the archive: free some space, or "
        "set TMPDIR to a folder on another disk",
        Path(file),
    )


def _cut_short(error: Exception) -> str:
    if isinstance(error, EOFError | zlib.error) or "unexpected end" in str(error):
        return "the archive is cut short or damaged, fetch or copy it again"
    return "not an archive (.tar.gz)"
