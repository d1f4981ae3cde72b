"""
Short texts written for this project, with coreference clusters, questions and relations.

`python -m spanbert_allen.sample_corpus` checks them.
"""

from __future__ import annotations

from pathlib import Path

from spanbert_allen.sample_corpus.markup import read_sample
from spanbert_allen.sample_corpus.sample_text import SampleText

__all__ = ["TEXTS", "SampleText", "read_sample", "sample_texts"]

TEXTS = Path(__file__).parent / "texts"
"""The folder of the shipped texts."""


def sample_texts(split: str | None = None) -> list[SampleText]:
    """
    Read the shipped texts, sorted by name.

    # Parameters

    split : `str`, optional (default = `None`)
        `train`, `dev` or `test`; all three when `None`.
    """
    return [read_sample(path) for path in sorted(TEXTS.glob(f"{split or ''}*.txt"))]
