"""The tasks of the quickstart."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from spanbert_allen.commands.quickstart.entities import record_of_marked
from spanbert_allen.commands.quickstart.pretraining import (
    CORPUS,
    record_of_masked,
    write_corpora,
)

DEFAULT_TEXT = (
    "Mara Lindqvist runs a small bookshop on the harbour. She opened the shop eleven years ago, "
    "when her brother Tom lent her the money. Tom is a sailor. When he is at home, he sits behind "
    'the counter and drinks her coffee. "I have never read a novel," he says, "but the customers '
    'believe me anyway." Last week the mayor gave the shop a prize, and Mara hung the prize above '
    "the door, where her customers can see it."
)
DEFAULT_QUESTION = "Who gave the shop a prize?"
DEFAULT_MARKED_TEXT = (
    "{PERSON Mara Lindqvist}, {NUMBER 52}, founded {ORGANIZATION Quayside Books} in "
    "{CITY Dalport} with her husband {PERSON Tom}, a {TITLE sailor}."
)

DEFAULT_MASKED_TEXT = (
    "Mara runs a small {bookshop} on the harbour. She opened the {shop} eleven years ago, when "
    "{her} brother lent {her the} money."
)


@dataclass(frozen=True, kw_only=True)
class QuickstartTask:
    """
    Describe what the quickstart does for a task.

    # Parameters

    split_file : `str`
        The sample corpus's file of a split; `{split}` stands for train, dev or test.
    unit : `str`
        What the examples of a split are called, e.g. `texts`.
    count : `Callable[[str], int]`
        Counts the examples in a file's content.
    scores : `Mapping[str, str]`
        The label of each score to show, by the metric's name.
    percent : `bool`
        Whether the metrics are percentages; if not, they are multiplied by 100.
    last_step : `str`
        The heading of the third step.
    make_record : `Callable[[str, str], dict[str, Any]]`
        Makes the record to predict of a text and a question.
    title : `str`
        The title of the page.
    own_record : `str`
        A JSON line that shows how to write one's own record.
    closing : `str`
        What this model can do, and what it cannot.
    default_text : `str`, optional (default = `DEFAULT_TEXT`)
        The text to work on if the user gives none.
    write_data : `Callable[[Path, Path | None], None]`, optional (default = `None`)
        Makes the data in a folder, of the sample corpus or of a user's text file; by default the
        sample corpus in all layouts is written.
    counted : `str`, optional (default = `""`)
        The file that says how large a split is, where a split is a folder.
    """

    split_file: str
    unit: str
    count: Callable[[str], int]
    scores: Mapping[str, str]
    percent: bool
    last_step: str
    make_record: Callable[[str, str], dict[str, Any]]
    title: str
    own_record: str
    closing: str
    default_text: str = DEFAULT_TEXT
    write_data: Callable[[Path, Path | None], None] | None = None
    counted: str = ""

    def shown(self, metrics: Mapping[str, float], prefix: str = "") -> list[str]:
        """Format the scores that are among the metrics."""
        factor = 1 if self.percent else 100
        return [
            f"{label} {factor * metrics[prefix + name]:.1f}"
            for name, label in self.scores.items()
            if prefix + name in metrics
        ]

    def size(self, path: Path) -> int:
        """Count the examples in a file."""
        return self.count((path / self.counted).read_text(encoding="utf-8"))


def _num_questions(content: str) -> int:
    articles = json.loads(content)["data"]
    return sum(len(paragraph["qas"]) for article in articles for paragraph in article["paragraphs"])


QUICKSTART_TASKS = {
    "coref": QuickstartTask(
        split_file="coref_{split}.jsonl",
        unit="texts",
        count=lambda content: len(content.splitlines()),
        scores={
            "coref_f1": "CoNLL F1",
            "muc_f1": "MUC",
            "b_cubed_f1": "B³",
            "ceafe_f1": "CEAFe",
            "mention_recall": "mention recall",
        },
        percent=False,
        last_step="Resolve a text",
        make_record=lambda text, question: {"doc_key": "quickstart", "text": text},
        title="Coreference quickstart",
        own_record='{"text": "Your own text."}',
        closing=(
            "This model has seen a few dozen short texts only. docs/data.md says how to train on\n"
            "more, or on your own, and `spanbert-allen config` lists other configurations."
        ),
    ),
    "qa": QuickstartTask(
        split_file="squad_{split}.json",
        unit="questions",
        count=_num_questions,
        scores={
            "f1": "F1",
            "exact": "exact",
            "HasAns_f1": "with an answer F1",
            "NoAns_f1": "without F1",
            "best_f1": "best F1 of any threshold",
        },
        percent=True,
        last_step="Answer a question",
        make_record=lambda text, question: {
            "id": "quickstart",
            "question": question,
            "context": text,
        },
        title="Question answering quickstart",
        own_record='{"question": "Whose text?", "context": "Your own text."}',
        closing=(
            "This model has seen a few hundred questions only, far too few to answer well:\n"
            "docs/qa.md says how to train on SQuAD, and `spanbert-allen config` lists other\n"
            "configurations."
        ),
    ),
    "relation": QuickstartTask(
        split_file="tacred_{split}.json",
        unit="pairs of entities",
        count=lambda content: len(json.loads(content)),
        scores={
            "f1": "F1 of relations",
            "precision": "precision",
            "recall": "recall",
            "accuracy": "accuracy",
        },
        percent=False,
        last_step="Find the relations of all pairs of entities in a sentence",
        make_record=lambda text, question: record_of_marked(text),
        title="Relation quickstart",
        own_record=(
            '{"text": "Anna lives in Corrin.", "entities": [[0, 4, "PERSON"], [14, 20, "CITY"]]}'
        ),
        closing=(
            "This model has seen a few hundred pairs of entities only: docs/relation.md says how\n"
            "to train on TACRED, on SemEval-2010 or on your own relations."
        ),
        default_text=DEFAULT_MARKED_TEXT,
    ),
    "pretraining": QuickstartTask(
        split_file=CORPUS,
        unit="word pieces",
        count=lambda content: int(json.loads(content)["num_pieces"]),
        scores={
            "mlm_accuracy_geometric_spans": "pieces of masked spans found, of 100:",
            "mlm_accuracy_whole_words": "of masked words:",
            "sbo_accuracy_geometric_spans": "of masked spans from their boundaries alone:",
        },
        percent=False,
        last_step="Fill the masked spans of a text",
        make_record=lambda text, question: record_of_masked(text),
        title="Pre-training quickstart",
        own_record='{"text": "She lost her [MASK] on the tram."}',
        closing=(
            "In three minutes heads that knew nothing at first learn little but which pieces are\n"
            "frequent. docs/pretraining.md has what three quarters of an hour on novels make of\n"
            "them, how to go on with your own texts, and how to fine-tune from the result:\n"
            "`encoder:: encoders.trained('out/quickstart/pretraining/model.tar.gz')`."
        ),
        default_text=DEFAULT_MASKED_TEXT,
        write_data=write_corpora,
        counted="corpus.json",
    ),
}
