"""What every format of coreference model is read into."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from torch import Tensor

from spanbert_allen.common.errors import DataError
from spanbert_allen.modules.encoder.weights import listed


@dataclass(frozen=True, kw_only=True)
class CorefCheckpoint:
    """
    A coreference model of others, in our terms.

    # Parameters

    weights : `Mapping[str, Tensor]`
        Under the names of our model.
    model : `Mapping[str, Any]`
        The settings of `spanbert_coref`, but for the embedder.
    indexer : `Mapping[str, Any]`
        The settings of the indexer, but for the encoder's name.
    reader : `Mapping[str, Any]`, optional
        Other settings of the reader.
    encoder_name : `str`
        What it calls its encoder.
    vocabulary : `bytes`, optional (default = `None`)
        The encoder's `vocab.txt`, if it is with the model.
    lower_case : `bool`, optional (default = `None`)
        Whether text is lower-cased, if the model says so.
    """

    weights: Mapping[str, Tensor]
    model: Mapping[str, Any]
    indexer: Mapping[str, Any]
    reader: Mapping[str, Any] = field(default_factory=dict)
    encoder_name: str
    vocabulary: bytes | None = None
    lower_case: bool | None = None


class WeightNames:
    """
    Rename weights from their names to ours.

    All that is asked for must be there, and nothing else may be: `finish` raises a `DataError` that
    lists both.

    # Parameters

    weights : `Mapping[str, Tensor]`
        Under their names.
    place : `Path`
        The file, for errors.
    """

    def __init__(self, weights: Mapping[str, Tensor], place: Path):
        self._left = dict(weights)
        self._place = place
        self._found: dict[str, Tensor] = {}
        self._missing: list[str] = []

    def __contains__(self, name: str) -> bool:
        return name in self._left

    def shape(self, name: str) -> tuple[int, ...]:
        """Return the shape of a tensor that is not taken yet; raise a `DataError` without it."""
        if name not in self._left:
            raise DataError(f"has no `{name}`: it is no model of this format", self._place)
        return tuple(self._left[name].shape)

    def take(self, theirs: str, ours: str) -> None:
        """Take a tensor under our name."""
        if theirs in self._left:
            self._found[ours] = self._left.pop(theirs).float().contiguous()
        else:
            self._missing.append(theirs)

    def take_linear(self, theirs: str, ours: str) -> None:
        """Take a linear layer: `weight` and `bias`."""
        for part in ("weight", "bias"):
            self.take(f"{theirs}.{part}", f"{ours}.{part}")

    def take_all(self, prefix: str, our_prefix: str) -> None:
        """Take all tensors whose names begin with a prefix."""
        for name in [name for name in self._left if name.startswith(prefix)]:
            self.take(name, our_prefix + name.removeprefix(prefix))

    def skip(self, prefix: str) -> None:
        """Skip tensors that are known to be there and are not needed."""
        for name in [name for name in self._left if name.startswith(prefix)]:
            del self._left[name]

    def finish(self) -> dict[str, Tensor]:
        """Return the tensors under our names, or raise a `DataError` that lists what is wrong."""
        problems = []
        if self._missing:
            problems.append(f"missing: {listed(self._missing)}")
        if self._left:
            problems.append(f"surplus: {listed(self._left)}")
        if problems:
            raise DataError(
                f"does not hold the weights of this kind of model; {'; '.join(problems)}",
                self._place,
            )
        return self._found
