"""
Measure texts a second in training and in prediction.

Our trainer runs against a plain transformers loop, and our predictor against transformers'
text-classification pipeline, on the same texts, pieces and weights.

    export GLUE_DATA_PATH=...
    CONFIG=training_configs/glue/mrpc_minilm.jsonnet
    .venv/bin/python benchmarks/classification_speed.py train $CONFIG --texts 1000
    .venv/bin/python benchmarks/classification_speed.py predict $CONFIG --texts 400

`train`: an epoch on the first texts of the training data. Ours is the configuration as it is, with
its trainer, batches and optimizer; the loop is that of `classification_training.py` and takes as
many updates. The first update is not timed, and neither are loading, evaluation and saving.
`predict`: the first texts of the validation data, tokenised anew, by the configuration's encoder
with a random head. `one by one` is a call for each text.

Each measurement has a process of its own, and sides take turns. Texts a second are medians over the
repeats, and so is the processor time of a text, which other work on the machine changes less;
memory is the process's peak while it works, and that less what it held before.
"""

from __future__ import annotations

import argparse
import json
import math
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from measuring import answer_of, header, memory, start_of_peak

SIDES = {
    "train": ("loop", "loop, bf16", "ours", "ours, bf16"),
    "predict": (
        "pipeline, batch 1",
        "pipeline, batch 16",
        "pipeline, batch 16, bf16",
        "ours, one by one",
        "ours",
        "ours, bf16",
    ),
}
COLUMNS = ("side", "texts a s", "faster", "CPU ms a text", "less CPU", "peak GB", "working GB")
COLUMNS += ("same classes",)
WARM_UP = 16


def main() -> None:
    arguments = parse_arguments()
    if arguments.child:
        print(json.dumps(measure(arguments)))
        return
    sides = arguments.sides or SIDES[arguments.what]
    with tempfile.TemporaryDirectory() as folder:
        if arguments.what == "predict":
            run_child(arguments, "prepare", folder)
            command = [sys.executable, "-m", "spanbert_allen", "import", f"{folder}/theirs"]
            command += [f"{folder}/ours.tar.gz", "--task", "sequence", "--max-length", "128"]
            subprocess.run(command, check=True, capture_output=True)
        rows: dict[str, dict[str, Any]] = {}
        for _ in range(arguments.repeats):
            for side in sides:
                new = run_child(arguments, side, folder)
                row = rows.setdefault(side, {**new, "rates": [], "cpus": []})
                row["rates"].append(new["rate"])
                row["cpus"].append(new["cpu"])
                for key in ("peak", "before"):
                    row[key] = max(row[key], new[key])
        print(header(COLUMNS))
        for side in sides:
            print(line(side, rows))


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n", maxsplit=1)[0])
    parser.add_argument("what", choices=SIDES)
    parser.add_argument("config", help="one of ours, with an encoder of the installation")
    parser.add_argument("--texts", type=int, default=400)
    parser.add_argument("--sides", nargs="*", choices=SIDES["train"] + SIDES["predict"])
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--child", nargs=2, metavar=("SIDE", "FOLDER"))
    return parser.parse_args()


def run_child(arguments: argparse.Namespace, side: str, folder: str) -> dict[str, Any]:
    command = [sys.executable, __file__, arguments.what, arguments.config, "--child", side, folder]
    command += ["--texts", str(arguments.texts), "--threads", str(arguments.threads)]
    return dict(answer_of(command))


def line(side: str, rows: dict[str, dict[str, Any]]) -> str:
    row, baseline = rows[side], next(iter(rows.values()))
    rate, cpu = statistics.median(row["rates"]), statistics.median(row["cpus"])
    faster = less = same = ""
    if row is not baseline:
        faster = f"{rate / statistics.median(baseline['rates']):.2f}x"
        less = f"{statistics.median(baseline['cpus']) / cpu:.2f}x"
        if "classes" in row:
            pairs = zip(row["classes"], baseline["classes"], strict=True)
            same = f"{100 * statistics.fmean(a == b for a, b in pairs):.1f} %"
    cells = [side, f"{rate:.1f}", faster, f"{1000 * cpu:.1f}", less, f"{row['peak']:.2f}"]
    cells += [f"{row['peak'] - row['before']:.2f}", same]
    return f"| {' | '.join(cells)} |"


def measure(arguments: argparse.Namespace) -> dict[str, Any]:
    import torch

    torch.set_num_threads(arguments.threads)
    side, folder = arguments.child
    if side == "prepare":
        return prepare(arguments.config, Path(folder))
    if arguments.what == "predict":
        return measure_prediction(arguments, side, Path(folder))
    is_bf16 = side.endswith("bf16")
    if side.startswith("ours"):
        return measure_trainer(arguments, is_bf16, folder)
    return measure_loop(arguments, is_bf16)


