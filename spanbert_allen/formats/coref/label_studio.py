"""
Exports of Label Studio as JSON: a list of tasks, each a text with labelled spans and relations.

Spans are mentions. Those that a relation links are of one cluster, if it has no label or one whose
name says coreference; a span without a link is a cluster of its own. Of several annotations of a
task the first that was not cancelled is read.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from spanbert_allen.common.files import default_doc_key
from spanbert_allen.common.json_array import array_items
from spanbert_allen.common.record_checks import RecordError, is_list, pair, shown
from spanbert_allen.common.spans import CharSpan
from spanbert_allen.formats.coref.document import CorefDocument
from spanbert_allen.formats.coref.findings import Findings, RecordFindings
from spanbert_allen.formats.coref.jsonl import parse_coref_record
from spanbert_allen.formats.coref.linked_mentions import clusters_of_links, is_coreference
from spanbert_allen.formats.coref.records import RecordContext
from spanbert_allen.formats.label_studio import place_in_text


def read_label_studio(
    path: str | Path, *, language: str = "en", findings: Findings | None = None
) -> Iterator[CorefDocument]:
    """
    Read the documents of a file, a task each; parameters as for `read_documents`.

    A task without a name is called `<file name without suffixes>:<its number in the file>`.
    """
    findings = findings or Findings()
    items = array_items(path, noun="task", advice="export it again")
    for number, item in enumerate(items, start=1):  # an export may be one line
        context = RecordContext(
            default_key=default_doc_key(path, number),
            language=language,
            findings=RecordFindings(findings, path, item.line, f"task {number}"),
        )
        try:
            if item.problem is not None:
                raise RecordError(f"the task is no JSON that can be read ({item.problem})")
            document = parse_task(item.value, context)
        except RecordError as error:
            context.findings.problem(error)
        else:
            if not context.findings.num_problems:
                yield document
                continue
        findings.left_out()
    findings.end_of_file()


def parse_task(task: object, context: RecordContext) -> CorefDocument:
    """Return the document of a task; raise a `RecordError` for what is none."""
    data = task.get("data") if isinstance(task, Mapping) else None
    if not isinstance(task, Mapping) or not isinstance(data, Mapping):
        raise RecordError(f"{shown(task)} is no task of Label Studio with `data`")
    record: dict[str, Any] = {"doc_key": data.get("doc_key") or task.get("id"), "text": _text(data)}
    not_held: Counter[str] = Counter()
    annotations = task.get("annotations") or task.get("completions")
    if annotations is not None and not is_list(annotations):
        raise RecordError(f"annotations is {shown(annotations)}; it must be a list")
    kept = [
        one
        for one in annotations or ()
        if isinstance(one, Mapping) and not one.get("was_cancelled")
    ]
    if len(kept) > 1:
        not_held["further annotations of a task (annotations)"] += len(kept) - 1
    if kept:
        record["clusters"] = _clusters(kept[0].get("result"), record["text"], not_held)
    return replace(parse_coref_record(record, context), not_held=not_held)


def _text(data: Mapping[str, Any]) -> str:
    texts = [value for value in data.values() if isinstance(value, str)]
    if isinstance(data.get("text"), str):
        return str(data["text"])
    if len(texts) != 1:
        raise RecordError(f"data is {shown(dict(data))}; it must hold `text`, a string")
    return texts[0]


def _clusters(results: object, text: str, not_held: Counter[str]) -> list[list[list[int]]]:
    spans: dict[str, CharSpan] = {}
    links: list[tuple[str, str]] = []
    if not is_list(results) or not all(isinstance(one, Mapping) for one in results):
        raise RecordError(f"result is {shown(results)}; it must be a list of objects")
    for number, result in enumerate(results):
        value = result.get("value")
        # What several controls say of a region has one id.
        name = str(result.get("id", f"result {number}"))
        if result.get("type") == "relation":
            labels = result.get("labels") or []
            if not labels or any(is_coreference(str(label)) for label in labels):
                links.append((str(result.get("from_id")), str(result.get("to_id"))))
            else:
                not_held["relations of other labels (relations)"] += 1
        elif isinstance(value, Mapping) and "start" in value and "end" in value:
            place = f"the span {shown(name)}"
            written = CharSpan(*pair([value["start"], value["end"]], place))
            spans[name] = place_in_text(written, value, text, name)
            not_held["entity types (mentions)"] += bool(value.get("labels"))
        else:
            not_held["results of other types (results)"] += 1
    for name in {name for link in links for name in link} - spans.keys():
        raise RecordError(f"a relation names the span {shown(name)}, which is not there")
    not_held += Counter()  # without zeros
    return clusters_of_links(spans, links)
