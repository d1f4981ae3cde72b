"""Coreference results, made from a text and the strings of its mentions."""

from typing import Any


def places(text: str, *mentions: str) -> list[tuple[int, int]]:
    """Where the mentions stand, each after the beginning of the one before."""
    found = []
    start = -1
    for mention in mentions:
        start = text.index(mention, start + 1)
        found.append((start, start + len(mention)))
    return found


def coref_result(text: str, *chains: list[str], doc_key: str = "d") -> dict[str, Any]:
    return result_of(text, [places(text, *chain) for chain in chains], doc_key)


def result_of(text: str, chains: list[list[tuple[int, int]]], doc_key: str = "d") -> dict[str, Any]:
    """A result whose words are its characters."""
    clusters = [
        [
            {
                "start": start,
                "end": end,
                "words": [start, end - 1],
                "sentence": 0,
                "text": text[start:end],
                "mention_score": 1.0,
                "link_score": 1.0 if number else None,
            }
            for number, (start, end) in enumerate(chain)
        ]
        for chain in chains
    ]
    schema = "spanbert_allen.coref/1"
    return {"schema": schema, "doc_key": doc_key, "text": text, "clusters": clusters}
