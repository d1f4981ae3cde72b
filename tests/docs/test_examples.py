"""Records, results and configurations that the pages show are what the programs read and write."""

from __future__ import annotations

import json
import re

import _jsonnet
import pytest

from spanbert_allen.common.spans import WordSpan
from tests.docs.pages import DOCS, PAGES, blocks, section
from tests.docs.test_python_blocks import MODELS
from tests.places import FIXTURES, ROOT

DATA = DOCS / "data.md"
RESULTS = [
    json.loads(block.text)
    for page in PAGES
    for block in blocks(page, "json")
    if '"schema"' in block.text
]


def records(heading: str) -> list[dict[str, object]]:
    """Return the records shown under a heading of the page on data."""
    (shown,) = re.findall(r"```json\n(.*?)```", section(DATA, heading), flags=re.DOTALL)
    return [json.loads(line) for line in shown.splitlines()]


def test_the_documents_are_read():
    from spanbert_allen.formats.coref.jsonl import document_from_record

    documents = [document_from_record(one, default_key="x") for one in records("Coreference")]
    assert [document.doc_key for document in documents] == ["mail-1", "mail-2", "chat-3"]
    assert documents[0].clusters == documents[1].clusters == [(WordSpan(0, 0), WordSpan(2, 2))]
    assert documents[2].speakers == ["Ida"] * 4 + ["Tom"] * 3


def test_the_relations_are_read():
    from spanbert_allen.formats.relation.jsonl import relation_example

    founded, none = (relation_example(one, default_id="x") for one in records("Relations"))
    assert founded.words[founded.object.start : founded.object.end + 1] == ["Anna", "Bell"]
    assert founded.words[founded.subject.start : founded.subject.end + 1] == ["Ringers", "Ltd"]
    assert (founded.label, none.label) == ("org:founded_by", "no_relation")


def test_the_pair_is_read():
    from spanbert_allen.formats.sequence.jsonl import text_pair

    (record,) = records("Texts and pairs")
    made = text_pair(record, default_id="x")
    assert (made.text, made.text_pair) == (record["text"], record["text_pair"])
    assert made.label == "entailment"


@pytest.fixture(scope="module")
def predictors():
    """One tiny predictor a task, by the schema of its results."""
    from spanbert_allen.loading import load

    loaded = [load(FIXTURES / "archives" / f"{name}.tar.gz") for name in MODELS.values()]
    return {predictor.schema: predictor for predictor in loaded}


def keys_of(value, place=""):
    """Return the places of all keys in a result, such as `clusters.start`."""
    if isinstance(value, list):
        return set().union(*(keys_of(item, place) for item in value))
    if not isinstance(value, dict):
        return set()
    inner = (keys_of(item, f"{place}{key}.") for key, item in value.items())
    return {f"{place}{key}" for key in value}.union(*inner)


REQUESTS = {
    "spanbert_allen.coref/1": {"text": "Ida lost her keys. She found them. Tom saw her."},
    "spanbert_allen.qa/1": {"question": "Who found the keys?", "context": "Ida found the keys."},
    "spanbert_allen.relation/1": {
        "text": "Anna Bell founded Ringers Ltd.",
        "subject": [18, 29],
        "object": [0, 9],
        "subject_type": "ORGANIZATION",
        "object_type": "PERSON",
    },
    "spanbert_allen.sequence/1": {"text": "Ida was in Oslo.", "text_pair": "She was not."},
}


@pytest.mark.parametrize("shown", RESULTS, ids=lambda shown: shown["schema"])
def test_the_results_have_the_keys_that_predictors_write(shown, predictors):
    made = predictors[shown["schema"]].predict_json(REQUESTS[shown["schema"]])
    assert "error" not in made
    free = "probabilities."  # the labels of a model
    written, printed = (
        {key for key in keys_of(value) if not key.startswith(free)} for value in (made, shown)
    )
    assert printed == written


def test_the_results_of_spans_have_the_places_that_they_say():
    for shown in RESULTS:
        text = shown.get("context", shown.get("text", ""))
        spans = [mention for cluster in shown.get("clusters", []) for mention in cluster]
        for span in [*spans, *shown.get("answers", []), *shown.get("entities", [])]:
            assert text[span["start"] : span["end"]] == span["text"]


CONFIGURATIONS = [block for page in PAGES for block in blocks(page, "jsonnet")]


@pytest.mark.parametrize("block", CONFIGURATIONS, ids=lambda block: block.page)
def test_the_configurations_evaluate(block):
    if block.page == "docs/extending.md":
        pytest.skip("run by a test of its own")
    shipped = (ROOT / "training_configs").rglob("*.jsonnet")  # which may import each other
    sources = [block.text, *(path.read_text(encoding="utf-8") for path in shipped)]
    names = re.findall(r"extVar\(['\"](\w+)['\"]\)", "".join(sources))
    made = json.loads(
        _jsonnet.evaluate_snippet(
            str(ROOT / "mine.jsonnet"),
            block.text,
            ext_vars=dict.fromkeys(names, "x"),
            jpathdir=[str(ROOT)],
        )
    )
    assert made["model"]["type"].startswith("spanbert_")


def test_the_example_configuration_changes_what_it_says():
    made = json.loads(
        _jsonnet.evaluate_snippet(
            str(ROOT / "mine.jsonnet"),
            blocks(DOCS / "configs.md", "jsonnet")[0].text,
            ext_vars=dict.fromkeys(("LITBANK_TRAIN_DATA_PATH", "LITBANK_DEV_DATA_PATH"), "x"),
            jpathdir=[str(ROOT)],
        )
    )
    assert made["trainer"]["num_epochs"] == 30
    assert made["model"]["embedder"]["model_name"] == "/path/to/a/bert"
    assert made["dataset_reader"]["indexer"]["model_name"] == "/path/to/a/bert"


def test_every_configuration_is_in_the_table():
    folder = ROOT / "training_configs"
    files = {path.relative_to(folder).as_posix() for path in folder.glob("[!l]*/**/*.jsonnet")}
    table = (folder / "README.md").read_text(encoding="utf-8")
    assert files == set(re.findall(r"^\| `([\w/]+\.jsonnet)`", table, flags=re.MULTILINE))


def test_every_format_of_coreference_is_on_its_page():
    from spanbert_allen.formats.coref.registry import coref_formats

    rows = re.findall(r"^\| (`.*?) \|", section(DOCS / "coref.md", "Formats"), flags=re.MULTILINE)
    assert set(coref_formats()) <= set(re.findall(r"`([\w-]+)`", " ".join(rows)))


def test_the_readme_can_be_read_in_five_minutes():
    assert len((ROOT / "README.md").read_text(encoding="utf-8").splitlines()) <= 150
