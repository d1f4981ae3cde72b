"""`spanbert-allen quickstart`: train on the sample corpus, evaluate, and use the model."""

from __future__ import annotations

import argparse
import json
import shlex
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from spanbert_allen.commands.quickstart.logged_run import last_words, run_logged, sibling_program
from spanbert_allen.commands.quickstart.places import Places
from spanbert_allen.commands.quickstart.progress import EpochReport, Percentage, Progress
from spanbert_allen.commands.quickstart.tasks import (
    DEFAULT_QUESTION,
    QUICKSTART_TASKS,
    QuickstartTask,
)
from spanbert_allen.common.errors import ConfigError, UserError
from spanbert_allen.common.files import replace_file

HELP = "train a small model on the sample corpus, evaluate it and use it on a text"

DEFAULT_OUT = "out/quickstart"
_CONFIG = "training_configs/quickstart/{task}.jsonnet"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares the options."""
    parser.add_argument(
        "--task",
        choices=sorted(QUICKSTART_TASKS),
        default="coref",
        help="what to train (default: coref)",
    )
    parser.add_argument("--text", help="the text to work on (default: a short one of ours)")
    parser.add_argument("--question", help="of qa: what to ask about it")
    parser.add_argument(
        "--out", default=DEFAULT_OUT, help=f"the folder for everything made ({DEFAULT_OUT})"
    )


def run(arguments: argparse.Namespace) -> int:
    """Runs the three steps; returns the exit status."""
    began = time.monotonic()
    progress = Progress(sys.stdout)
    task = QUICKSTART_TASKS[arguments.task]
    places = Places(Path(arguments.out), arguments.task, task.split_file)
    config = Path(_CONFIG.format(task=arguments.task))
    if not config.is_file():
        raise ConfigError(
            f"{config} is not here ({Path.cwd()}): run quickstart from the root of the repository"
        )
    text = task.default_text if arguments.text is None else arguments.text
    question = DEFAULT_QUESTION if arguments.question is None else arguments.question
    _write_inputs(places, task.make_record(text, question))
    progress.line(f"1/3 Train on the sample corpus ({_corpus_size(places, task)})")
    _train(places, task, config, progress)
    progress.line("2/3 Evaluate on its test split")
    _evaluate(places, task, progress)
    progress.line(f"3/3 {task.last_step}")
    result = _predict(places, progress)
    _show(result, places, task, progress)
    _close(places, task, time.monotonic() - began, progress)
    return 0


def _write_inputs(places: Places, record: Mapping[str, Any]) -> None:
    from spanbert_allen.sample_corpus.layouts import write_sample

    write_sample(places.data)
    places.log.unlink(missing_ok=True)
    with replace_file(places.text) as file:
        file.write(json.dumps(record) + "\n")


def _corpus_size(places: Places, task: QuickstartTask) -> str:
    sizes = {name: task.size(places.split(name)) for name in ("train", "dev", "test")}
    return ", ".join(f"{size} {name} {task.unit}" for name, size in sizes.items())


def _train(places: Places, task: QuickstartTask, config: Path, progress: Progress) -> None:
    command = ["train", str(config), "-s", str(places.run), "-f"]
    if places.out != Path(DEFAULT_OUT):
        paths = {
            "train_data_path": str(places.split("train")),
            "validation_data_path": str(places.split("dev")),
        }
        command += ["-o", json.dumps(paths)]
    # A run of before would be taken for this one's epochs; -f removes it only after the start.
    for old in places.run.glob("metrics_epoch_*.json"):
        old.unlink()
    epochs = EpochReport(places.run, progress, task.shown)
    _run_allennlp(command, places, progress, epochs)
    epochs.report_finished()


def _evaluate(places: Places, task: QuickstartTask, progress: Progress) -> None:
    test, metrics = str(places.split("test")), str(places.metrics)
    command = ["evaluate", str(places.archive), test, "--output-file", metrics]
    _run_allennlp(command, places, progress, Percentage("  evaluating", progress))
    scores = json.loads(places.metrics.read_text(encoding="utf-8"))
    progress.line("  test: " + "  ".join(task.shown(scores)))


def _predict(places: Places, progress: Progress) -> Mapping[str, Any]:
    command = ["predict", str(places.archive), str(places.text)]
    command += ["--output-file", str(places.predictions), "--silent"]
    _run_allennlp(command, places, progress, Percentage("  predicting", progress))
    result = json.loads(places.predictions.read_text(encoding="utf-8"))
    assert isinstance(result, dict)
    return result


def _run_allennlp(
    arguments: list[str], places: Places, progress: Progress, on_output: Percentage | EpochReport
) -> None:
    command = _allennlp(arguments)
    progress.line(f"  $ {shlex.join(command)}")
    progress.now("  starting ...")
    status = run_logged(command, places.log, on_output=on_output)
    progress.now("")
    if status:
        raise UserError(
            f"`allennlp {arguments[0]}` stopped with status {status}: "
            f"{last_words(places.log).removeprefix('error: ')} (all it wrote is in {places.log})"
        )


def _allennlp(arguments: list[str]) -> list[str]:
    """The command as it works from this folder."""
    plugins = Path(".allennlp_plugins")
    is_plugin = plugins.is_file() and "spanbert_allen" in plugins.read_text().split()
    package = [] if is_plugin else ["--include-package", "spanbert_allen"]
    return [*sibling_program("allennlp"), *arguments, *package]


def _show(
    result: Mapping[str, Any], places: Places, task: QuickstartTask, progress: Progress
) -> None:
    from spanbert_allen.results.html.page import write_html
    from spanbert_allen.results.terminal.render import render_terminal, wants_colour

    progress.line()
    progress.line(render_terminal(result, colour=wants_colour(sys.stdout)))
    write_html([result], places.page, title=task.title)


def _close(places: Places, task: QuickstartTask, seconds: float, progress: Progress) -> None:
    made = {
        places.archive: "the model, ready for `allennlp predict`",
        places.metrics: "its scores on the test split",
        places.predictions: "the result, with character offsets",
        places.page: "the same as a page: open it in a browser",
        places.log: "everything the commands wrote",
    }
    width = max(len(str(path)) for path in made)
    minutes, rest = divmod(round(seconds), 60)
    progress.line(f"Made in {minutes} min {rest} s:")
    for path, what in made.items():
        progress.line(f"  {str(path).ljust(width)}  {what}")
    progress.line("To try next, with your own text, or many, one a line:")
    for command in _next_commands(places, task):
        progress.line(f"  {command}")
    progress.line(task.closing)


def _next_commands(places: Places, task: QuickstartTask) -> list[str]:
    texts, results, page = (places.out / name for name in ("mine.jsonl", "mine.out", "mine.html"))
    predict = ["predict", str(places.archive), str(texts), "--output-file", str(results)]
    return [
        f"echo {shlex.quote(task.own_record)} > {shlex.quote(str(texts))}",
        shlex.join(_allennlp([*predict, "--silent"])),
        shlex.join([*sibling_program("spanbert-allen"), "view", str(results), "--html", str(page)]),
    ]
