r"""
Coreference end to end, encoder and head: ours against allennlp-models' `coref` and fastcoref.

    .venv/bin/pip install --no-deps --target /tmp/fastcoref fastcoref==2.1.6 \
        'datasets<4' pyarrow pandas xxhash multiprocess python-dateutil pytz tzdata aiohttp
    .venv/bin/python benchmarks/coref_speed.py --fastcoref /tmp/fastcoref
    .venv/bin/python benchmarks/coref_speed.py --fastcoref /tmp/fastcoref --passes training

Without `--fastcoref` that side is left out: it runs on this environment's torch and transformers,
but needs packages that this project does not. All sides have encoders of the same shape and resolve
the same document, given as words in sentences. Each measurement has a process of its own, and sides
take turns; seconds are medians over all repeats, memory is the process's peak while it ran, and
that peak less what it held before. On a machine that does other work, `--clock processor` with
`--threads 1` counts the process's own time instead.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import tempfile
from pathlib import Path

from coref_speed_sides import (
    ENCODER,
    FASTCOREF,
    SIDES,
    THEIRS,
    WITHOUT,
    prediction,
    record_of,
    training,
)
from measuring import (
    CLOCKS,
    answer_or_error,
    describe_machine,
    has_bf16,
    header,
    memory,
    refuse_memory,
    start_of_peak,
)
from training_step_models import encoder_folder

PASSES = {"prediction": prediction, "training": training}
COLUMNS = ("encoder", "pass", "words", "side", "precision", "seconds", "words a s")
COLUMNS += ("of allennlp-models", "of the encoder", "peak GB", "run's GB")
REFUSED_MEMORY = 0.8
"""The share of the machine's memory at which a process is refused more."""


def main() -> None:
    arguments = parse_arguments()
    if arguments.child:
        print(json.dumps(measure(arguments)))
        return
    print(describe_machine(arguments.threads), end="\n\n", flush=True)
    precisions = arguments.precisions or ["fp32"] + ["bf16"] * has_bf16()
    print(header(COLUMNS), flush=True)
    with tempfile.TemporaryDirectory() as place:
        for encoder in arguments.encoders:
            folder = encoder_folder(encoder, Path(place))
            for what in arguments.passes:
                for words in arguments.words:
                    rows = run_sides(
                        arguments,
                        sides_of(arguments, what),
                        precisions,
                        {
                            "folder": str(folder),
                            "pass": what,
                            "words": words,
                        },
                    )
                    for (side, precision), row in rows.items():
                        cells = [encoder, what, f"{words:,}", side, precision]
                        print(line(cells, row, rows, words), flush=True)


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n", maxsplit=1)[0].strip())
    parser.add_argument("--encoders", nargs="*", default=["minilm", "bert-base"])
    parser.add_argument("--passes", nargs="*", choices=PASSES, default=["prediction"])
    parser.add_argument("--words", type=int, nargs="*", default=[300, 2000, 10000])
    parser.add_argument("--sides", nargs="*", choices=SIDES, default=SIDES)
    parser.add_argument("--precisions", nargs="*", choices=("fp32", "bf16"), default=[])
    parser.add_argument("--fastcoref", help="the folder that it was installed into")
    parser.add_argument("--rounds", type=int, default=3, help="processes for each measurement")
    parser.add_argument("--repeats", type=int, default=3, help="of each process, after one more")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--clock", choices=CLOCKS, default="wall")
    parser.add_argument("--child", help=argparse.SUPPRESS)
    return parser.parse_args()


def sides_of(arguments: argparse.Namespace, what: str) -> list[str]:
    sides = [side for side in arguments.sides if side != FASTCOREF or arguments.fastcoref]
    if what == "prediction":
        return [side for side in sides if not side.endswith(WITHOUT)]
    return [side for side in sides if side != ENCODER]


def run_sides(
    arguments: argparse.Namespace, sides: list[str], precisions: list[str], common: dict
) -> dict[tuple[str, str], dict]:
    """Measure each side and precision: all seconds and the largest peak, or the error."""
    rows: dict[tuple[str, str], dict] = {}
    for _ in range(arguments.rounds):
        for side in sides:
            for precision in precisions:
                new = run_child(arguments, {**common, "side": side, "precision": precision})
                old = rows.get((side, precision))
                if old is not None and "error" not in old and "error" not in new:
                    new["seconds"] += old["seconds"]
                    new["peak"] = max(old["peak"], new["peak"])
                rows[side, precision] = new if old is None or "error" not in old else old
    return rows


def run_child(arguments: argparse.Namespace, task: dict) -> dict:
    command = [sys.executable, str(Path(__file__)), "--child", json.dumps(task)]
    command += ["--repeats", str(arguments.repeats), "--threads", str(arguments.threads)]
    command += ["--clock", arguments.clock]
    environment = {**os.environ, "HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": str(arguments.threads)}
    if task["side"] == FASTCOREF:
        path = [arguments.fastcoref, os.environ.get("PYTHONPATH", "")]
        environment["PYTHONPATH"] = os.pathsep.join(filter(None, path))
    return answer_or_error(command, environment=environment)


def line(cells: list[str], row: dict, rows: dict, words: int) -> str:
    if "error" in row:
        return f"| {' | '.join([*cells, row['error']])} |"
    seconds = statistics.median(row["seconds"])
    *_, side, precision = cells
    cells += [f"{seconds:.3f}", f"{words / seconds:,.0f}"]
    for other, faster in ((THEIRS, True), (ENCODER, False)):
        base = rows.get((other, "fp32" if faster else precision), {})
        if "seconds" not in base or (other, precision) == (side, precision):
            cells.append("")
            continue
        ratio = statistics.median(base["seconds"]) / seconds
        cells.append(f"{ratio:.1f}x as fast" if faster else f"{1 / ratio:.2f}x the time")
    cells += [f"{row['peak']:.2f}", f"{row['peak'] - row['before']:.2f}"]
    return f"| {' | '.join(cells)} |"


def measure(arguments: argparse.Namespace) -> dict:
    task = json.loads(arguments.child)
    refuse_memory(REFUSED_MEMORY)
    import torch

    import spanbert_allen.plugin  # noqa: F401  AllenNLP is mended first

    torch.set_num_threads(arguments.threads)
    torch.manual_seed(1)
    make = PASSES[task["pass"]]
    run = make(task["side"], task["folder"], record_of(task["words"]), task["precision"])
    before = start_of_peak()
    run()
    seconds = []
    now = CLOCKS[arguments.clock]
    for _ in range(arguments.repeats):
        start = now()
        run()
        seconds.append(now() - start)
    return {"seconds": seconds, "peak": memory("VmHWM"), "before": before}


if __name__ == "__main__":
    main()
