"""Coreference: prediction end to end, training steps, the large model as it was published."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from gpu_parts import tasks, texts
from gpu_parts.bench import Bench, Row
from spanbert_allen.predictors.coref.predictor import CorefPredictor

WORDS_A_SECOND = "words/s"
STEP, ENCODER = "training step", "encoder's own passes"
TIMES_ENCODER = "times the encoder's own passes"


def predict(bench: Bench) -> None:
    """Time prediction from words in sentences to clusters, one document at a time or together."""
    shortest, together = bench.sizes.words[0], bench.sizes.documents
    for head in tasks.HEADS:
        cases = {f"{head}, {words} words": (words, 1) for words in bench.sizes.words}
        cases[f"{head}, {together} x {shortest} words together"] = (shortest, together)
        for case, (words, count) in cases.items():
            for precision in (
                bench.sizes.precisions if count == 1 else bench.sizes.precisions[-2:][:1]
            ):
                bench.timed(
                    case,
                    partial(prediction, bench, head, words, count, precision),
                    precision=precision,
                    amount=words * count,
                    unit=WORDS_A_SECOND,
                )


def prediction(
    bench: Bench, head: str, words: int, count: int, precision: str
) -> Callable[[], Any]:
    """Return what resolves so many documents by the predictor that users call."""
    task = tasks.coref(bench, head, bench.sizes.words[0])
    predictor = CorefPredictor(
        task.model.to(bench.device), task.reader, precision=precision, encode_together=count > 1
    )
    records = [{"sentences": texts.document(words, seed)["sentences"]} for seed in range(count)]

    threshold = realistic_threshold(predictor, records[0])

    def run() -> None:
        for result in predictor.predict_many(records, link_threshold=threshold):
            if "error" in result:
                raise RuntimeError(result["error"])

    return run


def realistic_threshold(predictor: CorefPredictor, record: dict[str, Any]) -> float:
    """
    Return the threshold of links with which about a tenth of the words begin mentions.

    That is what trained models find. Random ones link most of their top spans, and writing these
    would take longer than finding them.
    """
    result = predictor.predict(sentences=record["sentences"])
    num_words = sum(map(len, record["sentences"]))
    mentions = (mention for cluster in result["clusters"] for mention in cluster)
    scores = sorted(one["link_score"] for one in mentions if one["link_score"] is not None)
    return max(0.0, scores[-(num_words // 10)]) if len(scores) > num_words // 10 > 0 else 0.0


def train(bench: Bench) -> None:
    """Time one update on a document."""
    for head in tasks.HEADS:
        for words in bench.sizes.words:
            for precision in bench.sizes.precisions:
                bench.timed(
                    f"{head}, {words} words",
                    partial(step, bench, head, words, precision),
                    precision=precision,
                    amount=words,
                    unit=WORDS_A_SECOND,
                )


def large(bench: Bench) -> None:
    """Time updates of the large model on as many segments as the published setting has."""
    sizes = bench.sizes
    words = sizes.segments * sizes.segment_length
    for precision in bench.sizes.precisions:
        whole = bench.timed(STEP, partial(large_step, bench, words, precision), precision=precision)
        own = bench.timed(
            ENCODER, partial(large_encoder, bench, words, precision), precision=precision
        )
        if whole is not None and own is not None:
            bench.add(Row(case=STEP, unit=TIMES_ENCODER, value=whole / own, precision=precision))


def large_step(bench: Bench, words: int, precision: str) -> Callable[[], Any]:
    task = large_task(bench, words)
    return tasks.update(bench, task.model, task.batch, precision)


def large_task(bench: Bench, words: int) -> tasks.Task:
    return tasks.coref(
        bench, "published", words, name="large", max_training_segments=bench.sizes.segments
    )


def large_encoder(bench: Bench, words: int, precision: str) -> Callable[[], Any]:
    task = large_task(bench, words)
    return tasks.encoder_passes(bench, task, precision, bench.sizes.segments)


def step(bench: Bench, head: str, words: int, precision: str) -> Callable[[], Any]:
    task = tasks.coref(bench, head, words)
    return tasks.update(bench, task.model, task.batch, precision)
