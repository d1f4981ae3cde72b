"""
Check and measure everything on a GPU, in six minutes, where nothing can be downloaded.

    python benchmarks/gather_gpu_wheels.py build/gpu_wheels       # beforehand, with a network
    python benchmarks/gpu_check.py --wheels build/gpu_wheels --out build/gpu_check

The machine needs Python 3.12, torch and what torch needs; the repository and the wheels are carried
there, and nothing is installed into it. Where everything is installed, leave `--wheels` out. Each
part has a process and a time limit of its own. `gpu_check.json` and the table `gpu_check.md` are
written anew after each part. `--device cpu --tiny --slower 10` rehearses all of it without a GPU.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import sys
import tempfile
import time
import zipfile
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from gpu_parts.report import markdown, summary
from gpu_parts.running import READY, Outcome, Part, run_parts

PARTS = (
    Part("machine", "gpu_parts.machine:run", 20),
    Part("equality", "gpu_parts.equality:run", 90),
    Part("coref_prediction", "gpu_parts.coref:predict", 60),
    Part("coref_training", "gpu_parts.coref:train", 60),
    Part("large", "gpu_parts.coref:large", 45),
    Part("profile", "gpu_parts.profile:run", 30),
    Part("qa", "gpu_parts.others:qa", 40),
    Part("pretraining", "gpu_parts.others:pretraining", 25),
    Part("relation", "gpu_parts.others:relation", 20),
    Part("allennlp_models", "gpu_parts.against:allennlp_models", 30),
    Part("fastcoref", "gpu_parts.against:fastcoref", 20),
)
"""The most important first: those that the time of all does not reach are left out."""
SECONDS = 345.0
"""The time of all parts together, so that the whole ends within six minutes."""
CORES_TO_IMPORT_AHEAD = 4


def main(argv: Sequence[str] | None = None) -> int:
    arguments = parse_arguments(argv)
    if arguments.part:
        return run_part(arguments)
    arguments.out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        if arguments.wheels:
            unpack(arguments.wheels, folder / "site")
        report = check(arguments, folder)
    print((arguments.out / "gpu_check.md").read_text())
    return int(any(part["problem"] for part in report["parts"]))


def parse_arguments(argv: Sequence[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n", maxsplit=1)[0])
    parser.add_argument("--out", type=Path, default=Path("build/gpu_check"), help="the folder")
    parser.add_argument("--wheels", type=Path, help="the folder of the wheels that were carried")
    parser.add_argument("--device", default="cuda", help="torch's name of it (default: cuda)")
    parser.add_argument("--tiny", action="store_true", help="rehearse: no number means anything")
    parser.add_argument("--seconds", type=float, default=SECONDS, help="of all parts together")
    parser.add_argument(
        "--slower", type=float, default=1.0, help="multiply all limits, to rehearse on a busy CPU"
    )
    names = [part.name for part in PARTS]
    parser.add_argument("--parts", nargs="*", choices=names, default=names)
    parser.add_argument("--part", help=argparse.SUPPRESS)  # in the process of a part
    parser.add_argument("--site", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("rows", type=Path, nargs="?", help=argparse.SUPPRESS)
    return parser.parse_args(argv)


def unpack(wheels: Path, site: Path) -> None:
    """Make wheels importable from a folder; a wheel is the archive of what it installs."""
    found = sorted(wheels.glob("*.whl"))
    if not found:
        raise SystemExit(f"{wheels} holds no wheels: gather_gpu_wheels.py fetches them")
    for wheel in found:
        with zipfile.ZipFile(wheel) as archive:
            archive.extractall(site)


def check(
    arguments: argparse.Namespace, folder: Path, parts: Sequence[Part] = PARTS
) -> dict[str, Any]:
    """Run the parts; write the report after each of them."""
    slower = arguments.slower
    chosen = [
        replace(part, limit=slower * part.limit) for part in parts if part.name in arguments.parts
    ]
    ahead = int((os.cpu_count() or 1) >= CORES_TO_IMPORT_AHEAD)
    report: dict[str, Any] = {
        "date": time.strftime("%Y-%m-%d"),
        "device": arguments.device,
        "sizes": "tiny" if arguments.tiny else "full",
        "stand_ins": [],
        "parts": [],
    }
    began = time.monotonic()
    command = partial(command_of, arguments, folder)
    seconds = slower * arguments.seconds
    for outcome in run_parts(chosen, command, folder, seconds=seconds, ahead=ahead):
        add(report, outcome)
        report["seconds"] = round(time.monotonic() - began, 1)
        write(report, arguments.out)
        print(f"{outcome.name}: {outcome.seconds:.0f} s {outcome.problem}", flush=True)
    print(f"{summary(report)} {report['seconds']:.0f} s", flush=True)
    return report


def add(report: dict[str, Any], outcome: Outcome) -> None:
    """Add a part's outcome; what its process says of itself concerns the whole report."""
    for row in outcome.rows:
        if row["unit"] == "device":
            report["device"] = f"{row['case']} ({row['note']})"
        elif row["unit"] == "stand-ins":
            report["stand_ins"] = row["note"].split()
    rows = [row for row in outcome.rows if row["unit"] not in ("device", "stand-ins")]
    report["parts"].append({**vars(outcome), "rows": rows})


def write(report: dict[str, Any], folder: Path) -> None:
    (folder / "gpu_check.json").write_text(json.dumps(report, indent=1))
    (folder / "gpu_check.md").write_text(markdown(report))


def command_of(arguments: argparse.Namespace, folder: Path, part: Part) -> list[str]:
    command = [sys.executable, "-W", "ignore", __file__, "--part", part.function]
    command += ["--device", arguments.device, *(["--tiny"] if arguments.tiny else [])]
    site = folder / "site"
    return [*command, *(["--site", str(site)] if site.exists() else [])]


def run_part(arguments: argparse.Namespace) -> int:
    """Be the process of a part: import, say so, wait for the word, measure."""
    from gpu_parts.bench import Bench, Row
    from gpu_parts.sizes import FULL, TINY

    root = Path(__file__).resolve().parent.parent
    sys.path[1:1] = [str(root)]
    rows = arguments.rows.open("a", buffering=1)

    def record(row: dict[str, Any]) -> None:
        rows.write(json.dumps(row) + "\n")

    with rows, tempfile.TemporaryDirectory() as folder:
        bench = Bench(TINY if arguments.tiny else FULL, arguments.device, Path(folder), record)
        if arguments.site:
            from gpu_parts.stand_ins import hide, stand_in

            sys.path.insert(1, str(arguments.site))
            hide()
            bench.add(Row(case="", unit="stand-ins", note=" ".join(stand_in())))
        module, _, function = arguments.part.partition(":")
        measure = getattr(importlib.import_module(module), function)
        print(READY, end="", flush=True)
        sys.stdin.readline()
        os.dup2(2, 1)  # what libraries say from here on goes where errors go
        measure(bench)
    return 0


if __name__ == "__main__":
    sys.exit(main())
