"""A user's own relations: texts or tokens, characters or words."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
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


@pytest.mark.parametrize(
    ("text", "subject", "object_"),
    [
        ("周小川任中国人民银行行长。", (0, 3), (4, 10)),
        ("山田太郎は東京大学で働く。", (0, 4), (5, 9)),
        ("สมชายทำงานที่กรุงเทพ", (0, 5), (13, 20)),
        ("김철수는 서울에서 일한다", (0, 3), (5, 7)),
        ("A continuumbath of 5km", (11, 15), (20, 22)),
    ],
)
@pytest.mark.parametrize("language", ["en", "xx"])
def test_characters_cut_words_in_every_language(text, subject, object_, language):
    record = {"text": text, "subject": list(subject), "object": list(object_)}
    found = relation_example(record, default_id="x", language=language)
    for span, chars in ((found.subject, subject), (found.object, object_)):
        assert "".join(found.words[span.start : span.end + 1]) == text[slice(*chars)]


@pytest.mark.parametrize(
    ("text", "entity", "whole"),
    [
        ("Jose\u0301 met Ida", (0, 4), (0, 5)),
        ("\u0939\u093f\u0928\u094d\u0926\u0940 Ida", (0, 3), (0, 4)),
    ],
)
def test_combining_marks_belong_to_their_letter(text, entity, whole):
    start = text.index("Ida")
    found = example(text=text, subject=list(entity), object=[start, start + 3])
    chars = found.word_chars
    assert (chars[found.subject.start].start, chars[found.subject.end].end) == whole


def test_white_space_at_the_edges_is_left_out():
    found = example(text="Ida left Oslo ", subject=[0, 4], object=[8, 14])
    assert found.words[found.subject.start : found.subject.end + 1] == ["Ida"]
    assert found.words[found.object.start : found.object.end + 1] == ["Oslo"]


def test_whole_numbers_of_numpy():
    ends = np.array([0, 3, 9, 13])
    found = example(text="Ida left Oslo", subject=(ends[0], ends[1]), object=(ends[2], ends[3]))
    assert (found.subject, found.object) == (WordSpan(0, 0), WordSpan(2, 2))
    assert (
        relation_example(
            {"tokens": ["a", "b"], "subject": [0, 0], "object": [1, 1], "id": 7}, default_id="x"
        ).id
        == "7"
    )


def test_half_of_a_surrogate_pair_keeps_the_offsets():
    text = "Ida \ud83d left Oslo"
    found = example(text=text, subject=[0, 3], object=[11, 15])
    assert found.text == text
    assert found.words[found.object.start : found.object.end + 1] == ["Oslo"]


def visible(text):
    return "".join(text.replace("\u200b", "").split())


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
        # A zero-width space that stands alone is no word.
        assert visible("".join(marked)) == visible(text[start:end])
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
        ({"subject": [3, 4]}, "`subject`, ' ', is only white space; mark a word"),
        ({"id": "a\tb"}, r"`id` is 'a\\tb'; it must be a string in one line without tabs"),
        ({"id": ""}, "`id` is ''; it must be a string in one line"),
        ({"id": "a\nb"}, "it must be a string in one line"),
        ({"id": "\ud83d"}, "it must be a string in one line"),
        ({"label": "a\tb"}, "it must be a string in one line"),
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
    with pytest.raises(DataError, match=r"`subject` is empty: its words are \[''\]; mark a word"):
        example(tokens=["", "a"], subject=[0, 0], object=[1, 1])
    with pytest.raises(DataError, match=r"`object` is words 1 to 2, but there are 2, numbered"):
        example(tokens=["a", "b"], subject=[0, 0], object=[1, 2])


def test_an_empty_file(tmp_path: Path):
    (tmp_path / "x.jsonl").write_text("\n")
    with pytest.raises(DataError, match="the file is empty"):
        list(read_relation_jsonl(tmp_path / "x.jsonl"))
