"""
Register this package with AllenNLP, which imports this module as its plugin.

Importing it mends AllenNLP, then registers every class of this package. Inside of the `allennlp`
command, errors that the user can put right are shown as one sentence, and the terminal is kept to
what a person acts on.
"""

from spanbert_allen.common import console
from spanbert_allen.common.quiet import quieten_console

if console.runs_allennlp_command():
    console.install_excepthook()
if console.is_installed():
    quieten_console()

# `compat` stands first: it repairs what the others build on.
from spanbert_allen import (
    compat,
    configuration,
    dataset_readers,
    metrics,
    models,
    modules,
    predictors,
    training,
)
from spanbert_allen.data.indexer import SpanbertIndexer

__all__ = [
    "SpanbertIndexer",
    "compat",
    "configuration",
    "dataset_readers",
    "metrics",
    "models",
    "modules",
    "predictors",
    "training",
]
