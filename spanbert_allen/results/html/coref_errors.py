"""The mistakes of predicted clusters as a page: the annotated text beside the predicted one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from itertools import accumulate, groupby
from pathlib import Path
from typing import NamedTuple

from spanbert_allen.common.files import replace_file
from spanbert_allen.common.spans import WordSpan
from spanbert_allen.metrics.coref.cluster_scores import align, distinct_clusters
from spanbert_allen.metrics.coref.mistakes import Mistake, mistakes_of
from spanbert_allen.results.escaping import as_html
from spanbert_allen.results.html.frame import whole_page
from spanbert_allen.results.html.marked import link, marked_html
from spanbert_allen.results.marked_text import Mention, mentions_of

Clusters = Sequence[Sequence[WordSpan]]

_TITLES = {
    "missed_clusters": "clusters of which no mention is predicted",
    "missed_mentions": "mentions that are not predicted, of other clusters",
    "invented_clusters": "predicted clusters without a mention of the annotation",
    "spurious_mentions": "predicted mentions that are not annotated, of other clusters",
    "split_clusters": "clusters whose mentions are in several predicted ones",
    "merged_clusters": "predicted clusters with mentions of several clusters",
    "wrong_links": "mentions linked to another cluster than their own",
    "missed_links": "mentions that are not linked, though their cluster has begun",
    "invented_links": "mentions that are linked, though they are the first of their cluster",
}
_OF_PREDICTION = ("invented_clusters", "spurious_mentions", "merged_clusters")
_GOLD, _PREDICTED = "g", "p"


class ComparedDocument(NamedTuple):
    """
    Hold the annotated and the predicted clusters of a document.

    # Parameters

    name : `str`
        Its name.
    words : `Sequence[str]`
        Its words.
    gold, predicted : `Sequence[Sequence[WordSpan]]`
        The clusters.
    """

    name: str
    words: Sequence[str]
    gold: Clusters
    predicted: Clusters


def write_errors_html(
    documents: Iterable[ComparedDocument], path: str | Path, *, title: str = "Mistakes"
) -> None:
    """
    Write a page of mistakes, the documents with most of them first.

    # Parameters

    documents : `Iterable[ComparedDocument]`
        The documents; of those without a mistake only the number is said.
    path : `str | Path`
        The file to write, which appears whole or not at all.
    title : `str`, optional (default = `"Mistakes"`)
        The page's title.
    """
    found = [(mistakes_of(one.gold, one.predicted), one) for one in documents]
    found.sort(key=lambda pair: -len(pair[0]))
    wrong = [pair for pair in found if pair[0]]
    articles = [_article(number, *pair) for number, pair in enumerate(wrong)]
    right = len(found) - len(wrong)
    said = f"<p>{right} of {len(found)} documents have no mistake.</p>"
    with replace_file(path) as file:
        file.write(whole_page("\n".join([said, *articles]), title))


def _article(number: int, mistakes: Sequence[Mistake], document: ComparedDocument) -> str:
    text = _Text(document.words)
    kinds = "\n".join(_kinds(number, mistakes, text))
    sides = "\n".join(_sides(number, mistakes, document, text))
    return (
        f'<article data-kind="errors">\n<h2>{as_html(document.name)}</h2>\n'
        f'<div class="below">{kinds}</div>\n<div class="sides">\n{sides}\n</div>\n</article>'
    )


class _Text:
    """The words with spaces between them, and where each is."""

    def __init__(self, words: Sequence[str]) -> None:
        self.text = " ".join(words)
        self._starts = list(accumulate((len(word) + 1 for word in words), initial=0))

    def place(self, span: WordSpan) -> dict[str, int]:
        return {"start": self._starts[span.start], "end": self._starts[span.end + 1] - 1}

    def of(self, span: WordSpan) -> str:
        place = self.place(span)
        return self.text[place["start"] : place["end"]]


def _kinds(number: int, mistakes: Sequence[Mistake], text: _Text) -> Iterator[str]:
    """Yield the list of the mistakes of each kind."""
    for kind, group in groupby(mistakes, key=lambda mistake: mistake.kind):
        items = [_item(number, mistake, text) for mistake in group]
        yield (
            f"<details open><summary><b>{kind.replace('_', ' ')}: {len(items)}</b> "
            f"<small>{_TITLES[kind]}</small></summary>\n<ul>\n"
            + "\n".join(f"<li>{item}</li>" for item in items)
            + "\n</ul></details>"
        )


def _item(number: int, mistake: Mistake, text: _Text) -> str:
    side = _PREDICTED if mistake.kind in _OF_PREDICTION else _GOLD
    groups = [
        ", ".join(link(_anchor(number, side, span), text.of(span)) for span in group)
        for group in mistake.groups
    ]
    if mistake.kind == "wrong_links":
        return f"{groups[0]} linked to {groups[1]}, not to {groups[2]}"
    if mistake.kind == "missed_links":
        return f"{groups[0]} not linked to {groups[1]}"
    if mistake.kind == "invented_links":
        return f"{groups[0]} linked to {groups[1]}"
    return " | ".join(groups)


def _sides(
    number: int, mistakes: Sequence[Mistake], document: ComparedDocument, text: _Text
) -> Iterator[str]:
    """Yield the text with the annotated clusters, and that with the predicted ones."""
    gold, predicted = distinct_clusters(document.gold), distinct_clusters(document.predicted)
    numbers = _numbers(gold, predicted)
    wrong = {span: one.kind for one in reversed(mistakes) for span in _wrong_mentions(one)}
    for side, title, clusters, chains in (
        (_GOLD, "Annotated", gold, range(len(gold))),
        (_PREDICTED, "Predicted", predicted, numbers),
    ):
        placed: list[Sequence[Mapping[str, object]]] = [[]] * (max(chains, default=-1) + 1)
        for chain, cluster in zip(chains, clusters, strict=True):
            placed[chain] = [{"span": span, **text.place(span)} for span in cluster]
        shown = marked_html(
            text.text,
            mentions_of(placed),
            anchor=partial(_anchor_of, number, side),
            attributes=lambda mention: _attributes(mention, wrong),
            label=lambda mention: str(mention.chain + 1),
        )
        yield f"<section><h3>{title}</h3>\n{shown}</section>"


def _numbers(gold: Clusters, predicted: Clusters) -> list[int]:
    """Return numbers of predicted clusters: of annotated ones that share most mentions, or new."""
    overlaps = align(gold, predicted).overlaps
    numbers: dict[int, int] = {}
    for (i, j), _ in sorted(overlaps.items(), key=lambda item: (-item[1], item[0])):
        if j not in numbers and i not in numbers.values():
            numbers[j] = i
    free = iter(range(len(gold), len(gold) + len(predicted)))
    return [numbers[j] if j in numbers else next(free) for j in range(len(predicted))]


def _wrong_mentions(mistake: Mistake) -> Sequence[WordSpan]:
    """Return the mentions of a mistake that are marked in the text."""
    return () if mistake.kind in ("split_clusters", "merged_clusters") else mistake.groups[0]


def _attributes(mention: Mention, wrong: Mapping[WordSpan, str]) -> str:
    hint = f"cluster {mention.chain + 1}"
    kind = wrong.get(mention.details["span"])
    if kind is None:
        return f'data-chain="{mention.chain}" title="{hint}"'
    said = kind.removesuffix("s").replace("_", " ")
    return f'data-chain="{mention.chain}" data-mistake title="{hint}, {said}"'


def _anchor_of(number: int, side: str, mention: Mention) -> str:
    return _anchor(number, side, mention.details["span"])


def _anchor(number: int, side: str, span: WordSpan) -> str:
    return f"{side}{number}-{span.start}-{span.end}"
