"""AllenNLP's own commands, started by `spanbert-allen`, with this package registered."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Sequence

# Each is printed when AllenNLP or allennlp_models is imported, before any plugin can speak.
_NOT_OURS = (
    ("torch.cuda.amp.custom_(fwd|bwd)", FutureWarning),  # fairscale's optional offloading
    ("`torch.jit.script` is deprecated", FutureWarning),  # AllenNLP's activations
    ("pkg_resources is deprecated", UserWarning),  # the `rouge` package
)


def run_allennlp(arguments: Sequence[str]) -> int:
    """
    # Parameters

    arguments : `Sequence[str]`
        An AllenNLP command and its arguments, e.g. `["train", "config.jsonnet", "-s", "out"]`.

    # Returns

    `int`
        0; what goes wrong is raised.
    """
    for message, category in _NOT_OURS:
        warnings.filterwarnings("ignore", message=f".*{message}", category=category)
    _download_nothing_of_nltk()
    sys.argv = ["spanbert-allen", *arguments]
    if arguments[0] == "train" and "spanbert_allen" not in arguments:
        # The workers of a run on several devices are new processes, which load what is named here.
        sys.argv += ["--include-package", "spanbert_allen"]
    # Importing it sets AllenNLP's logging up.
    from allennlp.__main__ import _transformers_log_filter  # noqa: F401
    from allennlp.commands import main
    from allennlp.common.util import install_sigterm_handler

    import spanbert_allen

    spanbert_allen.register()
    install_sigterm_handler()
    main(prog="spanbert-allen")
    return 0


def _download_nothing_of_nltk() -> None:
    """
    `allennlp_models` asks nltk for data when it is imported, for a metric of a summarisation data
    set that nothing here uses: no command should go to the network for it.
    """
    try:
        import nltk
    except ImportError:
        return
    nltk.download = _no_download


def _no_download(*_arguments: object, **_options: object) -> bool:
    return False
