"""The sample corpus in the layouts of the readers: coreference jsonl, SQuAD 2.0, TACRED."""

from __future__ import annotations

import json
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from spanbert_allen.common.errors import DataError
from spanbert_allen.common.files import replace_file
from spanbert_allen.common.paths import refuse_empty_path
from spanbert_allen.common.spans import CharSpan, WordSpan
from spanbert_allen.common.text import split_text
from spanbert_allen.sample_corpus import sample_texts
from spanbert_allen.sample_corpus.sample_text import SPLITS, SampleText


def coref_records(samples: Iterable[SampleText]) -> list[dict[str, Any]]:
    """
    Make the records of the reader `spanbert_coref_jsonl`, one for each text.

    A record has `doc_key`, `text`, `genre`, `clusters` as pairs of characters, and for a dialogue
    `speakers` as `[start, end, name]`. All ends are exclusive.
    """
    records = []
    for sample in samples:
        record: dict[str, Any] = {
            "doc_key": sample.name,
            "genre": sample.genre,
            "text": sample.text,
            "clusters": [[list(span) for span in cluster] for cluster in sample.clusters],
        }
        if sample.turns:
            record["speakers"] = [[*turn.span, turn.speaker] for turn in sample.turns]
        records.append(record)
    return records


def squad(samples: Iterable[SampleText]) -> dict[str, Any]:
    """Lay out the questions as SQuAD 2.0, an article with one paragraph for each text."""
    return {
        "version": "v2.0",
        "data": [
            {
                "title": sample.title,
                "paragraphs": [{"context": sample.text, "qas": _squad_questions(sample)}],
            }
            for sample in samples
        ],
    }


def _squad_questions(sample: SampleText) -> list[dict[str, Any]]:
    return [
        {
            "id": f"{sample.name}_q{number}",
            "question": item.question,
            "answers": []
            if item.answer is None
            else [{"text": sample.at(item.answer), "answer_start": item.answer.start}],
            "is_impossible": item.answer is None,
        }
        for number, item in enumerate(sample.questions)
    ]


def tacred_records(samples: Iterable[SampleText]) -> list[dict[str, Any]]:
    """Lay out the relations as TACRED: a sentence each, positions of words, ends inclusive."""
    records = []
    for sample in samples:
        split = split_text(sample.text, breaks=[turn.span.start for turn in sample.turns])
        for number, relation in enumerate(sample.relations):
            subject = _word_span(relation.subject, split.word_chars)
            object_ = _word_span(relation.object, split.word_chars)
            sentence = split.sentence_ids[subject.start]
            first = bisect_left(split.sentence_ids, sentence)
            last = bisect_right(split.sentence_ids, sentence)
            records.append(
                {
                    "id": f"{sample.name}_r{number}",
                    "relation": relation.label,
                    "token": list(split.words[first:last]),
                    "subj_start": subject.start - first,
                    "subj_end": subject.end - first,
                    "obj_start": object_.start - first,
                    "obj_end": object_.end - first,
                    "subj_type": relation.subject_type,
                    "obj_type": relation.object_type,
                }
            )
    return records


def _word_span(span: CharSpan, word_chars: Sequence[CharSpan]) -> WordSpan:
    """Return the words from the one that starts with a span to the one that ends with it."""
    first = bisect_left(word_chars, span.start, key=lambda word: word.start)
    last = bisect_left(word_chars, span.end, key=lambda word: word.end)
    return WordSpan(first, last)


def _json(value: object, *, indent: int | None = None) -> str:
    return json.dumps(value, ensure_ascii=False, indent=indent) + "\n"


def write_sample(folder: str | Path) -> list[Path]:
    """
    Write `coref_<split>.jsonl`, `squad_<split>.json` and `tacred_<split>.json` for each split.

    A file appears whole or not at all; one that exists is replaced.

    # Returns

    The files written.
    """
    refuse_empty_path(folder, "what is to be written", "name a folder")
    folder = Path(folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        problem = f"this folder cannot be made ({error.strerror}); name another"
        raise DataError(problem, folder) from error
    paths = []
    for split in SPLITS:
        samples = sample_texts(split)
        contents = {
            f"coref_{split}.jsonl": "".join(_json(record) for record in coref_records(samples)),
            f"squad_{split}.json": _json(squad(samples), indent=1),
            f"tacred_{split}.json": _json(tacred_records(samples), indent=1),
        }
        for name, content in contents.items():
            paths.append(folder / name)
            with replace_file(paths[-1]) as file:
                file.write(content)
    return paths
