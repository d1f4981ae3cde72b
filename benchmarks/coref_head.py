"""
Measure our coreference head against allennlp-models' `CoreferenceResolver`.

Both have the same vectors, weights and formula (theirs: two-layer scorers, distance feature only,
crossing spans allowed).

    .venv/bin/python benchmarks/coref_head.py            # every row, about half an hour on 2 cores
    .venv/bin/python benchmarks/coref_head.py --words 500 --repeats 1

Each measurement has a process of its own; times are medians, memory is the process's peak, and that
peak less what it held before the head ran. Both sides must give the same spans and antecedents.
"""

from __future__ import annotations

import argparse
import gc
import json
import resource
import statistics
import sys
import time
from pathlib import Path

from measuring import answer_or_error, refuse_memory

DIM, HIDDEN, LAYERS, WIDTH, ANTECEDENTS, RATIO = 768, 1500, 2, 30, 50, 0.4
SENTENCE = 25
"""Words in a sentence; spans end with it on both sides."""


def main() -> None:
    arguments = parse_arguments()
    if arguments.child:
        print(json.dumps(measure(arguments)))
        return
    print(f"{'words':>6} {'pass':<17} {'side':<15} {'seconds':>8} {'peak GB':>8} {'head GB':>8}")
    for what in arguments.passes:
        backward = what == "forward+backward"
        for words in arguments.words:
            rows = {side: run_child(arguments, side, words, backward) for side in SIDES}
            for side, row in rows.items():
                print(line(words, backward, side, row), flush=True)
            ours, theirs = rows["spanbert_allen"], rows["allennlp-models"]
            if "seconds" in ours and "seconds" in theirs:
                faster, smaller = (theirs[key] / ours[key] for key in ("seconds", "peak"))
                print(
                    f"{'':>6} {faster:.1f}x as fast, 1/{smaller:.1f} of the peak memory; "
                    f"same links: {agree(ours, theirs)}",
                    flush=True,
                )
    for words in arguments.alone:
        row = run_child(arguments, "spanbert_allen", words, backward=False)
        print(line(words, False, "spanbert_allen", row), flush=True)


SIDES = ("spanbert_allen", "allennlp-models")
PASSES = ("forward", "forward+backward")


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n", maxsplit=1)[0])
    parser.add_argument("--words", type=int, nargs="*", default=[500, 2000, 5000])
    parser.add_argument("--alone", type=int, nargs="*", default=[10000, 20000, 40000])
    parser.add_argument("--passes", nargs="*", choices=PASSES, default=PASSES)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--child", choices=SIDES)
    parser.add_argument("--backward", action="store_true")
    return parser.parse_args()


def run_child(arguments: argparse.Namespace, side: str, words: int, backward: bool) -> dict:
    command = [sys.executable, str(Path(__file__)), "--child", side, "--words", str(words)]
    command += ["--repeats", str(arguments.repeats), "--threads", str(arguments.threads)]
    command += ["--backward"] * backward
    return answer_or_error(command, most=70)


def line(words: int, backward: bool, side: str, row: dict) -> str:
    what = PASSES[backward]
    if "error" in row:
        return f"{words:>6} {what:<17} {side:<15} {row['error']}"
    head = row["peak"] - row["before"]
    numbers = f"{row['seconds']:>8.2f} {row['peak']:>8.2f} {head:>8.2f}"
    return f"{words:>6} {what:<17} {side:<15} {numbers}"


def agree(ours: dict, theirs: dict) -> str:
    """Return the share of spans that both sides keep and link to the same antecedent."""
    same = sum(a == b for a, b in zip(ours["links"], theirs["links"], strict=True))
    return f"{same} of {len(theirs['links'])}"


def measure(arguments: argparse.Namespace) -> dict:
    refuse_memory(0.85)
    import torch

    torch.set_num_threads(arguments.threads)
    torch.manual_seed(1)
    (words,) = arguments.words
    # Shape: (words, DIM)
    vectors = torch.randn(words, DIM)
    theirs = make_theirs(vectors)
    run = run_theirs(theirs, vectors)
    if arguments.child == "spanbert_allen":
        run = run_ours(theirs, vectors)
        del theirs
    gc.collect()
    before = peak_gigabytes()
    seconds = []
    links: list = []
    for _ in range(arguments.repeats):
        start = time.perf_counter()
        with torch.set_grad_enabled(arguments.backward):
            loss, links = run()
            if arguments.backward:
                loss.backward()
        seconds.append(time.perf_counter() - start)
    return {
        "seconds": statistics.median(seconds),
        "peak": peak_gigabytes(),
        "before": before,
        "links": links,
    }


def peak_gigabytes() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e9


def gold_clusters(words: int) -> list[list[tuple[int, int]]]:
    """Make mentions to train on: one word in seven, in a hundred clusters."""
    starts = range(0, words, 7)
    return [[(start, start) for start in starts[k::100]] for k in range(min(100, len(starts)))]


