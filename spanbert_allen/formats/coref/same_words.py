"""Clusters of a text that was split into words in two ways, told in the same words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from spanbert_allen.common.spans import CharSpan, WordSpan
from spanbert_allen.common.text import SplitText, cut_words
from spanbert_allen.formats.coref.clusterings import Clustering


def in_the_same_words(
    gold: Mapping[str, Clustering], systems: Sequence[Mapping[str, Clustering]]
) -> tuple[dict[str, Clustering], list[dict[str, Clustering]]]:
    """
    Return annotation and predictions with the mentions of one text counted in the same words.

    Words of a text are split by the rules of a language, and cut where annotated mentions begin and
    end, which the predictor is not told: so mentions of the same text are compared by characters.
    Other documents stay as they are.

    # Parameters

    gold : `Mapping[str, Clustering]`
        The annotated documents by their names.
    systems : `Sequence[Mapping[str, Clustering]]`
        The predictions of one or several systems.
    """
    annotated, predicted = dict(gold), [dict(system) for system in systems]
    for name, document in gold.items():
        if document.text is None or not document.chars:
            continue
        found = [one for one in predicted if name in one and one[name].text == document.text]
        edges = [edge for one in found for place in one[name].places.values() for edge in place]
        split = SplitText(list(document.words), list(document.chars), [0] * len(document.words))
        cut = cut_words(document.text, split, edges)
        places = {
            span: CharSpan(document.chars[span.start].start, document.chars[span.end].end)
            for cluster in document.clusters
            for span in cluster
        }
        annotated[name] = replace(
            _moved(document, places, cut), words=cut.words, chars=cut.word_chars
        )
        for one in found:
            one[name] = _moved(one[name], one[name].places, cut)
    return annotated, predicted


def _moved(
    clustering: Clustering, places: Mapping[WordSpan, CharSpan], split: SplitText
) -> Clustering:
    """Return the clusters with the words at their places; a place that has none stays as it is."""
    first = {chars.start: word for word, chars in enumerate(split.word_chars)}
    last = {chars.end: word for word, chars in enumerate(split.word_chars)}
    moved = {
        span: WordSpan(first.get(place.start, span.start), last.get(place.end, span.end))
        for span, place in places.items()
    }
    return replace(
        clustering,
        clusters=[[moved.get(span, span) for span in cluster] for cluster in clustering.clusters],
        texts={moved.get(span, span): text for span, text in clustering.texts.items()},
    )
