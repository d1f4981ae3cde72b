"""Run a campaign: `python -m tests.hostile --cases 10000`."""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from tests.hostile.campaign import RECORDS_AT_ONCE, TARGETS, Outcome

_SLOW = 20
"""Opening an archive takes as long as so many other cases."""


def run(arguments: list[str] | None = None) -> int:
    """Try so many cases, spread over the targets, and return 1 if one of them failed."""
    parser = argparse.ArgumentParser(prog="python -m tests.hostile", description=__doc__)
    parser.add_argument("--cases", type=int, default=10_000, help="in all (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=0, help="of the first (default: %(default)s)")
    parser.add_argument("--only", default="", help="targets whose name holds this")
    parser.add_argument("--most", type=int, default=10, help="failures shown (default: 10)")
    given = parser.parse_args(arguments)
    names = [name for name in TARGETS if given.only in name]
    outcome = Outcome()
    with tempfile.TemporaryDirectory() as folder:
        for name in names:
            share = given.cases // len(names)
            if name.startswith("predict"):
                share //= RECORDS_AT_ONCE
            elif name == "open an archive":
                share //= _SLOW
            for number in range(max(1, share)):
                outcome.try_one(name, given.seed + number, Path(folder))
    sys.stdout.write(outcome.table() + "\n")
    for failure in outcome.failures[: given.most]:
        sys.stdout.write(f"\n{failure}\n")
    total = sum(outcome.cases.values())
    sys.stdout.write(f"\n{total} cases, {len(outcome.failures)} failures\n")
    return int(bool(outcome.failures))


if __name__ == "__main__":
    sys.exit(run())
