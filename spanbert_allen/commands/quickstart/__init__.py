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

from spanbert_allen.commands import plugin
from spanbert_allen.commands.quickstart.logged_run import last_words, run_logged, sibling_program
from spanbert_allen.commands.quickstart.paths import QuickstartPaths
from spanbert_allen.commands.quickstart.progress import EpochReport, Percentage, Progress
from spanbert_allen.commands.quickstart.tasks import (
    DEFAULT_QUESTION,
    QUICKSTART_TASKS,
    QuickstartTask,
)
from spanbert_allen.common.errors import UserError
from spanbert_allen.common.files import replace_file
from spanbert_allen.shipped_configs import find_config

HELP = "train a small model on the sample corpus, evaluate it and use it on a text"
EXAMPLE = 'spanbert-allen quickstart --text "Ida lost her keys. She found them."'

DEFAULT_OUT = "out/quickstart"
_OF_ONE_TASK = {"question": "qa", "text_file": "pretraining"}
"""The tasks of the options that all others have no use for."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument(
        "--task",
        choices=sorted(QUICKSTART_TASKS),
        default="coref",
        help="what to train (default: coref)",
    )
    parser.add_argument("--text", help="the text to work on (default: a short one of ours)")
    parser.add_argument("--question", help="of qa: what to ask about it")
    parser.add_argument(
        "--text-file",
        type=Path,
        help="of pretraining: a text of yours to train on, instead of the sample corpus",
    )
    parser.add_argument(
        "--out", default=DEFAULT_OUT, help=f"the folder for everything made ({DEFAULT_OUT})"
    )


def run(arguments: argparse.Namespace) -> int:
    """Run the three steps, and return the exit status."""
    _check_options(arguments)
    began = time.monotonic()
    progress = Progress(sys.stdout)
    task = QUICKSTART_TASKS[arguments.task]
    paths = QuickstartPaths(Path(arguments.out), arguments.task, task.split_file)
    config = _from_here(find_config(f"quickstart/{arguments.task}"))
    text = task.default_text if arguments.text is None else arguments.text
    question = DEFAULT_QUESTION if arguments.question is None else arguments.question
    _write_inputs(paths, task, task.make_record(text, question), arguments.text_file)
    source = arguments.text_file or "the sample corpus"
    progress.line(f"1/3 Train on {source} ({_corpus_size(paths, task)})")
    _train(paths, task, config, progress)
    progress.line("2/3 Evaluate on its test split")
    _evaluate(paths, task, progress)
    progress.line(f"3/3 {task.last_step}")
    result = _predict(paths, progress)
    _show(result, paths, task, progress)
    _close(paths, task, time.monotonic() - began, progress)
    return 0


def _check_options(arguments: argparse.Namespace) -> None:
    for name, task in _OF_ONE_TASK.items():
        if getattr(arguments, name) is not None and arguments.task != task:
            raise UserError(
                f"--{name.replace('_', '-')} is for --task {task}: leave it out, or give that task"
            )


def _from_here(path: Path) -> Path:
    """Return the path as a user of this folder would write it."""
    here = Path.cwd()
    return path.relative_to(here) if path.is_relative_to(here) else path


def _write_inputs(
    paths: QuickstartPaths, task: QuickstartTask, record: Mapping[str, Any], text_file: Path | None
) -> None:
    from spanbert_allen.sample_corpus.layouts import write_sample

    if task.write_data is not None:
        task.write_data(paths.data, text_file)
    else:
        write_sample(paths.data)
    paths.log.unlink(missing_ok=True)
    with replace_file(paths.text) as file:
        file.write(json.dumps(record) + "\n")


def _corpus_size(paths: QuickstartPaths, task: QuickstartTask) -> str:
    sizes = {name: task.size(paths.split(name)) for name in ("train", "dev", "test")}
    return ", ".join(f"{size:,} {name} {task.unit}" for name, size in sizes.items())


def _train(paths: QuickstartPaths, task: QuickstartTask, config: Path, progress: Progress) -> None:
    command = ["train", str(config), "-s", str(paths.run), "-f"]
    if paths.out != Path(DEFAULT_OUT):
        data_paths = {
            "train_data_path": str(paths.split("train")),
            "validation_data_path": str(paths.split("dev")),
        }
        command += ["-o", json.dumps(data_paths)]
    # A run of before would be taken for this one's epochs; -f removes it only after the start.
    for old in paths.run.glob("metrics_epoch_*.json"):
        old.unlink()
    epochs = EpochReport(paths.run, progress, task.shown)
    _run_allennlp(command, paths, progress, epochs)
    epochs.report_finished()


def _evaluate(paths: QuickstartPaths, task: QuickstartTask, progress: Progress) -> None:
    test, metrics = str(paths.split("test")), str(paths.metrics)
    command = ["evaluate", str(paths.archive), test, "--output-file", metrics]
    _run_allennlp(command, paths, progress, Percentage("  evaluating", progress))
    scores = json.loads(paths.metrics.read_text(encoding="utf-8"))
    progress.line("  test: " + "  ".join(task.shown(scores)))


def _predict(paths: QuickstartPaths, progress: Progress) -> Mapping[str, Any]:
    command = ["predict", str(paths.archive), str(paths.text)]
    command += ["--output-file", str(paths.predictions), "--silent"]
    _run_allennlp(command, paths, progress, Percentage("  predicting", progress))
    result = json.loads(paths.predictions.read_text(encoding="utf-8"))
    assert isinstance(result, dict)
    return result


def _run_allennlp(
    arguments: list[str],
    paths: QuickstartPaths,
    progress: Progress,
    on_output: Percentage | EpochReport,
) -> None:
    command = _allennlp(arguments)
    progress.line(f"  $ {shlex.join(command)}")
    progress.now("  starting ...")
    status = run_logged(command, paths.log, on_output=on_output)
    progress.now("")
    if status:
        raise UserError(
            f"`{_program()} {arguments[0]}` stopped with status {status}: "
            f"{last_words(paths.log).removeprefix('error: ')} (all it wrote is in {paths.log})"
        )


def _allennlp(arguments: list[str]) -> list[str]:
    """Return the command as it works from this folder."""
    return [*sibling_program(_program()), *arguments]


def _program() -> str:
    """
    Return what to start: AllenNLP's own program in a folder that names this package as a plugin.

    Elsewhere that one would import files of the folder which are called as parts of
    `allennlp_models` are, such as a `common.py`.
    """
    return "allennlp" if plugin.has_line(plugin.LOCAL) else "spanbert-allen"


def _show(
    result: Mapping[str, Any], paths: QuickstartPaths, task: QuickstartTask, progress: Progress
) -> None:
    from spanbert_allen.results.html.page import write_html
    from spanbert_allen.results.terminal.render import render_terminal, wants_colour

    progress.line()
    progress.line(render_terminal(result, colour=wants_colour(sys.stdout)))
    write_html([result], paths.page, title=task.title)


def _close(
    paths: QuickstartPaths, task: QuickstartTask, seconds: float, progress: Progress
) -> None:
    made = {
        paths.archive: "the model, ready for `allennlp predict`",
        paths.metrics: "its scores on the test split",
        paths.predictions: "the result, with character offsets",
        paths.page: "the same as a page: open it in a browser",
        paths.log: "everything the commands wrote",
    }
    width = max(len(str(path)) for path in made)
    minutes, rest = divmod(round(seconds), 60)
    progress.line(f"Made in {minutes} min {rest} s:")
    for path, what in made.items():
        progress.line(f"  {str(path).ljust(width)}  {what}")
    progress.line("To try next, with your own text, or many, one a line:")
    for command in _next_commands(paths, task):
        progress.line(f"  {command}")
    progress.line(task.closing)


def _next_commands(paths: QuickstartPaths, task: QuickstartTask) -> list[str]:
    texts, results, page = (paths.out / name for name in ("mine.jsonl", "mine.out", "mine.html"))
    predict = ["predict", str(paths.archive), str(texts), "--output-file", str(results)]
    return [
        f"echo {shlex.quote(task.own_record)} > {shlex.quote(str(texts))}",
        shlex.join(_allennlp([*predict, "--silent"])),
        shlex.join([*sibling_program("spanbert-allen"), "view", str(results), "--html", str(page)]),
    ]
