"""
Mistakes of every kind tried on everything that reads what a user has.

A target gets a random generator and a folder and tries one case. It may raise a `UserError`, which
is counted; anything else that it raises is a failure, and so is a record that is lost.
"""

from __future__ import annotations

import contextlib
import functools
import io
import json
import logging
import traceback
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

from spanbert_allen.__main__ import main
from spanbert_allen.common.errors import UserError
from spanbert_allen.formats.coref.findings import Findings
from spanbert_allen.formats.coref.lossy import Dropped
from spanbert_allen.formats.coref.registry import coref_formats
from spanbert_allen.formats.qa.mrqa import read_mrqa
from spanbert_allen.formats.qa.squad import read_squad
from spanbert_allen.formats.relation.detection import read_relations
from spanbert_allen.formats.sequence.glue import read_glue
from spanbert_allen.formats.sequence.glue_tasks import glue_task
from spanbert_allen.formats.sequence.jsonl import read_text_pairs
from spanbert_allen.results.kinds import read_results
from tests.hostile.archives import TASKS, config_of, members, with_config
from tests.hostile.mutations import dumped, mutated_text, mutated_value
from tests.hostile.results import RESULTS
from tests.places import FIXTURES

Target = Callable[[Random, Path], None]
RECORDS_AT_ONCE = 20
_LONGEST_MESSAGE = 900  # the path and about 500 characters

CONLLU = """\
# global.Entity = eid-etype-head-other
# newdoc id = d
# sent_id = 1
1\tIda\tIda\tPROPN\tNNP\t_\t2\tnsubj\t_\tEntity=(e1-person-1-x)
2\tsaw\tsee\tVERB\tVBD\t_\t0\troot\t_\t_
3\ther\ther\tPRON\tPRP\t_\t2\tobj\t_\tEntity=(e2-person-1-x)|SpaceAfter=No

"""


class Lost(AssertionError):
    """A record without a result and without an error."""


class KeepsGoing(Findings):
    """Take problems as a reader that is not strict does."""

    def problem(self, error: Exception) -> None:
        del error


def _noted(_: Exception) -> None:
    """Take a problem and go on."""


@functools.cache
def coref_files() -> dict[str, bytes]:
    """Return a small file of each coreference format."""
    formats = coref_formats()
    read = formats["jsonl"].read(FIXTURES / "coref" / "small.jsonl", language="en")
    documents = list(read)[:3]
    files = {"conllu": CONLLU.encode(), "predictions": dumped(RESULTS["coref"])}
    for name, one in formats.items():
        if one.lines is None:
            continue
        parts = [one.head]
        for document in documents:
            with contextlib.suppress(UserError):
                reduced = one.reduce(document, Dropped())
                parts += [] if reduced is None else [one.lines(reduced)]
        files[name] = "".join(parts).encode()
    return files


def coref_reader(name: str, random: Random, folder: Path) -> None:
    """Read a file of a coreference format, strictly or not."""
    path = folder / "data"
    path.write_bytes(mutated_text(coref_files()[name], random))
    findings = random.choice((Findings, KeepsGoing))()
    for _ in coref_formats()[name].read(path, language="en", findings=findings):
        pass


def _reader(read: Callable[..., Any], fixture: str, random: Random, folder: Path) -> None:
    path = folder / Path(fixture).name
    path.write_bytes(mutated_text((FIXTURES / fixture).read_bytes(), random))
    for _ in read(path, on_problem=random.choice((None, _noted))):
        pass


def shown_results(random: Random, folder: Path) -> None:
    """View and format predictions."""
    path = folder / "predictions.jsonl"
    lines = [mutated_value(random.choice(list(RESULTS.values())), random) for _ in range(2)]
    content = b"\n".join(map(dumped, lines))
    path.write_bytes(content if random.random() < 0.8 else mutated_text(content, random))
    command = random.choice(
        (
            ["view", str(path)],
            ["view", str(path), "--html", str(folder / "page.html")],
            ["format", str(path), str(folder / "out.conll")],
            ["format", str(path), str(folder / "out.txt")],
            ["format", str(path), str(folder / "out.jsonl")],
            ["format", str(path), f"{folder}/{random.random()}/"],
        )
    )
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        main(command)


def opened_archive(random: Random, folder: Path) -> None:
    """Open an archive with mistakes in one of its small files."""
    import spanbert_allen
    from tests.hostile.archives import changed

    task = random.choice(TASKS)
    path = folder / "model.tar.gz"
    small = [name for name in members(task) if not name.endswith((".th", "vocab.txt"))]
    name = random.choice(["config.json", "config.json", *small])
    if name == "config.json" and random.random() < 0.8:
        with_config(path, task, mutated_value(config_of(task), random))
    else:
        changed(path, task, {name: mutated_text(members(task)[name], random)})
    spanbert_allen.load(path)


