"""A user's own relations: texts or tokens, characters or words."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spanbert_allen.common.errors import DataError
from spanbert_allen.common.spans import WordSpan
from spanbert_allen.formats.relation.jsonl import read_relation_jsonl, relation_example
from tests.places import ROOT

FIXTURE = ROOT / "tests" / "fixtures" / "relation" / "own.jsonl"


def example(**record: object):
    return relation_example(record, default_id="x")


def test_what_is_read():
    first, second, third, fourth = read_relation_jsonl(FIXTURE)
    assert first.words == ["Jane", "Doe", "is", "the", "driver", "(", "a", "boy", ")", "."]
    assert (first.subject, first.object, first.label) == (
        WordSpan(0, 1),
        WordSpan(4, 4),
        "per:title",
    )
    assert (second.id, second.subject, second.text) == ("own:2", WordSpan(3, 5), None)
    assert (third.id, third.object_type) == ("own:3", "TITLE")
    assert (fourth.id, fourth.place) == ("7", f"{FIXTURE}:5")


def test_the_records_of_the_documentation():
    import spanbert_allen.formats.relation.jsonl as module

    found = re.findall(r"^    (\{.*?\})$", module.__doc__, re.MULTILINE | re.DOTALL)
    text, tokens = (relation_example(json.loads(one), default_id="x") for one in found)
    assert text.words[text.subject.start : text.subject.end + 1] == ["Ringers", "Ltd"]
    assert text.words[text.object.start : text.object.end + 1] == ["Anna", "Bell"]
    assert tokens.label == "no_relation" and tokens.subject_type == "ENTITY"


def test_words_are_cut_where_an_entity_ends():
    found = example(text="The Ida-led firm", subject=[4, 7], object=[12, 16])
    assert found.words[found.subject.start : found.subject.end + 1] == ["Ida"]
    assert [found.text[start:end] for start, end in found.word_chars] == found.words


@given(st.text("ab .-'é\u200b", max_size=25), st.data())
def test_entities_keep_their_characters(text, data):
    spans = [
        sorted((data.draw(st.integers(0, len(text))), data.draw(st.integers(0, len(text)))))
        for _ in range(2)
    ]
    try:
        found = example(text=text, subject=spans[0], object=spans[1])
    except DataError:
        return
    for (start, end), span in zip(spans, (found.subject, found.object), strict=True):
        marked = found.words[span.start : span.end + 1]
        assert "".join("".join(marked).split()) == "".join(
            c for c in text[start:end] if not c.isspace() and c in "".join(marked)
        )
        assert start <= found.word_chars[span.start].start
        assert found.word_chars[span.end].end <= end


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"text": None}, "has neither of `text` and `tokens`"),
        ({"tokens": ["a"]}, "has both of `text` and `tokens`"),
        ({"text": 3}, "`text` is 3; it must be a string"),
        ({"subject": None}, r"`subject` is None; it must be two whole numbers \[start, end\]"),
        ({"object": [4]}, r"`object` is \[4\]"),
        ({"subject": [0, 40]}, "`subject` is characters 0 to 40, but the text has 23; with `text`"),
        ({"subject": [3, 3]}, "`subject` is characters 3 to 3"),
        ({"subject": [0, 4]}, "'Ida ', begins or ends with white space; leave it out"),
        ({"subject": [0, 2]}, "'Id', ends inside of a word of 'Ida left Oslo"),
        ({"object": [10, 13]}, "'slo', begins inside of a word"),
        ({"object": [22, 23]}, "nothing but invisible characters"),
        ({"label": ["a"]}, r"`label` is \['a'\]"),
        ({"subject_type": " "}, "`subject_type` is ' '"),
        ({"id": 1.5}, "`id` is 1.5; it must be a string"),
    ],
)
def test_bad_records(tmp_path: Path, change, sentence):
    good = {"text": "Ida left Oslo by tram \u200b", "subject": [0, 3], "object": [9, 13]}
    path = tmp_path / "x.jsonl"
    path.write_text(json.dumps(good) + "\n" + json.dumps(good | change) + "\n" + json.dumps(good))
    with pytest.raises(DataError, match=sentence) as error:
        list(read_relation_jsonl(path))
    assert str(error.value).startswith(f"{path}:2: ")
    problems: list[DataError] = []
    assert len(list(read_relation_jsonl(path, on_problem=problems.append))) == 2
    assert [problem.line for problem in problems] == [2]


def test_words_outside():
    with pytest.raises(DataError, match=r"`object` is words 1 to 2, but there are 2, numbered"):
        example(tokens=["a", "b"], subject=[0, 0], object=[1, 2])


def test_an_empty_file(tmp_path: Path):
    (tmp_path / "x.jsonl").write_text("\n")
    with pytest.raises(DataError, match="the file is empty"):
        list(read_relation_jsonl(tmp_path / "x.jsonl"))
