"""
Span models around SpanBERT as AllenNLP experiments.

Importing this package is light: neither torch nor AllenNLP is loaded, unless AllenNLP is there
already. Then this is its plugin, and every class is registered at once.
"""

import sys

from spanbert_allen.version import VERSION

__all__ = ["VERSION", "register"]


def register() -> None:
    """Mend AllenNLP for the installed versions and register every class of this package with it."""
    from spanbert_allen import plugin  # noqa: F401


if "allennlp" in sys.modules:
    register()
