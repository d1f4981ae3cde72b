"""
Measure questions a second against transformers' question-answering pipeline.

That pipeline was removed from transformers 5. Both sides have the same weights, windows and
options.

    .venv/bin/python benchmarks/qa_prediction.py out/twin dev-v1.1.json --questions 300
    .venv/bin/python benchmarks/qa_prediction.py bert-base dev-v1.1.json --questions 40
    .venv/bin/python benchmarks/qa_prediction.py out/twin dev-v1.1.json --articles 4 --questions 40

The model is a folder that transformers reads, or `bert-base`: that size with random weights. With
`--articles`, contexts are whole articles: the paragraphs of an article, joined. Ours decodes as the
pipeline does, so that answers can be compared; `exact` is our default way. Loading is not timed,
tokenising and decoding are. The floor is the time that the encoder's products alone would take for
the pieces of all windows, without padding, at the machine's measured rate.

Each measurement has a process of its own, and sides take turns. Seconds are medians over the
repeats; memory is the process's peak while it answers, and that less what it held before. Where
other work runs on the machine, `--clock processor` counts the seconds of one thread's processor,
and `--together` has one process for all sides, which takes less time but cannot tell their memory.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from measuring import CLOCKS, answer_of, header, memory, start_of_peak

OPTIONS = {"max_seq_len": 384, "doc_stride": 128, "max_answer_len": 15}
BASELINE = "pipeline, batch 1"
SIDES = (BASELINE, "pipeline, batch 16", "ours", "ours, exact", "ours, int8", "ours, bf16")
COLUMNS = ("side", "s", "questions a s", "faster", "of the floor", "peak GB", "answering GB")
COLUMNS += ("same answers", "F1")
WARM_UP = 5


def main() -> None:
    arguments = parse_arguments()
    if arguments.child:
        print(json.dumps(measure(arguments)))
        return
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        arguments.model = prepare_model(arguments.model, work)
        questions = draw_questions(arguments, work)
        floor = run_child(arguments, "floor", work)
        print(
            f"{len(questions)} questions, {floor['windows']} windows, {floor['pieces']} pieces; "
            f"{floor['flops'] / 1e9:.0f} GFLOP at {floor['rate'] / 1e9:.0f} GFLOP/s: floor "
            f"{floor['seconds']:.2f} s",
            flush=True,
        )
        rows = (run_together if arguments.together else run_sides)(arguments, work)
        print(header(COLUMNS))
        for side in arguments.sides:
            print(line(side, rows, floor["seconds"], questions))


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n", maxsplit=1)[0])
    parser.add_argument("model", help="a folder, or bert-base")
    parser.add_argument("data", type=Path, help="a SQuAD file")
    parser.add_argument("--questions", type=int, default=300)
    parser.add_argument("--articles", type=int, default=0, help="whole articles as contexts")
    parser.add_argument("--sides", nargs="*", choices=SIDES, default=SIDES)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--together", action="store_true", help="one process for all sides")
    parser.add_argument("--clock", choices=CLOCKS, default="wall", help="processor: one thread's")
    parser.add_argument("--child", nargs=2, metavar=("SIDE", "FOLDER"))
    arguments = parser.parse_args()
    if arguments.clock == "processor":
        arguments.threads = 1  # more would count those that wait for each other
    return arguments


def prepare_model(name: str, work: Path) -> str:
    """Make the random model, if that is asked for, and our archive of the model."""
    if name == "bert-base":
        from training_step_models import encoder_folder

        encoder = encoder_folder("bert-base", work)
        name = str(work / "random")
        script = WRITE_RANDOM_HEAD.format(encoder=str(encoder), folder=name)
        subprocess.run([sys.executable, "-c", script], check=True, capture_output=True)
    command = [sys.executable, "-m", "spanbert_allen", "import", name, str(work / "model.tar.gz")]
    command += ["--task", "qa", "--max-length", "384"]
    subprocess.run(command, check=True, capture_output=True)
    return name


WRITE_RANDOM_HEAD = """
import torch
from transformers import AutoTokenizer, BertForQuestionAnswering
torch.manual_seed(1)
BertForQuestionAnswering.from_pretrained({encoder!r}).save_pretrained({folder!r})
AutoTokenizer.from_pretrained({encoder!r}).save_pretrained({folder!r})
"""


def draw_questions(arguments: argparse.Namespace, work: Path) -> list[dict[str, Any]]:
    """From all over the file; with `--articles`, from its longest articles."""
    data = json.loads(arguments.data.read_text(encoding="utf-8"))["data"]
    if arguments.articles:
        data = [joined(article) for article in data]
        data.sort(key=lambda article: -len(article["paragraphs"][0]["context"]))
        data = data[: arguments.articles]
    found = [
        {
            "question": one["question"],
            "context": paragraph["context"],
            "answers": [answer["text"] for answer in one["answers"]],
        }
        for article in data
        for paragraph in article["paragraphs"]
        for one in paragraph["qas"]
    ]
    count = min(arguments.questions, len(found))
    drawn = [found[number * len(found) // count] for number in range(count)]
    (work / "questions.json").write_text(json.dumps(drawn), encoding="utf-8")
    return drawn


def joined(article: dict[str, Any]) -> dict[str, Any]:
    paragraphs = article["paragraphs"]
    return {
        "paragraphs": [
            {
                "context": "\n".join(one["context"] for one in paragraphs),
                "qas": [question for one in paragraphs for question in one["qas"]],
            }
        ]
    }


def run_sides(arguments: argparse.Namespace, work: Path) -> dict[str, dict[str, Any]]:
    rows: dict[str, dict[str, Any]] = {}
    for _ in range(arguments.repeats):
        for side in arguments.sides:
            new = run_child(arguments, side, work)
            row = rows.setdefault(side, {**new, "seconds": []})
            row["seconds"].append(new["seconds"])
            for key in ("peak", "before"):
                row[key] = max(row[key], new[key])
    return rows


def run_together(arguments: argparse.Namespace, work: Path) -> dict[str, dict[str, Any]]:
    import torch

    torch.set_num_threads(arguments.threads)
    asked, clock = asked_in(work), CLOCKS[arguments.clock]
    answers = {side: warm_side(arguments.model, side, work, asked) for side in arguments.sides}
    rows: dict[str, dict[str, Any]] = {}
    for _ in range(arguments.repeats):
        for side, answer in answers.items():
            new = timed(answer, asked, clock)
            row = rows.setdefault(side, {**new, "seconds": [], "peak": 0.0, "before": 0.0})
            row["seconds"].append(new["seconds"])
    return rows


def run_child(arguments: argparse.Namespace, side: str, work: Path) -> dict[str, Any]:
    command = [sys.executable, __file__, arguments.model, str(arguments.data)]
    command += ["--child", side, str(work), "--threads", str(arguments.threads)]
    command += ["--clock", arguments.clock]
    return dict(answer_of(command))


def line(side: str, rows: dict[str, dict[str, Any]], floor: float, questions: list) -> str:
    from spanbert_allen.metrics.qa.text_scores import question_scores

    row, baseline = rows[side], rows.get(BASELINE)
    seconds = statistics.median(row["seconds"])
    faster = same = ""
    if baseline is not None and side != BASELINE:
        faster = f"{statistics.median(baseline['seconds']) / seconds:.2f}x"
        pairs = list(zip(row["answers"], baseline["answers"], strict=True))
        same = f"{100 * statistics.fmean(a == b for a, b in pairs):.1f} %"
    f1 = statistics.fmean(
        question_scores(answer["answer"], question["answers"])[1]
        for answer, question in zip(row["answers"], questions, strict=True)
    )
    cells = [side, f"{seconds:.2f}", f"{len(questions) / seconds:.1f}", faster]
    cells.append(f"{100 * floor / seconds:.0f} %")
    for gigabytes in (row["peak"], row["peak"] - row["before"]):
        cells.append(f"{gigabytes:.2f}" if row["peak"] else "")
    cells += [same, f"{100 * f1:.1f}"]
    return f"| {' | '.join(cells)} |"


def measure(arguments: argparse.Namespace) -> dict[str, Any]:
    import torch

    torch.set_num_threads(arguments.threads)
    clock, side, work = CLOCKS[arguments.clock], arguments.child[0], Path(arguments.child[1])
    asked = asked_in(work)
    if side == "floor":
        return measure_floor(work, asked, clock)
    answer = warm_side(arguments.model, side, work, asked)
    before = start_of_peak()
    return timed(answer, asked, clock) | {"peak": memory("VmHWM"), "before": before}


def asked_in(work: Path) -> list[dict[str, Any]]:
    return list(json.loads((work / "questions.json").read_text(encoding="utf-8")))


def warm_side(model: str, side: str, work: Path, asked: list) -> Callable[[list], list]:
    if side.startswith("pipeline"):
        answer = pipeline_side(model, int(side.rpartition(" ")[2]))
    else:
        answer = our_side(work / "model.tar.gz", side.partition(", ")[2])
    answer(asked[:WARM_UP])
    return answer


def timed(
    answer: Callable[[list], list], asked: list, clock: Callable[[], float]
) -> dict[str, Any]:
    began = clock()
    answers = answer(asked)
    seconds = clock() - began
    kept = ("answer", "start", "end")
    return {"seconds": seconds, "answers": [{name: one[name] for name in kept} for one in answers]}


def pipeline_side(model: str, batch_size: int) -> Callable[[list], list]:
    from transformers import pipeline

    answer = pipeline("question-answering", model=model, tokenizer=model, device="cpu")

    def run(asked: list) -> list:
        pairs = [{name: one[name] for name in ("question", "context")} for one in asked]
        results = answer(pairs, batch_size=batch_size, **OPTIONS)
        return results if isinstance(results, list) else [results]

    return run


def our_side(archive: Path, change: str) -> Callable[[list], list]:
    from allennlp.predictors import Predictor

    import spanbert_allen.plugin  # noqa: F401  AllenNLP is mended first

    overrides: dict[str, Any] = {}
    if change != "exact":
        overrides["model.decoder.type"] = "pipeline"
    if change == "bf16":
        overrides["model.embedder.dtype"] = "bfloat16"
    predictor = Predictor.from_path(str(archive), "spanbert_qa", overrides=overrides)
    if change == "int8":
        predictor._model.embedder.encoder = in_int8(predictor._model.embedder.encoder)

    def run(asked: list) -> list:
        predictor._passages.clear()  # texts of a run before this are new ones
        questions = [one["question"] for one in asked]
        return list(predictor(questions, [one["context"] for one in asked], **OPTIONS))

    return run


def in_int8(encoder: Any) -> Any:
    """Torch's dynamic quantisation, a scale for each row of weights: the more exact way."""
    import torch
    from torch.ao.quantization import per_channel_dynamic_qconfig, quantize_dynamic

    return quantize_dynamic(encoder, {torch.nn.Linear: per_channel_dynamic_qconfig})


