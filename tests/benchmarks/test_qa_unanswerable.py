"""The questions that lose their answers."""

from __future__ import annotations

import json
import random
import sys

import pytest
from allennlp.common import Params
from allennlp.data import DatasetReader

import spanbert_allen.plugin  # noqa: F401

CASTLE = "The castle stands on a hill. A count built it in 1310. It burnt down."
TOWER = "Its tower was added by a bishop. The castle keeps 40 swords. They are blunt."


def asked(number: int, question: str, answer: str, context: str) -> dict:
    place = context.index(answer)
    answers = [{"text": answer, "answer_start": place}]
    return {"id": f"q{number}", "question": question, "answers": answers}


ARTICLES = [
    {
        "title": "castle",
        "paragraphs": [
            {
                "context": CASTLE,
                "qas": [
                    asked(1, "When was the castle built?", "1310", CASTLE),
                    asked(2, "Where does the castle stand?", "on a hill", CASTLE),
                    asked(3, "What does the castle do?", "castle stands", CASTLE),
                ],
            },
            {
                "context": TOWER,
                "qas": [
                    asked(4, "How many swords does the castle keep?", "40", TOWER),
                    asked(5, "Who added the tower?", "a bishop", TOWER),
                    asked(6, "What are the swords?", "blunt", TOWER),
                ],
            },
            {"context": "Swords are made of steel.", "qas": []},
        ],
    }
]


def test_answers_are_kept_or_nowhere_in_the_paragraph():
    from qa_unanswerable import mixed

    answers = {q["id"]: q["answers"] for p in ARTICLES[0]["paragraphs"] for q in p["qas"]}
    contexts = {p["context"] for p in ARTICLES[0]["paragraphs"]}
    ways = set()
    for seed in range(5):
        [article] = mixed(ARTICLES, 3, random.Random(seed))
        found = [(p["context"], q) for p in article["paragraphs"] for q in p["qas"]]
        assert sorted(q["id"].removesuffix("-no") for _, q in found) == sorted(answers)
        for context, question in found:
            before = answers[question["id"].removesuffix("-no")][0]
            assert question["is_impossible"] == question["id"].endswith("-no")
            if question["is_impossible"]:
                assert question["answers"] == [] and before["text"] not in context
                ways.add("paragraph" if context in contexts else "sentence")
            else:
                assert context[before["answer_start"] :].startswith(before["text"])
    assert ways == {"paragraph", "sentence"}


def test_a_paragraph_without_the_sentence_of_the_answer_and_the_nearest_other_one():
    from qa_unanswerable import other_paragraph, without_its_sentences

    paragraphs = ARTICLES[0]["paragraphs"]
    question = paragraphs[0]["qas"][0]
    left = without_its_sentences(paragraphs, 0, question)
    assert left == "The castle stands on a hill. It burnt down."
    assert other_paragraph(paragraphs, 0, question) == TOWER
    alone = [{"context": "Built in 1310."}]
    question = asked(7, "When?", "1310", "Built in 1310.")
    assert without_its_sentences(alone, 0, question) == ""


def test_the_file_is_one_of_squad_2(tmp_path, monkeypatch):
    from qa_unanswerable import main

    source, target = tmp_path / "train.json", tmp_path / "mixed.json"
    source.write_text(json.dumps({"data": ARTICLES}))
    command = ["qa_unanswerable.py", str(source), str(target), "--questions"]
    monkeypatch.setattr(sys, "argv", [*command, "2"])
    main()
    params = {
        "type": "spanbert_squad",
        "impossible_answers": True,
        "indexer": {"type": "spanbert", "model_name": "tiny"},
    }
    reader = DatasetReader.from_params(Params(params))
    assert len(list(reader.read(target))) == 4
    monkeypatch.setattr(sys, "argv", [*command, "5"])
    with pytest.raises(SystemExit, match="1 of 5 questions can lose their answers"):
        main()
