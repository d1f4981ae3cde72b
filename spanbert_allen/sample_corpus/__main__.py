"""`python -m spanbert_allen.sample_corpus [--proofread] [files]`: checks texts, counts them."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from spanbert_allen.sample_corpus import TEXTS
from spanbert_allen.sample_corpus.checks import check_texts, proofreading, summary


def main(arguments: Sequence[str] | None = None) -> int:
    """Print `file:line: problem` for each problem, then counts. Return 1 if there are problems."""
    parser = argparse.ArgumentParser("python -m spanbert_allen.sample_corpus", description=__doc__)
    parser.add_argument("files", nargs="*", help="the texts (default: all that are shipped)")
    parser.add_argument(
        "--proofread", action="store_true", help="show chains, unmarked pronouns and names"
    )
    options = parser.parse_args(arguments)
    samples, problems = check_texts(options.files or sorted(TEXTS.glob("*")))
    lines = [str(problem) for problem in problems]
    if options.proofread:
        lines += [f"{sample.name}: {line}" for sample in samples for line in proofreading(sample)]
    lines += summary(samples)
    sys.stdout.write("".join(f"{line}\n" for line in lines))
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
