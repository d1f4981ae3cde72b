"""
An archive is read and nothing else; what is wrong with it is one sentence that names it.

**Cause.** AllenNLP evaluates the configuration of an archive as a program of jsonnet, which reads
files and the environment and may never end; a configuration may open other archives; and whatever
is wrong ends in a traceback that names a temporary folder.

**Repair.** The configuration is read as JSON. The archive is opened as `permissions` describes.
Errors become one sentence with the path that the user gave.
"""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from os import PathLike
from pathlib import Path
from typing import Any

from allennlp.common.file_utils import cached_path
from allennlp.common.meta import META_NAME, Meta
from allennlp.common.params import parse_overrides, with_overrides
from allennlp.common.util import SigTermReceived
from allennlp.models import archival

from spanbert_allen.common.console import sentence_for
from spanbert_allen.common.errors import ConfigError, DataError, UserError
from spanbert_allen.common.paths import refuse_empty_path
from spanbert_allen.common.permissions import (
    ARCHIVES,
    VARIABLE,
    network_refusal,
    opened_archive,
    opening,
)
from spanbert_allen.common.record_checks import shown
from spanbert_allen.compat.repairs.archive_names import ArchiveParams
from spanbert_allen.compat.replacing import replace_function

_load_archive = archival.load_archive
_BUILT = (
    "dataset_reader",
    "validation_dataset_reader",
    "vocabulary",
    "model",
    "data_loader",
    "validation_data_loader",
    "evaluation",
)
"""The sections of a configuration that loading, predicting and evaluating build objects of."""
_SEEDS = ("random_seed", "numpy_seed", "pytorch_seed")
_PROGRAMS = ("trust_remote_code", "evalb_directory_path", "srl_eval_path")
"""Settings of transformers, AllenNLP and allennlp-models that let a program be run from a path."""
_LARGEST_CONFIG = 1 << 26  # bytes: no configuration comes near it
_MISFIT = re.compile(r"size mismatch for (\S+):|(Missing|Unexpected) keys: \['(.*?)'")
_LONGEST_SENTENCE = 420
_LONGEST_DETAIL = 200


def needed() -> bool:
    """Return that the repair is needed with every version."""
    return True


def apply() -> None:
    """Put the function in AllenNLP's place."""
    replace_function(_load_archive, load_archive, everywhere=True)


@functools.wraps(_load_archive)
def load_archive(
    archive_file: str | PathLike[str],
    cuda_device: int = -1,
    overrides: str | dict[str, Any] = "",
    weights_file: str | None = None,
) -> archival.Archive:
    """
    Open an archive, or the folder of a training, with AllenNLP's arguments.

    # Raises

    `DataError` or `ConfigError` for an archive that cannot be used, or that asks for what archives
    may not do.
    """
    refuse_empty_path(archive_file, "the model", "name a model.tar.gz or the folder of a training")
    _refuse_within_another(archive_file)
    path = cached_path(archive_file)  # a URL that the user gave is the user's own word
    with ExitStack() as stack:
        folder = path
        if not Path(path).is_dir():
            folder = stack.enter_context(archival.extracted_archive(path))
        stack.enter_context(errors_of(archive_file, folder, is_changed=bool(overrides)))
        config = _overridden(read_config(folder, archive_file), overrides)
        _refuse_programs(config.as_dict(quiet=True), archive_file)
        meta = _meta(Path(folder))
        readers = archival._load_dataset_readers(config.duplicate(), folder)
        model = archival._load_model(
            config.duplicate(),
            weights_file or archival.get_weights_path(folder),
            folder,
            cuda_device,
        )
        if meta is not None:
            archival._check_version_compatibility(archive_file, meta)
    return archival.Archive(model, config, *readers, meta)


def read_config(folder: str | PathLike[str], archive: str | PathLike[str]) -> ArchiveParams:
    """
    Read the configuration of an archive, as JSON.

    # Parameters

    folder : `str | PathLike`
        The archive's files.
    archive : `str | PathLike`
        The archive itself.

    # Raises

    `DataError` for what is no configuration.
    """
    path = Path(folder) / archival.CONFIG_NAME
    config = _json_object(path)
    for key in ("model", "dataset_reader"):
        if not isinstance(config.get(key), dict):
            raise DataError(
                f"{path.name} has no `{key}`, so this is no trained model: give a model.tar.gz of "
                "AllenNLP",
                str(archive),
            )
    for key in _BUILT:
        if isinstance(config.get(key), str):
            config[key] = {"type": config[key]}
    return ArchiveParams(config, archive=str(archive))


