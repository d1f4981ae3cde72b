"""Write a trained model for other programs: as a folder of transformers, or as a graph of ONNX."""

from __future__ import annotations

import argparse

from spanbert_allen.common.errors import ConfigError

HELP = "write a trained model for transformers or onnxruntime"
EXAMPLE = "spanbert-allen export out/qa/model.tar.gz out/hf"
_TRANSFORMERS, _ONNX = "transformers", "onnx"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("archive", help="a model.tar.gz")
    parser.add_argument("folder", help="the folder to make")
    parser.add_argument(
        "--format",
        choices=(_TRANSFORMERS, _ONNX),
        default=_TRANSFORMERS,
        help="what is to read it (%(default)s)",
    )
    parser.add_argument(
        "--int8", action="store_true", help="with --format onnx: the encoder's weights in 8 bits"
    )
    parser.add_argument(
        "--task", metavar="NAME", help="with --format onnx: the task of a model of several"
    )


def run(arguments: argparse.Namespace) -> int:
    """Write the folder, and return the exit status."""
    if arguments.int8 and arguments.format != _ONNX:
        raise ConfigError("--int8 is for --format onnx: give both, or leave --int8 out")
    if arguments.task is not None and arguments.format != _ONNX:
        raise ConfigError("--task is for --format onnx: give both, or leave --task out")
    import spanbert_allen.plugin  # noqa: F401  our classes are registered

    if arguments.format == _ONNX:
        from spanbert_allen.conversion.onnx.exporting import export_onnx

        export_onnx(
            arguments.archive, arguments.folder, quantised=arguments.int8, task=arguments.task
        )
    else:
        from spanbert_allen.conversion.exporting import export_archive

        export_archive(arguments.archive, arguments.folder)
    print(arguments.folder)
    return 0
