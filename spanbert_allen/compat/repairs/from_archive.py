"""
A training that starts from another model gives a whole archive.

**Cause.** With `"model": {"type": "from_archive"}` the archive of a training holds the path of the
first archive in place of a configuration: it cannot be loaded where that one is gone, and settings
such as new labels or trained layers have no effect.

**Repair.** For models of this package the configuration is refused, with a sentence that names
`init`, which does the same and more. `Model.from_archive` in a program is left alone.
"""

from __future__ import annotations

import functools
from typing import Any

from allennlp.data import Vocabulary
from allennlp.models import Model

from spanbert_allen.common.errors import ConfigError

_from_archive = Model.from_archive.__func__


def needed() -> bool:
    return True


def apply() -> None:
    Model.from_archive = classmethod(from_archive)


@functools.wraps(_from_archive)
def from_archive(cls: type[Model], archive_file: str, vocab: Vocabulary = None) -> Model:
    model: Any = _from_archive(cls, archive_file, vocab)
    # AllenNLP gives a vocabulary when it builds the model of a configuration.
    if vocab is not None and type(model).__module__.startswith("spanbert_allen."):
        raise ConfigError(
            "`model.type` 'from_archive' makes an archive that does not load without the first: "
            f"leave `model` out and set the knob `init:: '{archive_file}'`, or `trainer.init` "
            "without a template"
        )
    return model