RECORDS: dict[str, list[Any]] = {
    "coref": [
        {"doc_key": "a", "text": "The keeper lit her lamp. It burned.", "genre": "nw", "mine": 1},
        {"doc_key": "b", "tokens": ["Ida", "ate", "."], "speakers": ["A", "A", "B"]},
        {"sentences": [["Ida", "ate"], ["She"]], "clusters": [[[0, 0], [2, 2]]]},
        "The keeper lit her lamp.",
    ],
    "qa": [
        {"id": "a", "question": "Who?", "context": "Ida left Oslo.", "top_k": 2, "mine": [1]},
        {"question": "Where?", "context": "Oslo"},
    ],
    "relation": [
        {"id": "a", "text": "Ida left Oslo.", "subject": [0, 3], "object": [9, 13]},
        {"tokens": ["Ida", "left", "Oslo"], "subject": [0, 0], "object": [2, 2]},
        {"text": "Ida left Oslo.", "entities": [[0, 3], [9, 13]], "mine": {"a": None}},
    ],
    "sequence": [
        {"id": "a", "text": "It was.", "text_pair": "Was it?", "label": "x"},
        {"text": "It was dull.", "mine": True},
    ],
}


@functools.cache
def predictor(task: str) -> Any:
    """Return the predictor of the fixture's archive of a task."""
    import spanbert_allen

    return spanbert_allen.load(FIXTURES / "archives" / f"{task}.tar.gz")


def predicted_records(task: str, random: Random, folder: Path) -> None:
    """Predict a file of records: each gives one result or one error record."""
    from spanbert_allen.predictors.bulk import BulkManager

    source, out = folder / "in.jsonl", folder / "out.jsonl"
    lines = []
    for _ in range(RECORDS_AT_ONCE):
        record = random.choice(RECORDS[task])
        if random.random() < 0.7:
            line = dumped(mutated_value(record, random))
        else:
            line = mutated_text(dumped(record), random).replace(b"\n", b" ").replace(b"\r", b" ")
        lines.append(line if line.strip() else b"null")
    source.write_bytes(b"\n".join(lines) + b"\n")
    model = predictor(task)
    model.num_records = model.num_failed = 0
    model.first_error = None
    with contextlib.redirect_stderr(io.StringIO()), contextlib.suppress(SystemExit):
        BulkManager(model, str(source), str(out), RECORDS_AT_ONCE, False, False).run()
    results = list(read_results(out))
    if len(results) != len(lines):
        raise Lost(f"{len(lines)} records, {len(results)} results and errors")


def _targets() -> dict[str, Target]:
    found: dict[str, Target] = {
        f"read {name}": functools.partial(coref_reader, name) for name in coref_files()
    }
    glue = functools.partial(read_glue, task=glue_task("cola"))
    for read, fixture in (
        (read_squad, "qa/squad.json"),
        (read_mrqa, "qa/mrqa.jsonl"),
        (read_relations, "relation/tacred.json"),
        (read_relations, "relation/semeval.txt"),
        (read_relations, "relation/own.jsonl"),
        (read_text_pairs, "glue/own.jsonl"),
        (glue, "glue/CoLA/dev.tsv"),
    ):
        found[f"read {fixture}"] = functools.partial(_reader, read, fixture)
    found["view and format"] = shown_results
    for task in TASKS:
        found[f"predict {task}"] = functools.partial(predicted_records, task)
    found["open an archive"] = opened_archive
    return found


TARGETS = _targets()


@dataclass
class Outcome:
    """What came of a campaign: cases and refusals of each target, and what failed."""

    cases: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)

    def try_one(self, name: str, seed: int, folder: Path) -> None:
        """Try one case of a target, which its seed makes again."""
        self.cases[name] += RECORDS_AT_ONCE if name.startswith("predict") else 1
        for old in folder.iterdir():
            if old.is_file():
                old.unlink()
        before = logging.root.manager.disable
        logging.disable(logging.CRITICAL)
        try:
            TARGETS[name](Random(f"{name}:{seed}"), folder)
        except UserError as error:
            self.refused[name] += 1
            sentence = str(error)
            if "\n" in sentence or len(sentence) > _LONGEST_MESSAGE:
                self.failures.append(f"{name}, seed {seed}: no sentence: {sentence[:2000]!r}")
        except Exception:
            self.failures.append(f"{name}, seed {seed}:\n{traceback.format_exc()}")
        finally:
            logging.disable(before)

    def table(self) -> str:
        """Return the figures as JSON lines, one a target."""
        return "\n".join(
            json.dumps({"target": name, "cases": self.cases[name], "refused": self.refused[name]})
            for name in self.cases
        )
