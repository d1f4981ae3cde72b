"""`spanbert-allen quickstart`: train on the sample corpus, evaluate, and resolve a text."""

from __future__ import annotations

import argparse
import json
import shlex
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from spanbert_allen.commands.logged_run import last_words, run_logged, sibling_program
from spanbert_allen.commands.progress import EpochReport, Percentage, Progress
from spanbert_allen.commands.quickstart_places import Places
from spanbert_allen.common.errors import ConfigError, UserError
from spanbert_allen.common.files import replace_file

HELP = "train a small model on the sample corpus, evaluate it and resolve a text with it"

DEFAULT_OUT = "out/quickstart"
DEFAULT_TEXT = (
    "Mara Lindqvist runs a small bookshop on the harbour. She opened the shop eleven years ago, "
    "when her brother Tom lent her the money. Tom is a sailor. When he is at home, he sits behind "
    'the counter and drinks her coffee. "I have never read a novel," he says, "but the customers '
    'believe me anyway." Last week the mayor gave the shop a prize, and Mara hung the prize above '
    "the door, where her customers can see it."
)

_CONFIG = "training_configs/quickstart/{task}.jsonnet"
_SCORES = {
    "coref": {
        "coref_f1": "CoNLL F1",
        "muc_f1": "MUC",
        "b_cubed_f1": "B³",
        "ceafe_f1": "CEAFe",
        "mention_recall": "mention recall",
    }
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares the options."""
    parser.add_argument(
        "--task", choices=sorted(_SCORES), default="coref", help="what to train (default: coref)"
    )
    parser.add_argument("--text", help="the text to resolve (default: a short one of ours)")
    parser.add_argument(
        "--out", default=DEFAULT_OUT, help=f"the folder for everything made ({DEFAULT_OUT})"
    )


def run(arguments: argparse.Namespace) -> int:
    """Runs the three steps; returns the exit status."""
    began = time.monotonic()
    progress = Progress(sys.stdout)
    places = Places(Path(arguments.out), arguments.task)
    config = Path(_CONFIG.format(task=arguments.task))
    if not config.is_file():
        raise ConfigError(
            f"{config} is not here ({Path.cwd()}): run quickstart from the root of the repository"
        )
    text = DEFAULT_TEXT if arguments.text is None else arguments.text
    _write_inputs(places, text)
    progress.line(f"1/3 Train on the sample corpus ({_corpus_size(places)})")
    _train(places, config, progress)
    progress.line("2/3 Evaluate on its test split")
    _evaluate(places, progress)
    progress.line("3/3 Resolve a text")
    result = _predict(places, progress)
    _show(result, places, progress)
    _close(places, time.monotonic() - began, progress)
    return 0


def _write_inputs(places: Places, text: str) -> None:
    from spanbert_allen.sample_corpus.layouts import write_sample

    write_sample(places.data)
    places.log.unlink(missing_ok=True)
    with replace_file(places.text) as file:
        file.write(json.dumps({"doc_key": "quickstart", "text": text}) + "\n")


def _corpus_size(places: Places) -> str:
    sizes = {
        name: len(places.split(name).read_text(encoding="utf-8").splitlines())
        for name in ("train", "dev", "test")
    }
    return ", ".join(f"{size} {name} texts" for name, size in sizes.items())


def _train(places: Places, config: Path, progress: Progress) -> None:
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
    epochs = EpochReport(places.run, progress)
    _run_allennlp(command, places, progress, epochs)
    epochs.report_finished()


def _evaluate(places: Places, progress: Progress) -> None:
    test, metrics = str(places.split("test")), str(places.metrics)
    command = ["evaluate", str(places.archive), test, "--output-file", metrics]
    _run_allennlp(command, places, progress, Percentage("  evaluating", progress))
    scores = json.loads(places.metrics.read_text(encoding="utf-8"))
    named = [
        f"{name} {100 * scores[key]:.1f}"
        for key, name in _SCORES[places.task].items()
        if key in scores
    ]
    progress.line("  test: " + "  ".join(named))


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


def _show(result: Mapping[str, Any], places: Places, progress: Progress) -> None:
    from spanbert_allen.integrations.html import write_html
    from spanbert_allen.integrations.terminal import render_terminal, wants_colour

    progress.line()
    progress.line(render_terminal(result, colour=wants_colour(sys.stdout)))
    write_html([result], places.page, title="Coreference quickstart")


def _close(places: Places, seconds: float, progress: Progress) -> None:
    made = {
        places.archive: "the model, ready for `allennlp predict`",
        places.metrics: "its scores on the test split",
        places.predictions: "the resolved text, with character offsets",
        places.page: "the same as a page: open it in a browser",
        places.log: "everything the commands wrote",
    }
    width = max(len(str(path)) for path in made)
    minutes, rest = divmod(round(seconds), 60)
    progress.line(f"Made in {minutes} min {rest} s:")
    for path, what in made.items():
        progress.line(f"  {str(path).ljust(width)}  {what}")
    progress.line("To try next, with your own text, or many, one a line:")
    for command in _next_commands(places):
        progress.line(f"  {command}")
    progress.line(
        "This model has seen a few dozen short texts only: README.md says how to train on"
    )
    progress.line("more, or on your own, and which other configurations there are.")


def _next_commands(places: Places) -> list[str]:
    texts, results, page = (places.out / name for name in ("mine.jsonl", "mine.out", "mine.html"))
    predict = ["predict", str(places.archive), str(texts), "--output-file", str(results)]
    return [
        f'echo \'{{"text": "Your own text."}}\' > {shlex.quote(str(texts))}',
        shlex.join(_allennlp([*predict, "--silent"])),
        shlex.join([*sibling_program("spanbert-allen"), "view", str(results), "--html", str(page)]),
    ]
