"""The models and batches of all tasks, made as a training makes them, at the sizes of a check."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from allennlp.common import Params
from allennlp.data import Batch, DataLoader, DatasetReader, Instance, Vocabulary
from allennlp.models import Model
from allennlp.nn.util import move_to_device
from allennlp.training.optimizers import Optimizer

import spanbert_allen.plugin  # noqa: F401  AllenNLP is mended first
from gpu_parts import texts
from gpu_parts.bench import Bench
from spanbert_allen.data.pretraining.corpus_building import CorpusSettings, build_corpus
from spanbert_allen.training.loop.precision import Precision

DTYPES = {"fp32": "float32", "bf16": "bfloat16", "fp16": "float16"}
"""What the embedder calls the precisions."""
HEADS: dict[str, dict[str, Any]] = {
    "published": {},
    "light": {
        "mentions": {"type": "spanbert_biaffine_mentions"},
        "links": {"type": "spanbert_bilinear_links"},
    },
}


@dataclass
class Task:
    """
    A model with one batch.

    # Parameters

    model : `Model`
        On the CPU.
    batch : `dict[str, Any]`
        The batch, on the CPU.
    reader : `DatasetReader`
        What made it.
    amount : `int`
        How many words, windows, examples or pieces it has.
    """

    model: Model
    batch: dict[str, Any]
    reader: DatasetReader
    amount: int


def encoder(bench: Bench, name: str) -> str:
    """Return the folder of the random encoder `base` or `large`."""
    shape = getattr(bench.sizes, name)
    return texts.write_encoder(bench.folder / name, shape, bench.sizes.vocabulary)


def coref(
    bench: Bench, head: str, words: int, *, name: str = "base", change: Any = None, **options: Any
) -> Task:
    """Make a coreference model and one document; `options` are the model's."""
    reader = _reader(bench, name, "spanbert_coref_jsonl", max_length=bench.sizes.segment_length)
    settings = {**bench.sizes.head, **HEADS[head], **(change or {})}
    model = {"type": "spanbert_coref", "head": settings, **options}
    return _task(bench, name, reader, model, [texts.document(words)], words)


