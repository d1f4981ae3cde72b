"""The options of `import --task coref`, for models that other programs trained."""

from __future__ import annotations

import argparse
from typing import Any

from spanbert_allen.conversion.coref.formats import SOURCE_FORMATS

OPTIONS = (
    "format",
    "encoder",
    "refinement",
    "depth",
    "cluster_reduce",
    "easy_cluster_first",
    "genres",
)
"""Those that no other task has."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options that no other task has."""
    group = parser.add_argument_group(
        "coref",
        "SOURCE is a model.tar.gz of AllenNLP's `coref`, a .bin of coref-hoi, or an .npz of the "
        "TensorFlow variables of Joshi et al.'s program. The last two do not say all that they "
        "were trained with:",
    )
    group.add_argument(
        "--format", choices=SOURCE_FORMATS, help="of SOURCE (default: what its name tells)"
    )
    group.add_argument(
        "--encoder", help="a folder with the encoder's config.json, if it is none of BERT's sizes"
    )
    group.add_argument(
        "--refinement",
        choices=["attended_antecedent", "max_antecedent"],
        help="`higher_order` (default: attended_antecedent; others are seen in the weights)",
    )
    group.add_argument("--depth", type=int, help="`coref_depth`, if not 2, of a model refined")
    group.add_argument("--cluster-reduce", choices=["mean", "max"], help="(default: mean)")
    group.add_argument("--easy-cluster-first", action="store_true", default=None)
    group.add_argument(
        "--genres", type=lambda names: names.split(","), help="if not OntoNotes' seven: a,b,c"
    )


def run(arguments: argparse.Namespace) -> int:
    """Write the archive, and return the exit status."""
    import spanbert_allen.plugin  # noqa: F401  our classes are registered
    from spanbert_allen.conversion.coref.importing import import_coref

    names = (*OPTIONS, "vocabulary", "max_length")
    given: dict[str, Any] = {name: getattr(arguments, name) for name in names}
    import_coref(
        arguments.source,
        arguments.archive,
        **{name: value for name, value in given.items() if value is not None},
    )
    print(arguments.archive)
    return 0
