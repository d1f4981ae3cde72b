"""AllenNLP's own commands, started by `spanbert-allen`, with this package registered."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from spanbert_allen.common.foreign_warnings import ignore_foreign_warnings


def run_allennlp(arguments: Sequence[str]) -> int:
    """
    # Parameters

    arguments : `Sequence[str]`
        An AllenNLP command and its arguments, e.g. `["train", "config.jsonnet", "-s", "out"]`.

    # Returns

    `int`
        0; what goes wrong is raised.
    """
    ignore_foreign_warnings()
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