@contextmanager
def errors_of(
    archive: str | PathLike[str], folder: str | PathLike[str], *, is_changed: bool = False
) -> Iterator[None]:
    """
    Open an archive while the block runs; what is wrong with it is raised as one sentence.

    # Parameters

    archive : `str | PathLike`
        The archive, as the user named it.
    folder : `str | PathLike`
        Its files, which messages do not name.
    is_changed : `bool`, optional (default = `False`)
        Whether the user changes its configuration.
    """
    with opening(str(archive)) as opened:
        opened.folder = str(folder)
        try:
            yield
        except SigTermReceived:  # the user's own end of the program
            raise
        except UserError as error:
            raise _renamed(error, str(archive), str(folder)) from error
        except Exception as error:
            if isinstance(error, OSError) and opened.asked_network:
                raise network_refusal(opened, "files that it does not hold") from error
            problem = (sentence_for(error) or _problem(error, is_changed)).replace(f"{folder}/", "")
            raise DataError(_short(problem, _LONGEST_SENTENCE), str(archive)) from error


def _refuse_within_another(archive_file: str | PathLike[str]) -> None:
    outer = opened_archive()
    if outer is None or ARCHIVES in outer.allowed:
        return
    if str(archive_file) != outer.folder:
        raise ConfigError(
            f"{outer.path}: its configuration opens another archive ({_short(str(archive_file))}), "
            "which an archive may not: train it again with `init`, which makes it whole; or, if "
            f"you trust both, set {VARIABLE}={ARCHIVES}, in Python `allow=['{ARCHIVES}']`"
        )


def _refuse_programs(settings: Any, archive: str | PathLike[str]) -> None:
    parts = [settings]
    while parts:
        part = parts.pop()
        if isinstance(part, Mapping):
            for key in _PROGRAMS:
                if part.get(key):
                    raise ConfigError(
                        f"{archive}: its configuration sets `{key}`, by which a program would be "
                        "run, and an archive may not run any: do not open it if it is not yours, "
                        "else set that to null with -o, in Python `overrides`"
                    )
            parts.extend(part.values())
        elif isinstance(part, list):
            parts.extend(part)


def _overridden(config: ArchiveParams, overrides: str | Mapping[str, Any]) -> ArchiveParams:
    """Return the configuration with what the user changes; that may be written in jsonnet."""
    changes = parse_overrides(overrides) if isinstance(overrides, str) else overrides
    if not changes:
        return config
    before = config.as_dict(quiet=True)
    for name in changes:
        if "." not in name and name not in (*before, *_BUILT, *_SEEDS):
            raise ConfigError(
                f"the option -o, in Python `overrides`, names {shown(name)}, of which nothing is "
                f"read: give the whole path of a setting, such as `model.{name}`"
            )
    changed = with_overrides(before, dict(changes))
    return ArchiveParams(changed, archive=config.archive)


def _meta(folder: Path) -> Meta | None:
    path = folder / META_NAME
    if not path.is_file():
        return None
    version = _json_object(path).get("version")
    if not isinstance(version, str) or not re.fullmatch(r"\d+\.\d+\.\d+.*", version):
        raise DataError(
            f"{META_NAME} in it does not say the version of AllenNLP: take it out, or take a whole "
            "archive",
            path,
        )
    return Meta(version)


def _json_object(path: Path) -> dict[str, Any]:
    try:
        if path.stat().st_size > _LARGEST_CONFIG:
            raise ValueError("far too large")
        value = json.loads(path.read_bytes())
    except FileNotFoundError as error:
        raise DataError(f"has no {path.name}: give a model.tar.gz of AllenNLP", path) from error
    except (ValueError, RecursionError) as error:
        raise DataError(
            f"{path.name} in it is not whole JSON ({_short(str(error))}): fetch or copy the "
            "archive again",
            path,
        ) from error
    if not isinstance(value, dict):
        raise DataError(
            f"{path.name} in it is not a JSON object: give a model.tar.gz of AllenNLP", path
        )
    return value


def _renamed(error: UserError, archive: str, folder: str) -> UserError:
    """Return the error with the archive's path for that of its files."""
    if isinstance(error, DataError) and error.path is not None:
        inside = str(error.path).startswith(folder)
        path = archive if inside or folder == archive else error.path
        problem = _short(error.problem.replace(folder, archive), _LONGEST_SENTENCE)
        return DataError(problem, path, error.line)
    text = str(error).replace(folder, archive)
    kind = type(error) if type(error) in (ConfigError, UserError) else DataError
    return kind(text if archive in text else f"{archive}: {text}")


def _problem(error: BaseException, is_changed: bool) -> str:
    text = " ".join(str(error).split())
    fits = _MISFIT.search(text)
    if "loading state" in text and fits:
        what = f"`{fits[1]}` has another shape" if fits[1] else f"{fits[2].lower()}: {fits[3]}"
        return (
            f"its weights are not those of the model that its {archival.CONFIG_NAME} describes "
            f"({_short(what)}): fetch or copy the archive again, or leave out what you override"
        )
    cause = "the archive is damaged, or of another version of its packages"
    if is_changed:
        cause = "check the keys and values of -o, in Python `overrides`"
    return (
        f"a model cannot be built of its {archival.CONFIG_NAME} ({type(error).__name__}: "
        f"{_short(text)}): {cause}; ALLENNLP_DEBUG=1 shows more"
    )


def _short(text: str, limit: int = _LONGEST_DETAIL) -> str:
    text = " ".join(text.split())
    return text if len(text) <= limit else f"{text[:limit]} ..."
