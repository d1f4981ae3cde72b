"""
Measure a training step against AllenNLP's own trainer.

Ours has `spanbert_bert_adam`, AllenNLP's has its own embedder and `huggingface_adamw`; batches are
as question answering and coreference have them.

    .venv/bin/python benchmarks/training_step.py --encoders minilm
    .venv/bin/python benchmarks/training_step.py --encoders bert-base --windows 4 --steps 3
    .venv/bin/python benchmarks/training_step.py --deterministic --compile --tasks qa

`qa`: full windows of pieces, a linear layer for starts and ends; the same model on both sides, but
for the embedder. `coref`: a document of the sample corpus's texts a step; against allennlp-models'
`coref` with scorers of our size, both with its formula (distance feature only, crossing spans
allowed). `ours in AllenNLP's` is our model with AllenNLP's trainer and optimizer.

Each measurement has a process of its own, and sides take turns, so that whatever else the machine
does falls on all of them. Seconds are medians over the steps of all repeats; memory is the
process's peak in training, and that peak less what it held before the first step.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
import time
from itertools import pairwise
from pathlib import Path

from measuring import answer_or_error, describe_machine, has_bf16, header, memory, start_of_peak
from training_step_models import Side, encoder_folder, make_instances, make_model

NOT_TIMED = 2
"""The first steps: caches are filled, the optimizer's state is made, torch compiles."""

BASELINE = "AllenNLP"
BF16 = "ours, bf16"
SIDES = {
    BASELINE: Side(our_model=False, our_trainer=False),
    "ours in AllenNLP's": Side(our_trainer=False),
    "ours": Side(settings={"precision": "fp32"}),
    BF16: Side(settings={"precision": "bf16"}),
    "ours, deterministic": Side(settings={"deterministic": True}),
    "ours, compiled": Side(settings={"compile": True}),
}
COMPARED = (BASELINE, "ours in AllenNLP's", "ours", BF16)


def main() -> None:
    arguments = parse_arguments()
    if arguments.child:
        print(json.dumps(measure(arguments)))
        return
    print(describe_machine(arguments.threads), end="\n\n", flush=True)
    sides = arguments.sides or [name for name in SIDES if name in COMPARED]
    if BF16 in sides and not arguments.sides and not has_bf16():
        sides.remove(BF16)
        print(f"{BF16}: left out, as this processor would only imitate it; --sides asks for it\n")
    sides += ["ours, deterministic"] * arguments.deterministic
    sides += ["ours, compiled"] * arguments.compile
    print(header(COLUMNS), flush=True)
    with tempfile.TemporaryDirectory() as folder:
        for task in arguments.tasks:
            for encoder in arguments.encoders:
                path = encoder_folder(encoder, Path(folder))
                rows = run_sides(arguments, sides, task, path)
                for side in sides:
                    print(line(task, encoder, side, rows), flush=True)


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n", maxsplit=1)[0])
    parser.add_argument("--tasks", nargs="*", choices=TASKS, default=TASKS)
    parser.add_argument("--encoders", nargs="*", choices=ENCODERS, default=ENCODERS)
    parser.add_argument("--sides", nargs="*", choices=SIDES, default=[])
    parser.add_argument("--deterministic", action="store_true", help="one side more")
    parser.add_argument("--compile", action="store_true", help="one side more")
    parser.add_argument("--windows", type=int, default=16, help="of a batch of `qa`")
    parser.add_argument("--pieces", type=int, default=384, help="of a window")
    parser.add_argument("--words", type=int, default=600, help="of a document of `coref`")
    parser.add_argument("--steps", type=int, default=5, help="at least 3; two are not timed")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--child", nargs=3, metavar=("SIDE", "TASK", "FOLDER"))
    return parser.parse_args()


TASKS = ("qa", "coref")
ENCODERS = ("minilm", "bert-base")
COLUMNS = ("task", "encoder", "side", "s a step", "windows or words a s", "faster")
COLUMNS += ("peak GB", "steps' GB", "steps' memory")


