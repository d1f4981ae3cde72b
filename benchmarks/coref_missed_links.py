"""
Say why a coreference model misses the links that it misses.

    .venv/bin/python benchmarks/coref_missed_links.py out/ontogum/model.tar.gz ontogum/dev.conll

Each annotated mention that has an antecedent meets one fate: it is linked to an antecedent of its
cluster, to one of another or of none, or not linked at all, and then because it is no top span,
because no antecedent of its cluster is a candidate of it, or because none scores above 0. Where an
annotated antecedent is a candidate, the score of the best one is taken apart: the two mention
scores, and what is said of the pair itself. Means are printed.
"""

from __future__ import annotations

import argparse
import statistics
from collections import Counter, defaultdict

import torch
from allennlp.models import load_archive

import spanbert_allen.plugin  # noqa: F401
from spanbert_allen.modules.coref.scored_links import ScoredLinks
from spanbert_allen.modules.coref.units import DocumentPieces

RIGHT, WRONG, NONE = "right", "linked to another", "scored below none"
NO_TOP_SPAN, NO_CANDIDATE = "no top span", "no antecedent among the candidates"
FATES = (RIGHT, WRONG, NONE, NO_CANDIDATE, NO_TOP_SPAN)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.strip().split("\n\n", maxsplit=1)[0])
    parser.add_argument("archive")
    parser.add_argument("data", help="annotated documents, as the archive's reader reads them")
    parser.add_argument("--threads", type=int, default=2)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    archive = load_archive(arguments.archive)
    model = archive.model.eval()
    fates: Counter[str] = Counter()
    parts: dict[str, list[tuple[float, ...]]] = defaultdict(list)
    for instance in archive.validation_dataset_reader.read(arguments.data):
        columns = [torch.as_tensor(instance[name].tensor) for name in DocumentPieces._fields[:5]]
        spans = torch.as_tensor(instance["gold_spans"].tensor)
        clusters = torch.as_tensor(instance["gold_cluster_ids"].tensor)
        document = DocumentPieces(*columns, gold_spans=spans, gold_cluster_ids=clusters)
        with torch.no_grad():
            units, links = model.link_scores(document, instance["metadata"].metadata["document"])
        for fate, scores in fates_of(units, links):
            fates[fate] += 1
            parts[fate] += [scores] if scores else []
    print("| fate | links | % | score | of the mention | of the antecedent | of the pair |")
    print("|---|---|---|---|---|---|---|")
    for fate in FATES:
        share = 100 * fates[fate] / max(1, sum(fates.values()))
        columns = list(zip(*parts[fate], strict=True))
        means = " | ".join(f"{statistics.fmean(column):.1f}" for column in columns) or " | | | "
        print(f"| {fate} | {fates[fate]} | {share:.1f} | {means} |")


def fates_of(
    units: DocumentPieces, links: ScoredLinks
) -> list[tuple[str, tuple[float, float, float, float] | None]]:
    """
    Return the fate of each annotated mention but the first of a cluster.

    Beside it stands the score of the best annotated antecedent, if one is a candidate: the whole,
    the two mention scores, and the rest.
    """
    assert units.gold_spans is not None and units.gold_cluster_ids is not None
    top = [tuple(span) for span in torch.stack(tuple(links.spans), dim=1).tolist()]
    places = {span: place for place, span in enumerate(top)}
    mentions = sorted(
        zip(map(tuple, units.gold_spans.tolist()), units.gold_cluster_ids.tolist(), strict=True)
    )
    before: dict[int, set[tuple[int, ...]]] = defaultdict(set)
    found: list[tuple[str, tuple[float, float, float, float] | None]] = []
    for span, cluster in mentions:
        earlier = set(before[cluster])
        before[cluster].add(span)
        if not earlier:
            continue
        if span not in places:
            found.append((NO_TOP_SPAN, None))
            continue
        place = places[span]
        scored = [
            (score, antecedent)
            for score, antecedent in zip(
                links.scores[place].tolist(), links.antecedents[place].tolist(), strict=True
            )
            if score > float("-inf")
        ]
        of_cluster = [pair for pair in scored if top[pair[1]] in earlier]
        if not of_cluster:
            found.append((NO_CANDIDATE, None))
            continue
        best, best_of_cluster = max(scored), max(of_cluster)
        score, antecedent = best_of_cluster
        own, other = (float(links.mention_scores[index]) for index in (place, antecedent))
        fate = NONE if best[0] <= 0 else RIGHT if best == best_of_cluster else WRONG
        found.append((fate, (score, own, other, score - own - other)))
    return found


if __name__ == "__main__":
    main()
