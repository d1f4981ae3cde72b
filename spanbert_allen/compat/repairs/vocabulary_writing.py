"""
Each file of a vocabulary is whole at every moment.

**Cause.** A training run writes its vocabulary anew each time that it starts, in place, also when
it recovers. With several workers a run reads it from there: after one that was ended in that moment
it would go on with half of the words.

**Repair.** The files are written in a hidden folder, which readers pass over, and then renamed.
"""

from __future__ import annotations

import functools
import shutil
from pathlib import Path

from allennlp.data import Vocabulary

_save_to_files = Vocabulary.save_to_files

_BESIDE = ".part"


def needed() -> bool:
    return True


def apply() -> None:
    Vocabulary.save_to_files = save_to_files


@functools.wraps(_save_to_files)
def save_to_files(self: Vocabulary, directory: str) -> None:
    beside = Path(directory) / _BESIDE
    shutil.rmtree(beside, ignore_errors=True)  # of a run that was ended here
    try:
        _save_to_files(self, str(beside))
        for file in beside.glob("*.txt"):
            file.replace(Path(directory) / file.name)
    finally:
        shutil.rmtree(beside, ignore_errors=True)
