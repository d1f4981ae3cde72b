"""Parts of a check that need no AllenNLP: one ends, one fails, one does not come to its end."""

from __future__ import annotations

import time


def measures(bench):
    bench.timed("sum", lambda: lambda: sum(range(100)), amount=100, unit="numbers/s")


def fails(bench):
    measures(bench)
    raise ValueError("no such kernel")


def lasts(bench):
    measures(bench)
    time.sleep(600)


def ends_at_once(bench):
    raise SystemExit(3)
