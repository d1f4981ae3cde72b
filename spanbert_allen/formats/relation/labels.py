"""Read labels by the ids of their examples: annotated data, predictions or official files."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from spanbert_allen.common.errors import DataError
from spanbert_allen.common.files import open_text, read_lines, read_objects
from spanbert_allen.common.record_checks import shown
from spanbert_allen.formats.relation.detection import read_relations, relation_layout

_NO_LABEL = "it has no label to score by; give the annotated data"


def read_labels(path: str | Path) -> dict[str, str]:
    """
    Return the label of each example, by its id.

    # Parameters

    path : `str | Path`
        Examples in the layout of TACRED, SemEval-2010 or `spanbert_relation_jsonl`; results of the
        predictor `spanbert_relation`, whose error records have no label; or `id<TAB>label`, a line
        each.

    Raises a `DataError` for two examples of one id, and for data without labels.
    """
    labels: dict[str, str] = {}
    for place, name, label in _pairs(path):
        if name in labels:
            raise DataError(
                f"{place}: the id {shown(name)} is there twice; give each example its own"
            )
        labels[name] = label
    if not labels:
        raise DataError("holds no labels; give annotated data, predictions or id<TAB>label", path)
    return labels


def _pairs(path: str | Path) -> Iterator[tuple[str, str, str]]:
    """Yield where each label stands, the id of its example, and the label."""
    start = _first_bytes(path)
    if start.startswith(b"{") and b'"schema"' in start:
        yield from _predicted(path)
    elif start.startswith((b"[", b"{")) or relation_layout(path) != "records":
        for example in read_relations(path):
            if example.label is None:
                raise DataError(f"{example.place}: {_NO_LABEL}")
            yield example.place, example.id, example.label
    else:
        for number, line in read_lines(path):
            name, tab, label = line.partition("\t")
            if not line.strip():
                continue
            if not tab or not name or not label.strip() or "\t" in label:
                raise DataError(
                    f"{shown(line)} is not id<TAB>label; write one tab between the two",
                    path,
                    number,
                )
            yield f"{path}:{number}", name, label.strip()


def _predicted(path: str | Path) -> Iterator[tuple[str, str, str]]:
    for number, result in read_objects(path):
        if "error" in result:
            continue
        if not isinstance(result.get("id"), str) or not isinstance(result.get("label"), str):
            raise DataError(
                "not a prediction of one relation, with `id` and `label`; give what `allennlp "
                "predict` wrote for records with a subject and an object",
                path,
                number,
            )
        yield f"{path}:{number}", result["id"], result["label"]


def _first_bytes(path: str | Path) -> bytes:
    with open_text(path, look_ahead=True) as file:
        return file.read(200).lstrip()
