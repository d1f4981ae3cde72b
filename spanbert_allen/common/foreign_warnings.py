"""Pass over warnings of AllenNLP's packages that no user can act on."""

from __future__ import annotations

import warnings

_NOT_OURS = (
    ("torch.cuda.amp.custom_(fwd|bwd)", FutureWarning),  # fairscale's optional offloading
    ("`torch.jit.script` is (deprecated|not supported)", FutureWarning),  # AllenNLP's activations
    ("pkg_resources is deprecated", UserWarning),  # the `rouge` package
)


def ignore_foreign_warnings() -> None:
    """Pass over the warnings of importing AllenNLP and allennlp_models, from now on."""
    for message, category in _NOT_OURS:
        warnings.filterwarnings("ignore", message=f".*{message}", category=category)
