"""Make a training set of SQuAD 2.0's layout of which half the questions have no answer."""

from __future__ import annotations

import argparse

HELP = "take the answers out of answerable questions, to train models that may abstain"
EXAMPLE = "spanbert-allen unanswerable train-v1.1.json mixed-v2.0.json --questions 12000"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("source", help="answered questions, in any layout")
    parser.add_argument("target", help="the file to write; - is standard output")
    parser.add_argument(
        "--questions",
        type=int,
        metavar="N",
        help="so many with an answer, and so many without (default: a third of the answered ones)",
    )
    parser.add_argument("--seed", type=int, default=42, help="default: %(default)s")


def run(arguments: argparse.Namespace) -> int:
    """Write the file, tell on standard error how it was made, and return the exit status."""
    import json
    import sys
    from random import Random

    from spanbert_allen.common.errors import ConfigError
    from spanbert_allen.common.files import replace_file
    from spanbert_allen.common.outputs import refuse_overwriting
    from spanbert_allen.formats.qa.unanswerable import answered_questions, mix

    refuse_overwriting(arguments.target, [arguments.source])
    if arguments.questions is not None and arguments.questions < 1:
        raise ConfigError(f"--questions is {arguments.questions}; it must be at least 1")
    with replace_file(arguments.target) as file:  # whose folder is checked before the work
        questions = answered_questions(arguments.source)
        number = arguments.questions or max(len(questions) // 3, 1)
        rng = Random(arguments.seed)
        mixture = mix(questions, number, rng)
        file.write(json.dumps(mixture.squad(rng)) + "\n")
    num_replaced = number - mixture.num_shortened
    sys.stderr.write(
        f"{number} questions with an answer and {number} without: {mixture.num_shortened} by "
        f"leaving sentences out, {num_replaced} by another text of the article; "
        f"{mixture.num_passed_over} were passed over\n"
    )
    if arguments.target != "-":
        print(arguments.target)
    return 0
