"""
Span models around SpanBERT as AllenNLP experiments.

Importing this package is light: neither torch nor AllenNLP is loaded, unless AllenNLP is there
already. Then this is its plugin, and every class is registered at once.
"""

import sys

from spanbert_allen.loading import load, load_encoder, register
from spanbert_allen.version import VERSION

__all__ = ["VERSION", "load", "load_encoder", "register"]


if "allennlp" in sys.modules:
    register()
