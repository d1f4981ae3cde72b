"""What the README shows is what the programs read, write and accept."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path

import _jsonnet
import pytest

from spanbert_allen.__main__ import ALLENNLP_COMMANDS
from spanbert_allen.commands import COMMANDS
from spanbert_allen.common.spans import WordSpan
from spanbert_allen.formats.coref.document import CorefDocument
from spanbert_allen.formats.coref.jsonl import document_from_record

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", README, flags=re.DOTALL)


def test_the_example_records_are_read():
    records = [json.loads(line) for line in blocks("json")[1].splitlines()]
    assert len(records) == 3
    documents = [document_from_record(record, default_key="x") for record in records]
    assert all(isinstance(document, CorefDocument) for document in documents)
    assert [document.doc_key for document in documents] == ["mail-1", "mail-2", "chat-3"]
    assert documents[0].clusters == documents[1].clusters == [(WordSpan(0, 0), WordSpan(2, 2))]
    assert documents[2].speakers == ["Ida"] * 4 + ["Tom"] * 3


def test_the_example_output_is_what_the_predictor_writes():
    from spanbert_allen.modules.coref.decoder import DecodedClusters
    from spanbert_allen.predictors.coref.output import SCHEMA, coref_json

    shown = json.loads(blocks("json")[0])
    (ida, her), text = shown["clusters"][0], shown["text"]
    document = document_from_record({"doc_key": "texts:1", "text": text}, default_key="x")
    made = coref_json(
        document,
        DecodedClusters(
            [[WordSpan(*ida["words"]), WordSpan(*her["words"])]],
            [[ida["mention_score"], her["mention_score"]]],
            [[ida["link_score"], her["link_score"]]],
            [[None, 0.9]],
            [[[], []]],
        ),
    )
    assert made == shown
    assert shown["schema"] == SCHEMA


def test_the_example_answer_is_what_the_predictor_writes():
    from spanbert_allen.common.spans import CharSpan
    from spanbert_allen.formats.qa.question import Question
    from spanbert_allen.modules.qa.decoder import DecodedAnswers, RankedAnswer
    from spanbert_allen.predictors.qa.output import qa_json

    shown = json.loads(blocks("json")[2])
    (best,) = shown["answers"]
    question = Question(id=shown["id"], question=shown["question"], context=shown["context"])
    answer = RankedAnswer(
        text=best["text"],
        chars=CharSpan(best["start"], best["end"]),
        start_logit=best["start_logit"],
        end_logit=best["end_logit"],
        probability=best["probability"],
    )
    decoded = DecodedAnswers((answer,), shown["null_score"])
    assert qa_json(question, decoded, top_k=1, threshold=shown["threshold"]) == shown
    assert shown["context"][shown["start"] : shown["end"]] == shown["answer"]


def test_the_example_relations_are_read():
    from spanbert_allen.formats.relation.jsonl import relation_example

    founded, none = (
        relation_example(json.loads(line), default_id="x")
        for line in blocks("json")[3].splitlines()
    )
    assert founded.words[founded.object.start : founded.object.end + 1] == ["Anna", "Bell"]
    assert founded.words[founded.subject.start : founded.subject.end + 1] == ["Ringers", "Ltd"]
    assert (founded.label, none.label) == ("org:founded_by", "no_relation")


def test_the_example_pair_is_read():
    from spanbert_allen.formats.sequence.jsonl import text_pair

    record = json.loads(blocks("json")[4])
    made = text_pair(record, default_id="x")
    assert made.text == record["text"] and made.text_pair == record["text_pair"]
    assert made.label == "entailment"


def test_the_example_configuration_changes_what_it_says():
    (snippet,) = blocks("jsonnet")
    names = ("LITBANK_TRAIN_DATA_PATH", "LITBANK_DEV_DATA_PATH")
    made = json.loads(
        _jsonnet.evaluate_snippet(
            str(ROOT / "mine.jsonnet"), snippet, ext_vars=dict.fromkeys(names, "x")
        )
    )
    assert made["trainer"]["num_epochs"] == 30
    assert made["model"]["embedder"]["model_name"] == "/path/to/a/bert"
    assert made["dataset_reader"]["indexer"]["model_name"] == "/path/to/a/bert"


COMMAND_LINES = [
    line.split("#")[0].strip() for block in blocks("bash") for line in block.splitlines() if line
]


@pytest.mark.parametrize("command", COMMAND_LINES)
def test_the_commands_exist(command):
    words = shlex.split(command.split("VALIDATION_DATA_PATH=")[0])
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    if words[0] == "make":
        assert f"\n{words[1]}:" in makefile
    elif words[0] in ("allennlp", "spanbert-allen"):
        assert words[1] in (*ALLENNLP_COMMANDS, *COMMANDS)
    configs = [word for word in words if word.endswith((".jsonnet", ".py"))]
    assert all((ROOT / config).is_file() for config in configs)


def test_every_configuration_is_in_the_table():
    files = {
        f"{path.parent.name}/{path.name}"
        for path in (ROOT / "training_configs").glob("[!l]*/*.jsonnet")
    }
    table = (ROOT / "training_configs" / "README.md").read_text(encoding="utf-8")
    assert files == set(re.findall(r"^\| `([\w/]+\.jsonnet)`", table, flags=re.MULTILINE))
