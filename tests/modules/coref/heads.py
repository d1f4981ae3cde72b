"""Heads for tests, with the flat settings of a configuration, in which parts may be `Lazy`."""

from allennlp.common import Lazy, Params

from spanbert_allen.modules.coref.head import CorefHead


def head_of(dim: int, **options) -> CorefHead:
    """Build a head as a configuration does."""
    parts = {name: value for name, value in options.items() if isinstance(value, Lazy)}
    rest = {name: value for name, value in options.items() if name not in parts}
    return CorefHead.from_params(Params(rest), dim=dim, **parts)
