"""
Resolves long texts as one document each with `allennlp predict`, and says what it took.

    .venv/bin/python benchmarks/long_document.py out/litbank/model.tar.gz *.txt --words 10000 90000

The texts are joined, and cut after so many words. Each measurement is a command of its own: time
and peak memory are the whole command's, with start-up, loading, tokenising, resolving and writing;
what start-up and loading alone take is in the first row, a text of a few words. `CPU s` is what the
command computed for, on all cores together: on a machine that does other things, too, it says more.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

MODES = {
    "as configured": {},
    "exact": {"model.windows": None, "model.head.max_kept": 3900},
    "exact, no limit": {"model.windows": None, "model.head.max_kept": None},
    "windows": {"model.windows": {}},
}
SHORT_TEXT = "Ida met her brother. He gave her a lamp."


class Measured(NamedTuple):
    """What one command took, and its clusters, each the texts of its mentions."""

    seconds: float
    cpu_seconds: float
    peak_gb: float
    clusters: list[list[str]]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n", maxsplit=1)[0].strip())
    parser.add_argument("archive", type=Path)
    parser.add_argument("texts", type=Path, nargs="+", help="text files, UTF-8")
    parser.add_argument("--words", type=int, nargs="+", help="lengths (default: all there is)")
    parser.add_argument(
        "--modes", nargs="+", choices=MODES, default=["exact", "exact, no limit", "windows"]
    )
    parser.add_argument(
        "--windows", type=json.loads, default={}, metavar="JSON", help="settings of `windows`"
    )
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--repeats", type=int, default=1, help="medians of so many")
    parser.add_argument("--show", type=int, default=0, metavar="N", help="the N largest clusters")
    arguments = parser.parse_args()
    text = "\n\n".join(path.read_text(encoding="utf-8") for path in arguments.texts)
    MODES["windows"]["model.windows"] = arguments.windows
    print("| words | mode | seconds | words a second | CPU s | peak GB | clusters | mentions |")
    print("|---|---|---|---|---|---|---|---|")
    for words, mode, given in _cases(text, arguments.words, arguments.modes):
        runs = [_run(arguments, given, MODES[mode]) for _ in range(arguments.repeats)]
        seconds = median(run.seconds for run in runs)
        cpu, peak = median(run.cpu_seconds for run in runs), median(run.peak_gb for run in runs)
        clusters = runs[0].clusters
        row = f"| {words:,} | {mode} | {seconds:.0f} | {words / seconds:.0f} | {cpu:.0f} "
        print(f"{row}| {peak:.2f} | {len(clusters):,} | {sum(map(len, clusters)):,} |", flush=True)
        for cluster in sorted(clusters, key=len, reverse=True)[: arguments.show]:
            names = ", ".join(f"{name} {count}" for name, count in Counter(cluster).most_common(4))
            print(f"    {len(cluster):>5} x  {names}")


def _cases(
    text: str, lengths: list[int] | None, modes: list[str]
) -> Iterator[tuple[int, str, str]]:
    """Words, mode and text of each measurement."""
    ends = [match.end() for match in re.finditer(r"\S+", text)]
    yield len(SHORT_TEXT.split()), "as configured", SHORT_TEXT
    for length in lengths or [len(ends)]:
        if length > len(ends):
            sys.exit(f"the texts have {len(ends):,} words, not {length:,}; give more texts")
        for mode in modes:
            yield length, mode, text[: ends[length - 1]]


def _run(arguments: argparse.Namespace, text: str, overrides: dict[str, Any]) -> Measured:
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder) / "text.jsonl", Path(folder) / "clusters.jsonl"
        source.write_text(json.dumps({"doc_key": "text", "text": text}) + "\n")
        command = [str(Path(sys.executable).with_name("allennlp")), "predict"]
        command += [str(arguments.archive), str(source), "--output-file", str(target), "--silent"]
        command += ["--include-package", "spanbert_allen", "-o", json.dumps(overrides)]
        start = time.perf_counter()
        process = subprocess.Popen(
            command,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "OMP_NUM_THREADS": str(arguments.threads)},
        )
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - start
        if status:
            sys.exit(f"failed: {' '.join(command)}")
        (result,) = map(json.loads, target.read_text(encoding="utf-8").splitlines())
    clusters = [[mention["text"] for mention in cluster] for cluster in result["clusters"]]
    cpu_seconds = usage.ru_utime + usage.ru_stime
    return Measured(seconds, cpu_seconds, usage.ru_maxrss * 1024 / 1e9, clusters)


if __name__ == "__main__":
    main()
