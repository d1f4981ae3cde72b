"""
AllenNLP's transformer tokenizers and indexers on transformers from 4.44.2 on.

**Cause.** `PretrainedTransformerTokenizer` hands `add_special_tokens` to
`AutoTokenizer.from_pretrained`, where it was stored and never read. Since 4.44.2 an option with the
name of a tokenizer's method is an `AttributeError: add_special_tokens conflicts with the method
add_special_tokens`: no reader with such a tokenizer could be built.

**Repair.** The option is dropped before it reaches transformers. AllenNLP says again at each call
whether it wants special pieces, so that nothing is lost.
"""

from __future__ import annotations

from typing import Any

import transformers
from allennlp.common import cached_transformers
from packaging.version import Version

_get_tokenizer = cached_transformers.get_tokenizer


def needed() -> bool:
    return Version(transformers.__version__) >= Version("4.44.2")


def apply() -> None:
    cached_transformers.get_tokenizer = get_tokenizer


def get_tokenizer(model_name: str, **kwargs: Any) -> Any:
    """AllenNLP's cached tokenizer of `model_name`, built without `add_special_tokens`."""
    kwargs.pop("add_special_tokens", None)
    return _get_tokenizer(model_name, **kwargs)
