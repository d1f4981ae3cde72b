"""`spanbert-allen`: light commands of its own, and AllenNLP's with this package loaded."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence

from spanbert_allen.commands import COMMANDS, load_command
from spanbert_allen.common import console
from spanbert_allen.common.signals import one_line_when_stopped
from spanbert_allen.version import VERSION

ALLENNLP_COMMANDS = (
    "build-vocab",
    "cached-path",
    "checklist",
    "count-instances",
    "diff",
    "evaluate",
    "find-lr",
    "predict",
    "print-results",
    "push-to-hf",
    "test-install",
    "train",
)


def main(arguments: Sequence[str] | None = None) -> int:
    """
    # Parameters

    arguments : `Sequence[str]`, optional (default = `None`)
        What stands behind the program's name; the command line's when `None`.

    # Returns

    `int`
        The exit status: 0 when all went well.
    """
    if arguments is None:  # a command, and not a program that calls this function
        console.install_excepthook()
    given = list(sys.argv[1:] if arguments is None else arguments)
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
    near = console.nearest(name, COMMANDS, count=1)
    if near and name not in ALLENNLP_COMMANDS:
        _parser().error(f"there is no command `{name}`: did you mean `{near[0]}`?")
    from spanbert_allen.commands.allennlp_main import run_allennlp

    return run_allennlp(given)


def _parser() -> argparse.ArgumentParser:
    own = "\n".join(f"  {name:<16}{load_command(name).HELP}" for name in COMMANDS)
    parser = argparse.ArgumentParser(
        prog="spanbert-allen",
        usage="spanbert-allen [-h] [--version] [--debug] COMMAND ...",
        description="Span models around SpanBERT as AllenNLP experiments.",
        epilog=(
            f"commands:\n{own}\n\n"
            "AllenNLP's commands, with this package loaded:\n"
            f"  {' '.join(ALLENNLP_COMMANDS)}\n\n"
            "spanbert-allen COMMAND --help tells more of one."
        ),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"spanbert-allen {VERSION}")
    parser.add_argument("--debug", action="store_true", help="show tracebacks")
    return parser


if __name__ == "__main__":
    sys.exit(main())
