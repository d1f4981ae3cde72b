"""Run AllenNLP's own commands with this package registered."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Sequence

from spanbert_allen.common import console
from spanbert_allen.common.foreign_warnings import ignore_foreign_warnings


def run_allennlp(arguments: Sequence[str]) -> int:
    """
    Run a command of AllenNLP with this package registered.

    # Parameters

    arguments : `Sequence[str]`
        An AllenNLP command and its arguments, e.g. `["train", "config.jsonnet", "-s", "out"]`.

    # Returns

    `int`
        The exit status, 0. What goes wrong is raised.
    """
    if arguments[0] == "train":
        _end_early_with_one_line()
    _prepare()
    sys.argv = ["spanbert-allen", *arguments]
    if arguments[0] == "train" and "spanbert_allen" not in arguments:
        # The workers of a run on several devices are new processes, which load what is named here.
        sys.argv += ["--include-package", "spanbert_allen"]
    from allennlp.commands import main
    from allennlp.common.util import install_sigterm_handler

    import spanbert_allen

    spanbert_allen.register()
    if arguments[0] != "train":  # which has handlers of its own
        install_sigterm_handler()
    main(prog="spanbert-allen")
    return 0


def is_of_plugin(name: str) -> bool:
    """Tell whether AllenNLP or a plugin of it has a command of that name."""
    _prepare()
    from allennlp.commands.subcommand import Subcommand
    from allennlp.common.plugins import import_plugins

    import_plugins()
    return name in Subcommand.list_available()


def keep_worker_quiet() -> None:
    """Let a worker that a training starts show and fetch no more than the command itself does."""
    _keep_imports_quiet()
    console.install_excepthook()
    # AllenNLP sets a worker's logging up before it loads plugins, and this mends it.
    import spanbert_allen.compat  # noqa: F401


def _keep_imports_quiet() -> None:
    """Let AllenNLP and its plugins, when they are imported, neither warn nor download."""
    ignore_foreign_warnings()
    _download_nothing_of_nltk()


def _prepare() -> None:
    """Import AllenNLP without what it and its plugins would say or fetch."""
    _keep_imports_quiet()
    # Importing it sets AllenNLP's logging up.
    from allennlp.__main__ import _transformers_log_filter  # noqa: F401


def _end_early_with_one_line() -> None:
    """Handle SIGTERM and Ctrl-C until the training does: importing AllenNLP takes a while."""

    def end(number: int, _frame: object) -> None:
        name = "Ctrl-C" if number == signal.SIGINT else "SIGTERM"
        if os.environ.get("RANK", "0") == "0":  # one line of all workers that torchrun started
            os.write(2, f"ended by {name} before training began: run the command again\n".encode())
        os._exit(128 + number)

    for number in (signal.SIGINT, signal.SIGTERM):
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, end)


def _download_nothing_of_nltk() -> None:
    """
    Keep nltk from downloading data.

    `allennlp_models` asks for some when it is imported, for a metric of summaries that nothing here
    uses: no command should go to the network for it.
    """
    try:
        import nltk
    except ImportError:
        return
    nltk.download = _no_download


def _no_download(*_arguments: object, **_options: object) -> bool:
    return False
