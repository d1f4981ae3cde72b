"""The quickstart of relations: marked texts in, pairs of entities out."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from spanbert_allen.commands import quickstart
from spanbert_allen.commands.quickstart.entities import record_of_marked
from spanbert_allen.commands.quickstart.tasks import DEFAULT_MARKED_TEXT
from spanbert_allen.common.errors import UserError
from spanbert_allen.sample_corpus.sample_text import TYPES
from tests.commands.quickstart.test_coref import options, repository  # noqa: F401  a fixture


def test_marked_entities():
    record = record_of_marked("{PERSON Ann Lee}, {NUMBER 3}, and {PERSON Bo}.")
    assert record["text"] == "Ann Lee, 3, and Bo."
    found = [(record["text"][start:end], kind) for start, end, kind in record["entities"]]
    assert found == [("Ann Lee", "PERSON"), ("3", "NUMBER"), ("Bo", "PERSON")]
    known = {kind for _, _, kind in record_of_marked(DEFAULT_MARKED_TEXT)["entities"]}
    assert known <= set(TYPES)


def test_blanks_of_a_mark_are_none_of_the_entity():
    record = record_of_marked("{PERSON  Ann Lee } met {PERSON B}.")
    assert record["text"] == "Ann Lee met B."
    assert record["entities"] == [[0, 7, "PERSON"], [12, 13, "PERSON"]]


@pytest.mark.parametrize("mark", ["{person Cy}", "{PERSON}", "{PERSON Cy"])
def test_braces_that_mark_nothing(mark):
    with pytest.raises(UserError, match=r"braces that mark no entity; write \{TYPE words\}"):
        record_of_marked("{PERSON Ann} met {PERSON Bo} and " + mark)


@pytest.mark.parametrize("text", ["Ann met Bo.", "{PERSON Ann} met Bo.", "{PERSON A} {THING b}"])
def test_a_text_without_two_known_entities(text):
    with pytest.raises(UserError, match=r"two entities or more marked, .* the types PERSON, ORG"):
        record_of_marked(text)


def test_relations(
    repository: Path,  # noqa: F811
    capsys: pytest.CaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    given = ("--task", "relation", "--text", "{PERSON Ann} is {NUMBER 3}.")
    assert quickstart.run(options(*given)) == 0
    said = capsys.readouterr().out
    out = repository / "out" / "quickstart"
    sizes = re.search(r"corpus \((\d+) train pairs of entities, (\d+) dev .*, (\d+) test", said)
    assert sizes is not None and int(sizes[1]) >= 200 and int(sizes[2]) >= 30
    assert "epoch  1  loss 30.46  dev F1 of relations 1200.0" in said
    assert "test: F1 of relations 50.0  precision 75.0  recall 37.5  accuracy 60.0\n" in said
    assert "[Ann] is [3].\n\n  0.900  Ann - per:age - 3\n" in said
    assert "<b>per:age</b>" in (out / "relation.html").read_text()
    own = re.search(r"echo '(\{.*\})' >", said)
    assert own is not None
    record = json.loads(own[1])
    assert [record["text"][start:end] for start, end, _ in record["entities"]] == ["Anna", "Corrin"]
    quickstart.run(options("--task", "relation"))
    assert json.loads((out / "text.jsonl").read_text()) == record_of_marked(DEFAULT_MARKED_TEXT)