def measure_trainer(arguments: argparse.Namespace, is_bf16: bool, folder: str) -> dict[str, Any]:
    from allennlp.commands.train import TrainModel
    from allennlp.common import Params
    from allennlp.common.util import prepare_environment
    from allennlp.training.callbacks import TrainerCallback

    import spanbert_allen.plugin  # noqa: F401

    params = Params.from_file(arguments.config).as_dict(quiet=True)
    params.pop("validation_data_path")
    params["dataset_reader"]["max_instances"] = arguments.texts
    params["trainer"] |= {"num_epochs": 1, "precision": "bf16" if is_bf16 else "fp32"}
    params["trainer"] |= {"callbacks": [], "validation_metric": "-loss"}
    with tempfile.TemporaryDirectory(dir=folder) as run:
        settings = Params(params)
        prepare_environment(settings)  # takes the seeds
        training = TrainModel.from_params(settings, serialization_dir=run, local_rank=0)
        marks: list[Mark] = []

        class Marks(TrainerCallback):
            def on_batch(self, trainer: Any, batch_inputs: Any, *_: Any, **__: Any) -> None:
                texts = sum(len(batch["label"]) for batch in batch_inputs)
                marks.append(mark(texts))

        training.trainer._callbacks.append(Marks(run))
        before = start_of_peak()
        training.run()
    return rates(marks, before)


def measure_loop(arguments: argparse.Namespace, is_bf16: bool) -> dict[str, Any]:
    from classification_training import Experiment, collate, make_twin, plain
    from plain_loop import batches, make_optimizer, update

    experiment = Experiment(arguments.config, max_instances=arguments.texts)
    twin = make_twin(experiment.model).train()
    optimizer = make_optimizer(twin, experiment.learning_rate)
    texts = [plain(instance) for instance in experiment.training]
    batch_size = math.ceil(len(texts) / experiment.updates_of_an_epoch())
    before, marks = start_of_peak(), []
    for batch in batches(texts, batch_size, collate):
        update(twin, batch, optimizer, is_bf16=is_bf16)
        marks.append(mark(len(batch["labels"])))
    return rates(marks, before)


class Mark(NamedTuple):
    """The end of a piece of work: the clock, the processor time so far, how many texts it had."""

    clock: float
    cpu: float
    texts: int


def mark(texts: int) -> Mark:
    return Mark(time.perf_counter(), time.process_time(), texts)


def rates(marks: list[Mark], before: float) -> dict[str, Any]:
    """Texts a second, and a text's seconds of processor time, from the first mark to the last."""
    first, last = marks[0], marks[-1]
    texts = sum(one.texts for one in marks[1:])
    return {
        "rate": texts / (last.clock - first.clock),
        "cpu": (last.cpu - first.cpu) / texts,
        "peak": memory("VmHWM"),
        "before": before,
    }


def prepare(config: str, folder: Path) -> dict[str, Any]:
    """Write the model as a folder of transformers, with a random head; return it and the texts."""
    from classification_training import Experiment, make_twin
    from transformers import AutoTokenizer

    experiment = Experiment(config)
    twin = make_twin(experiment.model)
    twin.classifier.weight.data.mul_(20)  # classes that differ from text to text
    labels = [f"class {number}" for number in range(twin.config.num_labels)]
    twin.config.id2label = dict(enumerate(labels))
    twin.config.label2id = {label: number for number, label in enumerate(labels)}
    twin.save_pretrained(folder / "theirs")
    vocabulary = "\n".join(experiment.tokenizer.vocabulary)
    (folder / "theirs" / "vocab.txt").write_text(vocabulary, encoding="utf-8")
    settings = {"do_lower_case": experiment.tokenizer.basic.lower_case}
    (folder / "theirs" / "tokenizer_config.json").write_text(
        json.dumps({"tokenizer_class": "BertTokenizer", "model_max_length": 128, **settings})
    )
    AutoTokenizer.from_pretrained(folder / "theirs").save_pretrained(folder / "theirs")
    pairs = [instance["pair"].metadata.pair for instance in experiment.validation]
    texts = [{"text": one.text, "text_pair": one.text_pair} for one in pairs]
    (folder / "texts.json").write_text(json.dumps(texts), encoding="utf-8")
    return {}


def measure_prediction(arguments: argparse.Namespace, side: str, folder: Path) -> dict[str, Any]:
    texts = json.loads((folder / "texts.json").read_text(encoding="utf-8"))[: arguments.texts]
    if side.startswith("pipeline"):
        classify = pipeline_side(folder / "theirs", 1 if "batch 1," in f"{side}," else 16, side)
    else:
        classify = our_side(folder / "ours.tar.gz", side)
    classify(texts[:WARM_UP])
    before = start_of_peak()
    began = mark(0)
    classes = classify(texts)
    return {"classes": classes, **rates([began, mark(len(texts))], before)}


def pipeline_side(model: Path, batch_size: int, side: str) -> Callable[[list], list[str]]:
    import torch
    from transformers import pipeline

    dtype = torch.bfloat16 if side.endswith("bf16") else torch.float32
    classify = pipeline("text-classification", model=str(model), device="cpu", torch_dtype=dtype)

    def run(texts: list) -> list[str]:
        given = [{name: one for name, one in text.items() if one is not None} for text in texts]
        results = classify(given, batch_size=batch_size, truncation=True, max_length=128)
        return [result["label"] for result in results]

    return run


def our_side(archive: Path, side: str) -> Callable[[list], list[str]]:
    import spanbert_allen

    overrides = {"model.embedder.dtype": "bfloat16"} if side.endswith("bf16") else None
    predictor: Any = spanbert_allen.load(archive, overrides=overrides)

    def run(texts: list) -> list[str]:
        if side.endswith("one by one"):
            results = [predictor.predict(one["text"], one["text_pair"]) for one in texts]
        else:
            results = predictor.predict_batch_json(texts)
        return [result["label"] for result in results]

    return run


if __name__ == "__main__":
    main()
