"""
Find the training configurations that come with this package, by name.

They lie in `spanbert_allen/training_configs`: in an installed package as data, in a clone of the
repository as a link to `training_configs/`. With `PARENT` on jsonnet's search path, a configuration
anywhere can import `spanbert_allen/training_configs/lib/coref.libsonnet` and all others.
"""

from __future__ import annotations

import re
from pathlib import Path

from spanbert_allen.common import console
from spanbert_allen.common.errors import ConfigError

PARENT = Path(__file__).parent.parent
"""The folder that jsonnet searches for `IMPORT_PREFIX`."""
IMPORT_PREFIX = "spanbert_allen/training_configs"
"""What imports of shipped configurations and libraries begin with, wherever they stand."""

_RELATIVE_IMPORT = re.compile(r"(\bimport\s+)(['\"])(?!/)(?!spanbert_allen/)([^'\"]+)\2")


def configs_folder() -> Path:
    """
    Return the folder of the configurations.

    A checkout without symbolic links has a text file in the link's place; there the repository's
    own `training_configs/` is returned.
    """
    installed = PARENT / IMPORT_PREFIX
    return installed.resolve() if installed.is_dir() else PARENT / "training_configs"


def config_names() -> list[str]:
    """Return the names of all configurations, e.g. `coref/own_data`, sorted."""
    folder = configs_folder()
    paths = folder.glob("*/**/*.jsonnet")
    return sorted(path.relative_to(folder).with_suffix("").as_posix() for path in paths)


def find_config(name: str) -> Path:
    """
    Return the path of a configuration.

    # Parameters

    name : `str`
        Its name, e.g. `coref/own_data`; `.jsonnet` may stand behind it.

    Raises a `ConfigError` that suggests the nearest names when there is none of this name.
    """
    name = name.removesuffix(".jsonnet")
    if name not in (names := config_names()):
        near = console.nearest(name, names)
        hint = f"did you mean {', '.join(near)}?" if near else "see `spanbert-allen config`"
        raise ConfigError(f"there is no training configuration `{name}`: {hint}")
    return configs_folder() / f"{name}.jsonnet"


def summary(name: str) -> str:
    """Return the first sentence of the comment at the top of a configuration, in one line."""
    lines = find_config(name).read_text(encoding="utf-8").splitlines()
    comment = []
    for line in lines:
        if not line.startswith("//"):
            break
        comment.append(line.removeprefix("//").strip())
    sentence = re.split(r"(?<=[.:;])\s", " ".join(comment), maxsplit=1)[0]
    return sentence.rstrip(".:;")


def standalone_text(name: str) -> str:
    """
    Return the text of a configuration as it can stand in any folder.

    Its relative imports become imports of the installed files, which `allennlp` with this package
    loaded finds from everywhere.
    """
    path, root = find_config(name), configs_folder()

    def absolute(match: re.Match[str]) -> str:
        word, quote, target = match.groups()
        place = (path.parent / target).resolve().relative_to(root.resolve()).as_posix()
        return f"{word}{quote}{IMPORT_PREFIX}/{place}{quote}"

    return _RELATIVE_IMPORT.sub(absolute, path.read_text(encoding="utf-8"))
