"""`spanbert-allen`: light commands of its own, and AllenNLP's with this package loaded."""

from __future__ import annotations

import argparse
import multiprocessing
import os
import sys
from collections.abc import Sequence

from spanbert_allen.commands import COMMANDS, load_command
from spanbert_allen.common import console
from spanbert_allen.common.quiet import LEVEL_VARIABLE
from spanbert_allen.common.signals import one_line_when_stopped
from spanbert_allen.version import VERSION

ALLENNLP_COMMANDS = (
    "build-vocab",
    "cached-path",
    "checklist",
    "count-instances",
    "diff",
    "evaluate",
    "predict",
    "print-results",
    "test-install",
    "train",
)

_WITH_VERBOSE = ("build-vocab", "count-instances", "evaluate", "predict", "train")

NOT_OFFERED = {
    "find-lr": "AllenNLP's search knows its own trainer only, not the trainer `spanbert`, whose "
    "optimizers compute their rates themselves: train with some rates instead, each a knob",
    "push-to-hf": "it needs functions that huggingface_hub 1.0 no longer has: use "
    "`spanbert-allen push`",
}
"""Commands of AllenNLP that do not work with this package, and what to do instead."""


def main(arguments: Sequence[str] | None = None) -> int:
    """
    Run a command.

    # Parameters

    arguments : `Sequence[str]`, optional (default = `None`)
        The command and its arguments; those of the command line when `None`.

    # Returns

    `int`
        The exit status: 0 if all went well.
    """
    if arguments is not None:  # a program that calls this function, and no command
        return _run(list(arguments))
    console.install_excepthook()
    try:
        status = _run(sys.argv[1:])
        sys.stdout.flush()
    except BrokenPipeError:
        console.end_quietly_without_reader()
        return 141  # as a shell says of a program that wrote into a closed pipe
    return status


def _run(given: list[str]) -> int:
    """Run a command that is given as the arguments of the program."""
    if "--debug" in given:
        given.remove("--debug")
        os.environ[console.DEBUG_VARIABLE] = "1"
    name = given[0] if given else "--help"
    if name in COMMANDS:
        command = load_command(name)
        parser = argparse.ArgumentParser(
            prog=f"spanbert-allen {name}",
            description=command.HELP,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        command.add_arguments(parser)
        parser.epilog = f"example:\n  {command.EXAMPLE}\n\n{parser.epilog or ''}"
        with one_line_when_stopped(f"spanbert-allen {name}"):
            return command.run(parser.parse_args(given[1:]))
    if name.startswith("-"):
        _parser().parse_args(given)
        _parser().print_help()
        return 0
    if name in NOT_OFFERED:
        _parser().error(f"`{name}` is not offered: {NOT_OFFERED[name]}")
    known = (*COMMANDS, *ALLENNLP_COMMANDS)
    near = console.nearest(name, known, count=1)
    if near and name not in known:
        _parser().error(f"there is no command `{name}`: did you mean `{near[0]}`?")
    if name in _WITH_VERBOSE:
        given = _without_verbose(given)
    from spanbert_allen.commands.allennlp_main import is_of_plugin, run_allennlp

    if name not in known and not is_of_plugin(name):
        _parser().error(f"there is no command `{name}`: the commands are {', '.join(known)}")
    return run_allennlp(given)


def _without_verbose(given: list[str]) -> list[str]:
    """Return arguments without `-v`, which makes AllenNLP show all that it logs."""
    kept = [argument for argument in given if argument not in ("-v", "--verbose")]
    if len(kept) < len(given):
        os.environ.setdefault(LEVEL_VARIABLE, "INFO")
    return kept


def _parser() -> argparse.ArgumentParser:
    own = "\n".join(f"  {name:<18}{load_command(name).HELP}" for name in COMMANDS)
    parser = argparse.ArgumentParser(
        prog="spanbert-allen",
        usage="spanbert-allen [-h] [--version] [--debug] COMMAND ...",
        description="Span models around SpanBERT as AllenNLP experiments.",
        epilog=(
            f"commands:\n{own}\n\n"
            "AllenNLP's commands, with this package loaded:\n"
            f"  {' '.join(ALLENNLP_COMMANDS)}\n\n"
            f"{', '.join(_WITH_VERBOSE)} take -v, too: everything that is logged.\n"
            "spanbert-allen COMMAND --help tells more of one."
        ),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"spanbert-allen {VERSION}")
    parser.add_argument("--debug", action="store_true", help="show tracebacks")
    return parser


if multiprocessing.current_process().name != "MainProcess" and sys.argv[1:2] == ["train"]:
    # One of several workers: a new process imports the program's main module before AllenNLP.
    from spanbert_allen.commands.allennlp_main import keep_worker_quiet

    keep_worker_quiet()

if __name__ == "__main__":
    sys.exit(main())
