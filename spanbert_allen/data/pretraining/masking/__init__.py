"""Which pieces of a block are masked: a scheme a file, registered under its name."""

from spanbert_allen.data.pretraining.masking.geometric_spans import GeometricSpans, WholeWords
from spanbert_allen.data.pretraining.masking.masking import Masking, Rows
from spanbert_allen.data.pretraining.masking.no_masking import NoMasking
from spanbert_allen.data.pretraining.masking.subwords import Subwords
from spanbert_allen.data.pretraining.masking.tagged_spans import TaggedSpans

__all__ = [
    "GeometricSpans",
    "Masking",
    "NoMasking",
    "Rows",
    "Subwords",
    "TaggedSpans",
    "WholeWords",
]
