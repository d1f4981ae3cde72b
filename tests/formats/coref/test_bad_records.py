"""Whatever JSON a record holds: it is a document, or a sentence says why it is none."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spanbert_allen.common.errors import DataError
from spanbert_allen.common.record_checks import RecordError
from spanbert_allen.formats.coref.findings import Findings, RecordFindings
from spanbert_allen.formats.coref.records import RecordContext
from spanbert_allen.formats.coref.registry import coref_formats

NUMBERS = st.integers(-2, 4) | st.booleans() | st.just(1.5) | st.just(10**30)
STRINGS = st.sampled_from(["", "a", "Ida ran.", "[CLS]", "[SEP]", "x\ud800"])
VALUES = st.recursive(
    st.none() | NUMBERS | STRINGS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(STRINGS, inner, max_size=2),
    max_leaves=8,
)
SPANS = st.lists(st.lists(st.lists(NUMBERS, max_size=3) | VALUES, max_size=3), max_size=3)
NESTED_WORDS = st.lists(st.lists(STRINGS, max_size=3), max_size=3)
NAMES = ["genre", "doc_key", "id", "document_id", "part_id", "speakers", "speaker", "schema"]
KEYS = {
    "jsonl": {"sentences": NESTED_WORDS, "clusters": SPANS},
    "fastcoref": {"text": st.lists(STRINGS, max_size=3) | STRINGS, "clusters": SPANS},
    "preco": {"sentences": NESTED_WORDS, "mention_clusters": SPANS},
    "wl-coref": {
        "cased_words": st.just(["a", "b"]),
        "sent_id": st.just([0, 1]),
        "span_clusters": SPANS,
    },
    "minimised": {
        "sentences": st.just([["[CLS]", "a", "b", "[SEP]"]]),
        "sentence_map": st.just([0, 0, 0, 1]),
        "subtoken_map": st.just([0, 0, 1, 1]),
        "clusters": SPANS,
    },
    "predictions": {"text": STRINGS, "clusters": st.just([])},
}


class Passed(Findings):
    """Goes on after bad mentions, as the validator does."""

    def problem(self, error):
        assert str(error).startswith("f:1: ")


@pytest.mark.parametrize("name", list(KEYS))
def test_no_record_breaks_the_reader(name):
    some = st.fixed_dictionaries(KEYS[name])
    wrong = st.dictionaries(st.sampled_from([*NAMES, *KEYS[name]]), VALUES, max_size=1)
    records = st.builds(lambda record, changes: {**record, **changes}, some, wrong)
    parse = coref_formats()[name].parse
    documents = []

    @given(records)
    @settings(max_examples=80, deadline=None)
    def check(record):
        for findings in (Findings(), Passed()):
            context = RecordContext(default_key="k", findings=RecordFindings(findings, "f", 1))
            try:
                document = parse(record, context)
            except (RecordError, DataError) as error:
                assert str(error)
                continue
            documents.append(document)
            assert len(document.words) == len(document.sentence_ids) == len(document.word_chars)
            assert document.speakers is None or len(document.speakers) == len(document.words)
            for cluster in document.clusters or ():
                for start, end in cluster:
                    assert 0 <= start <= end < len(document.words)

    check()
    assert any(document.words for document in documents)
