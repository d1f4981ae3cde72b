"""Make an archive of a fine-tuned model that others trained."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from spanbert_allen.commands.import_ import coref as import_coref
from spanbert_allen.common.errors import ConfigError
from spanbert_allen.data.relation.markers import INPUT_MODES, LEVITATED

HELP = "make an archive of a model that others trained: the authors', transformers', AllenNLP's"
EXAMPLE = (
    "spanbert-allen import spanbert_squad2.tar.gz out/squad2.tar.gz --task qa --impossible-answers"
)

# As in `conversion.TASKS`, which takes long to import, and coreference, which has importers of its
# own.
_TASKS = ("qa", "relation", "sequence", "coref")
_OPTIONS = (
    "glue_task",
    "impossible_answers",
    "labels",
    "markers",
    "max_length",
    "mode",
    "negative_label",
    "regression",
    "threshold",
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("source", help="an authors' .tar.gz, a folder or a hub id")
    parser.add_argument("archive", help="the archive to write: NAME.tar.gz")
    parser.add_argument("--task", required=True, choices=_TASKS, help="what it was trained for")
    parser.add_argument(
        "--max-length",
        type=int,
        help="pieces of a window, text or segment (default: qa 512, relation 128, sequence as many "
        "as the encoder takes, coref 512 or of a base size 384)",
    )
    parser.add_argument(
        "--vocabulary", help="a vocab.txt, a folder or a hub id, if the source has none"
    )
    _add_qa(parser)
    _add_classes(parser)
    import_coref.add_arguments(parser)


def run(arguments: argparse.Namespace) -> int:
    """Write the archive, and return the exit status."""
    if arguments.task == "coref":
        _refuse(arguments, [name for name in _OPTIONS if name != "max_length"])
        return import_coref.run(arguments)
    _refuse(arguments, import_coref.OPTIONS)
    import spanbert_allen.plugin  # noqa: F401  our classes are registered
    from spanbert_allen.conversion.importing import import_model
    from spanbert_allen.conversion.tasks import TASKS

    import_model(
        arguments.source,
        arguments.archive,
        TASKS[arguments.task],
        vocabulary=arguments.vocabulary,
        **{name: getattr(arguments, name) for name in _OPTIONS},
    )
    print(arguments.archive)
    return 0


def _refuse(arguments: argparse.Namespace, names: Sequence[str]) -> None:
    """`ConfigError` for options that the task does not have."""
    for name in names:
        if getattr(arguments, name) is not None:
            option = name.replace("_", "-")
            raise ConfigError(f"--{option} is no option of --task {arguments.task}; leave it out")


def _add_qa(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("qa")
    group.add_argument(
        "--impossible-answers",
        action="store_true",
        default=None,
        help="it was trained on SQuAD 2.0",
    )
    group.add_argument(
        "--threshold",
        type=float,
        help="of the no-answer score, and with --task relation of the label for no relation "
        "(default: 0)",
    )


def _add_classes(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group(
        "relation and sequence",
        "Names that SOURCE does not have are given one by one, or as a file with one a line; "
        "`tacred` stands for those of the authors' TACRED model.",
    )
    group.add_argument("--labels", nargs="+", help="the names of the outputs, in their order")
    group.add_argument(
        "--markers",
        nargs="+",
        help="relation: what [unused1], [unused2], ... stand for, such as SUBJ=PERSON",
    )
    group.add_argument(
        "--mode",
        choices=[mode for mode in INPUT_MODES if mode != LEVITATED],
        help="relation: what it sees of the entities (default: ner)",
    )
    group.add_argument(
        "--negative-label", help="relation: that for no relation (default: no_relation)"
    )
    group.add_argument("--glue-task", help="sequence: a task of GLUE, for its files and its scores")
    group.add_argument(
        "--regression",
        action="store_true",
        default=None,
        help="sequence: it predicts a number (default: if it has one output)",
    )