def run_sides(arguments: argparse.Namespace, sides: list[str], task: str, folder: Path) -> dict:
    """Measure each side: the seconds of all steps and the largest peak, or the error."""
    rows: dict[str, dict] = {}
    for _ in range(arguments.repeats):
        for side in sides:
            new = run_child(arguments, side, task, folder)
            if "error" in new or "error" in rows.get(side, {}):
                rows[side] = new
                continue
            row = rows.setdefault(side, {**new, "seconds": []})
            row["seconds"] += new["seconds"]
            for key in ("peak", "before"):
                row[key] = max(row[key], new[key])
    return rows


def run_child(arguments: argparse.Namespace, side: str, task: str, folder: Path) -> dict:
    command = [sys.executable, str(Path(__file__)), "--child", side, task, str(folder)]
    for name in ("windows", "pieces", "words", "steps", "threads"):
        command += [f"--{name}", str(getattr(arguments, name))]
    return answer_or_error(command)


def line(task: str, encoder: str, side: str, rows: dict) -> str:
    row = rows[side]
    if "error" in row:
        return f"| {task} | {encoder} | {side} | {row['error']} |"
    seconds = statistics.median(row["seconds"])
    used = row["peak"] - row["before"]
    cells = [task, encoder, side, f"{seconds:.2f}", f"{row['size'] / seconds:.1f}", ""]
    cells += [f"{row['peak']:.2f}", f"{used:.2f}", ""]
    baseline = rows.get(BASELINE, {})
    if side != BASELINE and "seconds" in baseline:
        cells[5] = f"{statistics.median(baseline['seconds']) / seconds:.2f}x"
        cells[8] = f"{used / (baseline['peak'] - baseline['before']):.2f}x"
    return f"| {' | '.join(cells)} |"


def measure(arguments: argparse.Namespace) -> dict:
    import torch

    import spanbert_allen.plugin  # noqa: F401  AllenNLP is mended first

    torch.set_num_threads(arguments.threads)
    torch.manual_seed(1)
    name, task, folder = arguments.child
    side = SIDES[name]
    instances = make_instances(task, arguments, side, folder)
    model = make_model(task, side, folder)
    batch_size = arguments.windows if task == "qa" else 1
    clock, before = train(model, instances, batch_size, side)
    seconds = [end - start for start, end in pairwise(clock[NOT_TIMED - 1 :])]
    size = arguments.windows if task == "qa" else arguments.words
    return {"seconds": seconds, "size": size, "peak": memory("VmHWM"), "before": before}


def train(model, instances, batch_size: int, side: Side) -> tuple[list[float], float]:
    """When each step ended, and the memory before the first."""
    from allennlp.common import Params
    from allennlp.data import Vocabulary
    from allennlp.data.data_loaders import SimpleDataLoader
    from allennlp.training import Trainer
    from allennlp.training.callbacks import TrainerCallback

    clock = []

    @TrainerCallback.register("benchmark_clock")
    class Clock(TrainerCallback):
        def on_batch(self, *_, **__) -> None:
            clock.append(time.perf_counter())

    optimizer = (
        {"type": "spanbert_bert_adam"}
        if side.our_trainer
        else {
            "type": "huggingface_adamw",
            "lr": 2e-5,
            "weight_decay": 0.01,
        }
    )
    settings = (
        {"announce_memory": False, **side.settings}
        if side.our_trainer
        else {
            "grad_norm": 1.0,  # which our optimizer does itself
            "run_confidence_checks": False,
        }
    )
    with tempfile.TemporaryDirectory() as folder:
        trainer = Trainer.from_params(
            Params(
                {
                    "type": "spanbert" if side.our_trainer else "gradient_descent",
                    "num_epochs": 1,
                    "optimizer": optimizer,
                    "checkpointer": None,
                    "callbacks": [{"type": "benchmark_clock"}],
                    **settings,
                }
            ),
            model=model,
            data_loader=SimpleDataLoader(instances, batch_size, vocab=Vocabulary()),
            serialization_dir=folder,
            local_rank=0,
        )
        before = start_of_peak()
        trainer.train()
    return clock, before


if __name__ == "__main__":
    main()
