"""Random texts and encoders: nothing here has a meaning, only a size."""

from __future__ import annotations

import json
import random
from itertools import islice, product
from pathlib import Path
from string import ascii_lowercase
from typing import Any

from spanbert_allen.data.pretraining.new_encoder import EncoderSizes

SYLLABLES = tuple(a + b for a, b in product("bdfghklmnprstvwz", "aeiou"))
SENTENCE = 20
"""The words of a sentence."""


def pieces(size: int) -> list[str]:
    """Return a vocabulary: special pieces, letters, syllables and words of two or three."""
    unused = (f"[unused{number}]" for number in range(1, 100))
    special = ["[PAD]", *unused, "[UNK]", "[CLS]", "[SEP]", "[MASK]", ".", "?"]
    endings = [f"##{one}" for one in SYLLABLES]
    words = ("".join(parts) for count in (2, 3) for parts in product(SYLLABLES, repeat=count))
    fixed = [*special, *ascii_lowercase, *SYLLABLES, *endings]
    return [*fixed, *islice(words, max(0, size - len(fixed)))]


def write_encoder(folder: Path, shape: tuple[int, int], vocabulary: int) -> str:
    """Write the folder of a cased encoder without weights, once; return its path."""
    if not folder.exists():
        layers, dim = shape
        config = EncoderSizes(layers=layers, dim=dim).config(vocabulary)
        folder.mkdir(parents=True)
        (folder / "vocab.txt").write_text("\n".join(pieces(vocabulary)))
        (folder / "config.json").write_text(json.dumps(config))
        settings = {"do_lower_case": False, "tokenizer_class": "BertTokenizer"}
        (folder / "tokenizer_config.json").write_text(json.dumps(settings))
    return str(folder)


def words(count: int, seed: int) -> list[str]:
    """Return random words, most of one or two pieces, as in real texts."""
    draw = random.Random(seed)
    return [
        "".join(draw.choices(SYLLABLES, k=2 if draw.random() < 0.9 else 4)) for _ in range(count)
    ]


def document(num_words: int, seed: int = 1) -> dict[str, Any]:
    """Return a record of coreference in which one word of ten begins a mention."""
    draw = random.Random(seed)
    text = words(num_words, seed)
    sentences = [text[first : first + SENTENCE] for first in range(0, num_words, SENTENCE)]
    clusters: list[list[list[int]]] = [[] for _ in range(max(1, num_words // 80))]
    for first in range(0, num_words - 1, 10):
        in_sentence = first % SENTENCE
        last = first + min(draw.randrange(3), SENTENCE - 1 - in_sentence, num_words - 1 - first)
        draw.choice(clusters).append([first, last])
    return {"sentences": sentences, "clusters": [one for one in clusters if len(one) > 1]}


def squad(num_questions: int, num_words: int) -> dict[str, Any]:
    """Return a file of SQuAD with a question on each of its paragraphs."""
    paragraphs = []
    for number in range(num_questions):
        text = words(num_words, number)
        start = len(" ".join(text[: num_words // 2])) + 1
        answer = {"text": text[num_words // 2], "answer_start": start}
        question = {"id": f"q{number}", "question": " ".join(words(8, -1 - number)) + " ?"}
        paragraphs.append({"context": " ".join(text), "qas": [{**question, "answers": [answer]}]})
    return {"version": "1.1", "data": [{"title": "random", "paragraphs": paragraphs}]}


def relations(count: int) -> list[dict[str, Any]]:
    """Return records of relations, with as many labels as TACRED where there are enough."""
    return [
        {
            "tokens": words(40, number),
            "subject": [3, 4],
            "object": [20, 20],
            "subject_type": "PERSON",
            "object_type": "CITY",
            "label": "no_relation" if number % 2 else f"label{number % 41}",
        }
        for number in range(count)
    ]


def text_pairs(count: int) -> list[dict[str, Any]]:
    return [
        {
            "text": " ".join(words(20, number)),
            "text_pair": " ".join(words(15, 1000 + number)),
            "label": str(number % 3),
        }
        for number in range(count)
    ]


def plain_text(num_words: int) -> str:
    """
    Return documents of 45 sentences, a line each, an empty line after each document.

    Every sentence begins with one of two phrases, so that spans recur in a document.
    """
    lines = []
    for number, first in enumerate(range(0, num_words, SENTENCE), start=1):
        sentence = [*words(3, -1 - number % 2), *words(SENTENCE - 3, first)]
        lines.append(" ".join(sentence) + " .")
        lines += [""] * (number % 45 == 0)
    return "\n".join(lines) + "\n"
