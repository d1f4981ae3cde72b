"""
Time all pairs of a sentence's entities: a sequence for each pair, and all pairs in one pass.

    .venv/bin/python benchmarks/relation_pairs.py --threads 2

Sentences of 30 words with entities of one word each; MiniLM's encoder, and the models of the modes
`typed_entity_marker` and `levitated_marker`. Instances are made before. Medians of some repeats.
"""

from __future__ import annotations

import argparse
import statistics
from collections.abc import Callable
from functools import partial
from itertools import permutations
from typing import Any

from measuring import CLOCKS, describe_machine, header

NUM_WORDS = 30
LABELS = ("no_relation", "a", "b", "c")
MARKERS = ("SUBJ=T", "OBJ=T", "/SUBJ=T", "/OBJ=T")
MODES = ("typed_entity_marker", "levitated_marker")
COLUMNS = ("entities", "pairs", "pass", "one a pair: pairs/s", "all in one: pairs/s", "faster")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n", maxsplit=1)[0])
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--sentences", type=int, default=8)
    parser.add_argument("--entities", type=int, nargs="+", default=[2, 4, 8])
    parser.add_argument("--clock", choices=CLOCKS, default="wall")
    arguments = parser.parse_args()
    import torch

    import spanbert_allen.plugin  # noqa: F401

    torch.set_num_threads(arguments.threads)
    print(describe_machine(arguments.threads), "\n")
    print(header(COLUMNS))
    model = make_model()
    readers = [make_reader(mode) for mode in MODES]
    for num_entities in arguments.entities:
        examples = make_examples(arguments.sentences, num_entities)
        batches = [batches_of(reader.instances_of(examples), model) for reader in readers]
        for name, run in (("forward", forward), ("and backward", update)):
            seconds = [median(partial(run, model, side), arguments) for side in batches]
            rates = [len(examples) / second for second in seconds]
            cells = [*(f"{rate:.0f}" for rate in rates), f"{seconds[0] / seconds[1]:.1f}x"]
            print(
                f"| {num_entities} | {len(examples)} | {name} | {' | '.join(cells)} |", flush=True
            )


def make_model() -> Any:
    from allennlp.common import Params
    from allennlp.models import Model

    from spanbert_allen.data.relation.vocabulary import RelationVocabulary

    settings = {
        "type": "spanbert_relation",
        "embedder": {"type": "spanbert", "model_name": "minilm"},
        "pooling": {"type": "entity_start"},
        "hidden_layer": "relu",
    }
    return Model.from_params(Params(settings), vocab=RelationVocabulary.from_lists(LABELS, MARKERS))


def make_reader(mode: str) -> Any:
    from allennlp.common import Params
    from allennlp.data import DatasetReader

    settings = {
        "type": "spanbert_relation_jsonl",
        "indexer": {"type": "spanbert", "model_name": "minilm"},
        "mode": mode,
        "max_pairs": 64,
    }
    return DatasetReader.from_params(Params(settings))


def make_examples(num_sentences: int, num_entities: int) -> list[Any]:
    from spanbert_allen.common.spans import WordSpan
    from spanbert_allen.formats.relation.example import RelationExample

    words = [f"word{number % 7}" for number in range(NUM_WORDS)]
    places = [WordSpan(n, n) for n in range(0, NUM_WORDS, NUM_WORDS // num_entities)]
    return [
        RelationExample(
            id=f"{sentence}-{number}",
            words=[*words, str(sentence)],
            subject=subject,
            object=object_,
            subject_type="T",
            object_type="T",
            label="a",
        )
        for sentence in range(num_sentences)
        for number, (subject, object_) in enumerate(permutations(places[:num_entities], 2))
    ]


def batches_of(instances: list[Any], model: Any, max_pieces: int = 4096) -> list[Any]:
    """Return tensors of at most so many pieces each."""
    from allennlp.data import Batch

    size = max(1, max_pieces // max(len(one["token_ids"]) for one in instances))
    batches = []
    for first in range(0, len(instances), size):
        batch = Batch(instances[first : first + size])
        batch.index_instances(model.vocab)
        batches.append(batch.as_tensor_dict())
    return batches


def forward(model: Any, batches: list[Any]) -> None:
    import torch

    model.eval()
    with torch.no_grad():
        for batch in batches:
            model(**batch)


def update(model: Any, batches: list[Any]) -> None:
    model.train()
    for batch in batches:
        model(**batch)["loss"].backward()
        model.zero_grad()


def median(run: Callable[[], None], arguments: argparse.Namespace) -> float:
    clock = CLOCKS[arguments.clock]
    seconds = []
    for _ in range(arguments.repeats + 1):
        began = clock()
        run()
        seconds.append(clock() - began)
    return statistics.median(seconds[1:])  # the first one warms up


if __name__ == "__main__":
    main()