def make_theirs(vectors):
    import torch
    from allennlp.data import Vocabulary
    from allennlp.modules import FeedForward
    from allennlp.modules.seq2seq_encoders import PassThroughEncoder
    from allennlp.modules.text_field_embedders import TextFieldEmbedder
    from allennlp_models.coref import CoreferenceResolver

    class Given(TextFieldEmbedder):
        def forward(self, text, **_):
            return vectors.unsqueeze(0)

        def get_output_dim(self) -> int:
            return DIM

    span_dim = 3 * DIM + 20
    relu = torch.nn.ReLU()
    model = CoreferenceResolver(
        Vocabulary(),
        text_field_embedder=Given(),
        context_layer=PassThroughEncoder(DIM),
        mention_feedforward=FeedForward(span_dim, LAYERS, HIDDEN, relu, 0.0),
        antecedent_feedforward=FeedForward(3 * span_dim + 20, LAYERS, HIDDEN, relu, 0.0),
        feature_size=20,
        max_span_width=WIDTH,
        spans_per_word=RATIO,
        max_antecedents=ANTECEDENTS,
        coarse_to_fine=True,
        inference_order=1,
        lexical_dropout=0.0,
    )
    # Their bilinear term stands on the other side, and so would its bias.
    torch.nn.init.zeros_(model._coarse2fine_scorer.bias)
    return model


def run_theirs(model, vectors):
    import torch

    words = len(vectors)
    spans = [
        (i, j)
        for i in range(words)
        for j in range(i, min(i + WIDTH, words, (i // SENTENCE + 1) * SENTENCE))
    ]
    cluster_of = {m: k for k, cluster in enumerate(gold_clusters(words)) for m in cluster}
    ids = torch.ones(1, words, dtype=torch.long)
    text = {"tokens": {"tokens": ids, "mask": ids.bool()}}
    span_tensor = torch.tensor([spans])
    labels = torch.tensor([[cluster_of.get(span, -1) for span in spans]])
    metadata = [{"original_text": ["x"] * words, "clusters": gold_clusters(words)}]
    model.train()  # nothing in it drops out; without it, it would not compute a loss

    def run():
        output = model(text, span_tensor, span_labels=labels, metadata=metadata)
        kept = output["top_spans"][0]
        chosen = output["predicted_antecedents"][0]
        indices = output["antecedent_indices"][0]
        return output["loss"], as_links(kept, chosen, indices)

    return run


def run_ours(theirs, vectors):
    import torch

    from spanbert_allen.modules.coref.head import CorefHead, DocumentUnits
    from spanbert_allen.modules.coref.losses.marginal import marginal_loss
    from spanbert_allen.modules.coref.mentions.selection import SpanSelection
    from spanbert_allen.modules.coref.settings import ScorerSettings

    head = CorefHead(
        DIM,
        selection=SpanSelection(kept_per_unit=RATIO, max_kept=None, allow_crossing=True),
        settings=ScorerSettings(
            max_span_width=WIDTH,
            max_antecedents=ANTECEDENTS,
            hidden_dim=HIDDEN,
            num_layers=LAYERS,
            dropout=0.0,
            width_prior=False,
            distance_prior=False,
            features=["distance"],
        ),
    )
    copy_weights(theirs, head)
    words = len(vectors)
    cluster_of = {m: k for k, cluster in enumerate(gold_clusters(words)) for m in cluster}
    document = DocumentUnits(
        vectors=vectors,
        sentence_ids=torch.arange(words) // SENTENCE,
        segment_ids=torch.zeros(words, dtype=torch.long),
        speaker_ids=torch.ones(words, dtype=torch.long),
    )

    def run():
        found = head(document)
        spans = zip(found.spans.starts.tolist(), found.spans.ends.tolist(), strict=True)
        labels = torch.tensor([cluster_of.get(span, -1) for span in spans])
        gold = (labels[found.antecedents] == labels.unsqueeze(1)) & (labels >= 0).unsqueeze(1)
        loss = marginal_loss(found.scores, gold & found.scores.isfinite())
        scores, columns = found.scores.max(dim=1)
        chosen = torch.where(scores > 0, columns, -1)
        return loss, as_links(torch.stack(list(found.spans), dim=1), chosen, found.antecedents)

    return run


def copy_weights(theirs, head) -> None:
    import torch

    pairs = {
        head.span_representation.width_embedding: (
            theirs._endpoint_span_extractor._span_width_embedding
        ),
        head.span_representation.token_scorer: (
            theirs._attentive_span_extractor._global_attention._module
        ),
        head.link_scorer.antecedent_scorer.features.embeddings[
            "distance"
        ]: theirs._distance_embedding,
        head.link_scorer.coarse_antecedents.projection: theirs._coarse2fine_scorer,
    }
    for ours, feedforward, scorer in (
        (head.mention_scorer, theirs._mention_feedforward, theirs._mention_scorer),
        (
            head.link_scorer.antecedent_scorer,
            theirs._antecedent_feedforward,
            theirs._antecedent_scorer,
        ),
    ):
        first, second = feedforward._module._linear_layers
        pairs[ours.feedforward.first] = first
        pairs[ours.feedforward.rest[0]] = second
        pairs[ours.feedforward.output] = scorer._module
    with torch.no_grad():
        for ours, source in pairs.items():
            for name, parameter in ours.named_parameters():
                parameter.copy_(getattr(source, name))
        head.link_scorer.coarse_antecedents.projection.weight.copy_(
            theirs._coarse2fine_scorer.weight.t()
        )


def as_links(kept, chosen, indices) -> list:
    """Return each kept span with the antecedent it is linked to, or none."""
    spans = kept.tolist()
    links = []
    for span, choice, row in zip(spans, chosen.tolist(), indices.tolist(), strict=True):
        links.append([span, spans[row[choice]] if choice >= 0 else None])
    return links


if __name__ == "__main__":
    main()