def measure_floor(work: Path, asked: list, clock: Callable[[], float]) -> dict[str, Any]:
    """Return what the encoder computes for all windows, and how fast this machine can."""
    import torch
    from allennlp.models import load_archive

    import spanbert_allen.plugin  # noqa: F401
    from spanbert_allen.formats.qa.question import Question
    from spanbert_allen.predictors.qa.predictor import QAOptions

    archive = load_archive(work / "model.tar.gz")
    reader, config = archive.dataset_reader, archive.model.embedder.encoder.config
    shape = QAOptions(**OPTIONS).shape(reader.shape, as_pipeline=False)
    lengths = []
    for one in asked:
        question = Question(id="", question=one["question"], context=one["context"])
        windows = reader.windows(question, reader.passage(one["context"]), shape)
        lengths += [
            len(windows.columns(number)["token_ids"]) for number in range(len(windows.spans))
        ]
    width, inner = config.hidden_size, config.intermediate_size
    a_piece = 2 * (4 * width * width + 2 * width * inner)
    flops = config.num_hidden_layers * sum(
        length * a_piece + 4 * length * length * width for length in lengths
    )
    left, right = torch.rand(4096, width), torch.rand(width, inner)
    rates = []
    for _ in range(31):
        began = clock()
        torch.mm(left, right)
        rates.append(2 * left.numel() * inner / (clock() - began))
    rate = statistics.median(sorted(rates)[-16:])
    return {
        "windows": len(lengths),
        "pieces": sum(lengths),
        "flops": flops,
        "rate": rate,
        "seconds": flops / rate,
    }


if __name__ == "__main__":
    main()
