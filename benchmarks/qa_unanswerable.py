"""
Make unanswerable questions of answerable ones.

    .venv/bin/python benchmarks/qa_unanswerable.py train-v1.1.json mixed-v2.0.json --questions 12000

Of the answered questions of a SQuAD 1.1 file, `--questions` are drawn as they are. As many others
lose their answer: in turns their paragraph is left without the sentences of its answers, or becomes
the one of the same article that shares most words with the question. If an answer's text is still
there, or hardly a sentence is left, the question is passed over. The result is one of SQuAD 2.0.
"""

from __future__ import annotations

import argparse
import json
import random
import re
import sys
from collections import Counter
from functools import cache
from pathlib import Path
from typing import Any

SENTENCE = re.compile(r"[^.!?\n]+(?:[.!?\n]+|$)")
WORD = re.compile(r"[a-z0-9]{3,}")


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n", maxsplit=1)[0])
    parser.add_argument("source", type=Path)
    parser.add_argument("target", type=Path)
    parser.add_argument("--questions", type=int, required=True, help="of either kind")
    parser.add_argument("--seed", type=int, default=42)
    arguments = parser.parse_args()
    articles = json.loads(arguments.source.read_text(encoding="utf-8"))["data"]
    data = mixed(articles, arguments.questions, random.Random(arguments.seed))
    arguments.target.write_text(json.dumps({"version": "v2.0", "data": data}), encoding="utf-8")


def mixed(articles: list[dict[str, Any]], questions: int, rng: random.Random) -> list[Any]:
    """Return one article with as many questions of either kind."""
    pool = [
        (article["paragraphs"], number, question)
        for article in articles
        for number, paragraph in enumerate(article["paragraphs"])
        for question in paragraph["qas"]
    ]
    rng.shuffle(pool)
    kept = [
        (paragraphs[number]["context"], question | {"is_impossible": False})
        for paragraphs, number, question in pool[:questions]
    ]
    lost: list[tuple[str, dict[str, Any]]] = []
    counts: Counter[str] = Counter()
    for place, (paragraphs, number, question) in enumerate(pool[questions:]):
        if len(lost) == questions:
            break
        by_paragraph = place % 2 == 1 and len(paragraphs) > 1
        make = other_paragraph if by_paragraph else without_its_sentences
        context = make(paragraphs, number, question)
        if any(answer["text"].lower() in context.lower() for answer in question["answers"]):
            context = ""
        counts[make.__name__ if context else "passed over"] += 1
        if context:
            asked = {"id": question["id"] + "-no", "question": question["question"]}
            lost.append((context, asked | {"answers": [], "is_impossible": True}))
    print(dict(counts), file=sys.stderr)
    if len(lost) < questions:
        sys.exit(f"{len(lost)} of {questions} questions can lose their answers: ask for fewer")
    by_context: dict[str, list[dict[str, Any]]] = {}
    for context, question in kept + lost:
        by_context.setdefault(context, []).append(question)
    paragraphs = [{"context": context, "qas": qas} for context, qas in by_context.items()]
    rng.shuffle(paragraphs)
    return [{"title": "mixed", "paragraphs": paragraphs}]


def other_paragraph(paragraphs: list[dict[str, Any]], number: int, question: dict[str, Any]) -> str:
    """Return the other paragraph that shares most words of the question."""
    wanted = words(question["question"])
    others = [one["context"] for place, one in enumerate(paragraphs) if place != number]
    return max(others, key=lambda context: len(wanted & words(context)))


def without_its_sentences(
    paragraphs: list[dict[str, Any]], number: int, question: dict[str, Any]
) -> str:
    """Return the paragraph without the sentences of the answers; "" if hardly one is left."""
    context = paragraphs[number]["context"]
    left = [
        sentence.group()
        for sentence in SENTENCE.finditer(context)
        if not any(
            answer["answer_start"] < sentence.end()
            and answer["answer_start"] + len(answer["text"]) > sentence.start()
            for answer in question["answers"]
        )
    ]
    return "".join(left).strip() and "".join(left) if len(left) > 1 else ""


@cache
def words(text: str) -> frozenset[str]:
    return frozenset(WORD.findall(text.lower()))


if __name__ == "__main__":
    main()
