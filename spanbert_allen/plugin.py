"""
What AllenNLP loads: importing this module mends AllenNLP, then registers every class of this package.

It must stand first in the imports that AllenNLP is mended, and `compat` does so when imported.
"""

from spanbert_allen import (
    compat,
    data,
    dataset_readers,
    metrics,
    models,
    modules,
    predictors,
    training,
)

__all__ = [
    "compat",
    "data",
    "dataset_readers",
    "metrics",
    "models",
    "modules",
    "predictors",
    "training",
]