def qa(bench: Bench, *, training: bool = True, decoder: str = "exact", **embedder: Any) -> Task:
    """Make a question-answering model and a batch of windows, one for each question."""
    sizes = bench.sizes
    path = bench.folder / "squad.json"
    path.write_text(json.dumps(texts.squad(sizes.windows, (sizes.window_pieces - 24) * 3 // 4)))
    shape = {"max_length": sizes.window_pieces, "max_question_length": 24}
    reader = _reader(bench, "base", "spanbert_squad", training=training, **shape)
    model = {"type": "spanbert_qa", "decoder": {"type": decoder}}
    return _task_of(
        bench, "base", reader, model, list(reader.read(path)), sizes.windows, **embedder
    )


def relation(bench: Bench, pooling: str = "cls", **embedder: Any) -> Task:
    reader = _reader(bench, "base", "spanbert_relation_jsonl")
    records = texts.relations(bench.sizes.relations)
    model = {"type": "spanbert_relation", "pooling": {"type": pooling}}
    embedder["pooler"] = pooling == "cls"
    return _task(bench, "base", reader, model, records, len(records), **embedder)


def sequence(bench: Bench) -> Task:
    reader = _reader(bench, "base", "spanbert_text_pairs_jsonl")
    records = texts.text_pairs(bench.sizes.relations)
    model = {"type": "spanbert_sequence_classifier"}
    return _task(bench, "base", reader, model, records, len(records), pooler=True)


def pretraining(
    bench: Bench,
    *,
    model: dict[str, Any] | None = None,
    reader: dict[str, Any] | None = None,
    pooler: bool = False,
) -> Task:
    """Make a pre-training model and a batch of masked blocks, with other settings of both."""
    folder, pieces = encoder(bench, "base"), bench.sizes.pretraining_pieces
    corpus = bench.folder / "corpus"
    if not corpus.exists():
        source = bench.folder / "source.txt"
        source.write_text(texts.plain_text(8 * pieces))
        build_corpus([source], corpus, CorpusSettings(encoder=folder, layout="blank-lines"))
    made = _reader(bench, "base", "spanbert_pretraining", **(reader or {}))
    loader = DataLoader.from_params(
        Params({"type": "spanbert_pretraining", "max_pieces": pieces}),
        reader=made,
        data_path=str(corpus),
    )
    batch = loader.largest_batch()
    settings = {"type": "spanbert_pretrainer", **(model or {})}
    pretrainer = _model(bench, folder, settings, Vocabulary(), pooler=pooler)
    return Task(pretrainer, batch, made, batch["token_ids"].numel())


def update(bench: Bench, model: Model, batch: dict[str, Any], precision: str) -> Callable[[], Any]:
    """Return what makes one update of a model, as the trainer does: copies, passes, optimizer."""
    model = model.to(bench.device).train()
    mixed = Precision(precision, bench.device)
    optimizer = Optimizer.from_params(
        Params({"type": "spanbert_bert_adam", "clip": "group", "schedule": "constant"}),
        model_parameters=list(model.named_parameters()),
    )

    def run() -> None:
        optimizer.zero_grad()
        tensors = move_to_device(batch, bench.device)
        with mixed.autocast():
            loss = model(**tensors)["loss"]
        mixed.backward(loss)
        mixed.update(optimizer)

    return run


def encoder_passes(bench: Bench, task: Task, precision: str, segments: int) -> Callable[[], Any]:
    """Return the passes, there and back, of a task's encoder alone on its first segments."""
    embedder = task.model.embedder.to(bench.device).train()
    # Shape: (1, num_pieces)
    inside = task.batch["segment_ids"] < segments
    token_ids, segment_ids = (
        task.batch[name][inside][None].to(bench.device) for name in ("token_ids", "segment_ids")
    )
    mixed = Precision(precision, bench.device)

    def run() -> None:
        embedder.zero_grad()
        with mixed.autocast():
            vectors = embedder.encode(token_ids, segment_ids)
        mixed.backward(vectors.mean())

    return run


def _reader(bench: Bench, name: str, kind: str, **options: Any) -> DatasetReader:
    indexer = {"type": "spanbert", "model_name": encoder(bench, name)}
    if kind.startswith("spanbert_coref"):
        indexer["max_length"] = options.pop("max_length")
    return DatasetReader.from_params(Params({"type": kind, "indexer": indexer, **options}))


def _task(
    bench: Bench,
    name: str,
    reader: DatasetReader,
    model: dict[str, Any],
    records: list[dict[str, Any]],
    amount: int,
    **embedder: Any,
) -> Task:
    path = Path(bench.folder / "records.jsonl")
    path.write_text("".join(f"{json.dumps(record)}\n" for record in records))
    return _task_of(bench, name, reader, model, list(reader.read(path)), amount, **embedder)


def _task_of(
    bench: Bench,
    name: str,
    reader: DatasetReader,
    model: dict[str, Any],
    instances: list[Instance],
    amount: int,
    **embedder: Any,
) -> Task:
    kind = "spanbert_relation" if model["type"] == "spanbert_relation" else "from_instances"
    vocabulary = Vocabulary.from_params(Params({"type": kind}), instances=instances)
    batch = Batch(instances)
    batch.index_instances(vocabulary)
    made = _model(bench, encoder(bench, name), model, vocabulary, **embedder)
    return Task(made, batch.as_tensor_dict(), reader, amount)


def _model(
    bench: Bench, folder: str, model: dict[str, Any], vocabulary: Vocabulary, **embedder: Any
) -> Model:
    """Make a model of random weights, unless the last one was the same: that takes time."""
    settings = {"type": "spanbert", "model_name": folder, "from_scratch": True, **embedder}
    wanted = {**model, "embedder": settings}
    return bench.kept(
        json.dumps(wanted), lambda: Model.from_params(Params(wanted), vocab=vocabulary)
    )
