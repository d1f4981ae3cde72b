"""`spanbert-allen vocabulary`: a new encoder for a language or domain of one's own."""

from __future__ import annotations

import argparse
from pathlib import Path

from spanbert_allen.commands.corpus import add_text_arguments, text_files

HELP = "learn a vocabulary from texts and write an encoder without weights, to be pre-trained"
EXAMPLE = "spanbert-allen vocabulary texts/*.txt --out out/encoder --size 8192 --layers 4 --dim 256"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    add_text_arguments(parser)
    parser.add_argument("--size", type=int, default=28_996, help="most pieces (%(default)s)")
    parser.add_argument("--lower-case", action="store_true", help="lower-case texts")
    parser.add_argument("--layers", type=int, default=12, help="layers (%(default)s)")
    parser.add_argument("--dim", type=int, default=768, help="width (%(default)s)")
    parser.add_argument("--max-length", type=int, default=512, help="longest segment (%(default)s)")


def run(arguments: argparse.Namespace) -> int:
    """Write the encoder's folder and return the exit status."""
    from spanbert_allen.data.pretraining.new_encoder import EncoderSizes, write_new_encoder

    sizes = EncoderSizes(
        layers=arguments.layers, dim=arguments.dim, max_length=arguments.max_length
    )
    pieces = write_new_encoder(
        text_files(arguments),
        arguments.out,
        sizes,
        layout=arguments.documents,
        vocabulary_size=arguments.size,
        lower_case=arguments.lower_case,
    )
    print(f"{Path(arguments.out)}: an encoder of {pieces:,} pieces, without weights")
    return 0
