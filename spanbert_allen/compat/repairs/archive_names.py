"""
The configuration of an archive names only what is registered.

**Cause.** AllenNLP takes a `type` with a dot in it for the path of a class, imports the module and
calls what it finds there: `{"type": "subprocess.Popen", "args": [...]}` in the configuration of an
archive runs a command as soon as the archive is opened.

**Repair.** While an archive is opened, and wherever a part is built from its configuration later
on, names are looked up in the registry and nowhere else. A configuration that the user trains with
may go on naming classes by their path.
"""

from __future__ import annotations

import functools
from typing import Any

from allennlp.common import FromParams, Params, Registrable

from spanbert_allen.common.errors import ConfigError
from spanbert_allen.common.permissions import PERMISSIONS, opened_archive, opening
from spanbert_allen.common.record_checks import shown

_resolve_class_name: Any = Registrable.__dict__["resolve_class_name"].__func__
_from_params: Any = FromParams.__dict__["from_params"].__func__


class ArchiveParams(Params):
    """
    The configuration of an archive, or a part of it, which remembers where it comes from.

    # Parameters

    params, history
        As for `Params`.
    archive : `str`
        The path of the archive.
    """

    def __init__(self, params: dict[str, Any], history: str = "", *, archive: str) -> None:
        super().__init__(params, history)
        self.archive = archive

    def _check_is_dict(self, new_history: str, value: Any) -> Any:
        if isinstance(value, dict):
            history = f"{self.history}{new_history}."
            return ArchiveParams(value, history, archive=self.archive)
        return super()._check_is_dict(new_history, value)


def needed() -> bool:
    """Return that the repair is needed with every version."""
    return True


def apply() -> None:
    """Put the checks in place."""
    Registrable.resolve_class_name = classmethod(resolve_class_name)
    FromParams.from_params = classmethod(from_params)


@functools.wraps(_resolve_class_name)
def resolve_class_name(cls: type[Registrable], name: str) -> Any:
    """
    Return the class of a name and its constructor as AllenNLP does.

    Raises `ConfigError` for the path of a class while an archive is opened.
    """
    archive = opened_archive()
    if archive is not None and name not in Registrable._registry[cls] and "." in name:
        raise ConfigError(
            f"{archive.path}: its configuration names {shown(name)} as a {cls.__name__}, which is "
            "not registered, and an archive may not import or run anything: do not open it if it "
            "is not yours, else register the class and name its package with --include-package or "
            "`trust`"
        )
    return _resolve_class_name(cls, name)


@functools.wraps(_from_params)
def from_params(cls: type[FromParams], params: Any, *args: Any, **kwargs: Any) -> Any:
    """Build an object as AllenNLP does; from an archive's configuration, of registered parts."""
    if isinstance(params, ArchiveParams) and opened_archive() is None:
        # The archive has been opened: reading the user's data, wherever it is, is not its doing.
        with opening(params.archive, frozenset(PERMISSIONS)):
            return _from_params(cls, params, *args, **kwargs)
    return _from_params(cls, params, *args, **kwargs)
