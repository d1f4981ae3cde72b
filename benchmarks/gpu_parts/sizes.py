"""How large the things are that the parts measure."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Sizes:
    """
    The sizes of all parts.

    # Parameters

    base, large : `tuple[int, int]`
        The layers and the width of the encoders.
    vocabulary : `int`
        The pieces of the encoders.
    words : `tuple[int, ...]`
        The lengths of documents.
    compared_words : `int`
        The length of the documents on which devices and other projects are compared.
    documents : `int`
        How many of the shortest documents are predicted together.
    segments, segment_length : `int`
        The longest training document of the large model, and the pieces of a segment.
    windows, window_pieces : `int`
        A batch of question answering.
    relations : `int`
        The examples of a batch.
    pretraining_pieces : `int`
        The pieces of a batch of blocks.
    matrix : `int`
        The width of the product that the machine's rate is measured with.
    precisions : `tuple[str, ...]`
        Of matrix products.
    head : `dict[str, Any]`
        Settings of coreference heads that differ from the defaults.
    profiled : `tuple[str, ...]`
        Whose steps are profiled: those of heads of coreference, and `qa`.
    warm_up, repeats : `int`
        How often each thing is done before it is timed, and then timed at most.
    most_seconds : `float`
        After so long no further repeat is begun.
    """

    base: tuple[int, int] = (12, 768)
    large: tuple[int, int] = (24, 1024)
    vocabulary: int = 28996
    words: tuple[int, ...] = (500, 4000, 32000)
    compared_words: int = 200
    documents: int = 32
    segments: int = 11
    segment_length: int = 512
    windows: int = 32
    window_pieces: int = 384
    relations: int = 64
    pretraining_pieces: int = 16384
    matrix: int = 8192
    precisions: tuple[str, ...] = ("fp32", "bf16", "fp16")
    head: dict[str, Any] = field(default_factory=dict)
    profiled: tuple[str, ...] = ("published", "light", "qa")
    warm_up: int = 2
    repeats: int = 7
    most_seconds: float = 3.0

    def for_comparison(self) -> Sizes:
        """Return sizes whose batches a CPU computes in a second or two."""
        return replace(
            self,
            windows=min(2, self.windows),
            relations=min(4, self.relations),
            pretraining_pieces=min(1024, self.pretraining_pieces),
        )


FULL = Sizes()
TINY = Sizes(
    base=(1, 64),
    large=(2, 64),
    vocabulary=500,
    words=(30, 60),
    compared_words=30,
    documents=2,
    segments=2,
    segment_length=32,
    windows=2,
    window_pieces=64,
    relations=2,
    pretraining_pieces=256,
    matrix=64,
    precisions=("fp32",),
    head={"hidden_dim": 8, "max_span_width": 4, "max_antecedents": 8},
    profiled=("light",),
    warm_up=1,
    repeats=1,
    most_seconds=1.0,
)
"""For a rehearsal on a CPU: everything runs, and no number means anything."""
