"""Files in the layout of TACRED: what is read, and what is said of bad ones."""

from __future__ import annotations

import gzip
import hashlib
import json
from pathlib import Path

import pytest

from spanbert_allen.common.errors import DataError
from spanbert_allen.common.spans import WordSpan
from spanbert_allen.formats.relation.detection import read_relations, relation_layout
from spanbert_allen.formats.relation.tacred import read_tacred
from spanbert_allen.formats.relation.tacred_preset import TACRED_LABELS, TACRED_MARKERS
from tests.places import ROOT

FIXTURE = ROOT / "tests" / "fixtures" / "relation" / "tacred.json"
GOOD = {
    "id": "x",
    "relation": "per:title",
    "token": ["Ida", "drives"],
    "subj_start": 0,
    "subj_end": 0,
    "obj_start": 1,
    "obj_end": 1,
    "subj_type": "PERSON",
    "obj_type": "TITLE",
}


def write(path: Path, records: object) -> Path:
    path.write_text(json.dumps(records), encoding="utf-8")
    return path


def test_what_is_read():
    first, second, *_ = read_tacred(FIXTURE)
    assert first.words == ["Jane", "Doe", "is", "the", "driver", "(", "a", "boy", ")", "."]
    assert (first.id, first.label) == ("t1", "per:title")
    assert (first.subject, first.object) == (WordSpan(0, 1), WordSpan(4, 4))
    assert (second.subject_type, second.object_type) == ("ORGANIZATION", "PERSON")
    assert second.place == f"{FIXTURE}:3: example 2 (id t2)"
    text, chars = second.source()
    assert text == "Ida left the tram of Oslo ."
    assert [text[start:end] for start, end in chars] == second.words


def test_brackets_are_all_that_is_unescaped(tmp_path):
    spelt = ["-LRB-", "-rrb-", "-Lsb-", "-RSB-", "-lcb-", "-RCB-", "``", "''", "-LRB-x"]
    path = write(tmp_path / "x.json", [GOOD | {"token": spelt}])
    (example,) = read_tacred(path)
    assert example.words == ["(", ")", "[", "]", "{", "}", "``", "''", "-LRB-x"]


def test_what_may_be_missing(tmp_path):
    names = ("id", "token", "subj_start", "subj_end", "obj_start", "obj_end")
    path = tmp_path / "x.json.gz"
    path.write_bytes(gzip.compress(json.dumps([{name: GOOD[name] for name in names}]).encode()))
    (example,) = read_relations(path)
    assert (example.subject_type, example.object_type, example.label) == ("ENTITY", "ENTITY", None)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"subj_end": 2}, r"`subj_start` 0 and `subj_end` 2 are no span of its 2 words; count"),
        ({"obj_start": -1}, r"`obj_start` -1 and `obj_end` 1 are no span"),
        ({"obj_start": "1"}, r"`obj_start` is '1'; it must be the number of a word"),
        ({"subj_start": True}, r"`subj_start` is True"),
        ({"token": "Ida drives"}, r"token is 'Ida drives'; it must be a list of words"),
        ({"token": ["Ida", 3]}, r"token\[1\] is 3; it must be a string"),
        ({"id": None}, r"example 2: `id` is None"),
        ({"relation": ""}, r"`relation` is ''; it must be a string"),
        ({"subj_type": 4}, r"`subj_type` is 4"),
    ],
)
def test_bad_examples(tmp_path, change, sentence):
    path = write(tmp_path / "x.json", [GOOD, GOOD | change, GOOD])
    with pytest.raises(DataError, match=sentence) as error:
        list(read_tacred(path))
    assert str(error.value).startswith(f"{path}:1: example 2")
    problems: list[DataError] = []
    assert len(list(read_tacred(path, on_problem=problems.append))) == 2
    assert len(problems) == 1


def test_characters_instead_of_words_name_the_other_reader(tmp_path):
    """SpanBERT issue 27: a KeyError 'token' there."""
    record = {"id": "x", "text": "Ida drives", "subj_start": 0, "subj_end": 3}
    with pytest.raises(DataError, match=r"no `token`.*spanbert_relation_jsonl"):
        list(read_tacred(write(tmp_path / "x.json", [record])))
    with pytest.raises(DataError, match=r"it is 3; an example is an object"):
        list(read_tacred(write(tmp_path / "x.json", [3])))


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"a": 1}\n{"b": 2}', '[{"id"', "[1, "])
def test_files_that_are_no_tacred(tmp_path, content):
    path = tmp_path / "x.json"
    path.write_text(content)
    with pytest.raises(DataError, match=r"JSON array|example"):
        list(read_tacred(path, on_problem=lambda problem: None))


@pytest.mark.parametrize(
    "bad",
    ['{"id": ' + "9" * 5000 + "}", '{"a": ' + "[" * 99999 + "]" * 99999 + "}", '{"id": "x" "y"}'],
)
def test_an_example_that_json_cannot_hold_is_the_only_one_lost(tmp_path, bad):
    good = json.dumps(GOOD)
    path = tmp_path / "x.json"
    path.write_text(f"[{good},\n{bad},\n{good}]")
    problems: list[DataError] = []
    assert len(list(read_tacred(path, on_problem=problems.append))) == 2
    (problem,) = problems
    assert problem.line == 2 and len(str(problem)) < 500
    assert "example 2: it is no JSON that can be read" in str(problem)


def test_half_of_a_surrogate_pair_is_kept(tmp_path):
    path = tmp_path / "x.json"
    path.write_text(json.dumps([GOOD | {"token": ["Ida", "\ud83d x"]}, GOOD | {"id": "\ud83d"}]))
    problems: list[DataError] = []
    (example,) = read_tacred(path, on_problem=problems.append)
    assert example.words == ["Ida", "\ud83d x"]
    assert "`id` is " in str(problems[0])


def test_layouts(tmp_path):
    assert relation_layout(FIXTURE) == "tacred"
    assert relation_layout(FIXTURE.with_name("own.jsonl")) == "records"
    spaced = tmp_path / "x"
    spaced.write_bytes(b" \n" * 1000 + b"[1]")
    assert relation_layout(spaced) == "tacred"
    spaced.write_bytes(b"")
    assert relation_layout(spaced) == "records"


def test_the_preset():
    """Specification of the original, 4.1 and 4.2."""
    assert len(TACRED_LABELS) == len(set(TACRED_LABELS)) == 42
    assert TACRED_LABELS[:2] == ("no_relation", "per:title")
    assert len(TACRED_MARKERS) == len(set(TACRED_MARKERS)) == 23
    numbers = {name: number for number, name in enumerate(TACRED_MARKERS, start=1)}
    assert (numbers["SUBJ=PERSON"], numbers["SUBJ=ORGANIZATION"]) == (5, 9)
    assert (numbers["OBJ=DURATION"], numbers["OBJ=IDEOLOGY"]) == (19, 23)
    # All others in their order, as a checksum.
    listed = "\n".join((*TACRED_LABELS, *TACRED_MARKERS)).encode()
    assert hashlib.sha256(listed).hexdigest()[:16] == "6e2ab1eafc267951"
