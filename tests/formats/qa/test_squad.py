"""SQuAD and MRQA files: what is read, and what is said of bad ones."""

import gzip
import json

import pytest

from spanbert_allen.common.errors import DataError
from spanbert_allen.formats.qa.mrqa import read_mrqa
from spanbert_allen.formats.qa.question import Answer
from spanbert_allen.formats.qa.squad import read_squad

CONTEXT = "Ida lost her keys in Oslo."


def squad_file(path, *questions):
    article = {"title": "Keys", "paragraphs": [{"context": CONTEXT, "qas": list(questions)}]}
    path.write_text(json.dumps({"version": "x", "data": [article]}))
    return path


def question(**changes):
    answers = [{"text": "Oslo", "answer_start": 21}]
    return {"id": "q1", "question": "Where?", "answers": answers, **changes}


def test_squad_questions_with_and_without_an_answer(tmp_path):
    path = squad_file(
        tmp_path / "a.json",
        question(),
        question(id="q2", answers=[], is_impossible=True),
        {"id": "q3", "question": "Who?"},
    )
    first, second, third = read_squad(path)
    assert (first.id, first.labelled, first.context) == ("q1", Answer("Oslo", 21), CONTEXT)
    assert second.is_impossible and second.is_annotated and second.labelled is None
    assert not third.is_annotated
    assert first.context is second.context


def test_the_sample_corpus_reads(tmp_path):
    from spanbert_allen.sample_corpus.layouts import write_sample

    write_sample(tmp_path)
    questions = list(read_squad(tmp_path / "squad_train.json"))
    assert any(item.is_impossible for item in questions)
    for item in questions:
        for answer in item.answers:
            assert item.context[answer.start :].startswith(answer.text)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"id": 3}, "article 1 ('Keys'), paragraph 1, question 1: `id` is 3; it must be a string"),
        ({"question": None}, "question q1: `question` is None"),
        ({"is_impossible": "no"}, "`is_impossible` is 'no'"),
        ({"answers": "Oslo"}, "`answers` is 'Oslo'; it must be a list"),
        ({"answers": [{"text": "Oslo", "answer_start": "21"}]}, "answer_start is '21'"),
        ({"answers": [{"text": "Oslo", "answer_start": 24}]}, "begin at character 24"),
    ],
)
def test_a_bad_question_is_named_or_passed_over(tmp_path, changes, message):
    path = squad_file(tmp_path / "a.json", question(**changes), question(id="good"))
    with pytest.raises(DataError) as caught:
        list(read_squad(path))
    assert message in str(caught.value)
    assert str(caught.value).startswith(str(path))
    problems = []
    assert [item.id for item in read_squad(path, on_problem=problems.append)] == ["good"]
    assert len(problems) == 1


@pytest.mark.parametrize("content", ["{}", "[]", '{"data": []}'])
def test_another_kind_of_json_is_refused(tmp_path, content):
    path = tmp_path / "a.json"
    path.write_text(content)
    with pytest.raises(DataError, match="list `data`"):
        list(read_squad(path))


def test_a_cut_file_is_refused_even_when_problems_are_passed_over(tmp_path):
    path = squad_file(tmp_path / "a.json", question())
    path.write_text(path.read_text()[:-3])
    with pytest.raises(DataError, match="not JSON"):
        list(read_squad(path, on_problem=lambda error: None))


def test_articles_are_read_one_by_one(tmp_path):
    path = squad_file(tmp_path / "a.json", question())
    content = path.read_text()
    path.write_text(content[:-2] + ", broken")
    questions = read_squad(path)
    assert next(questions).id == "q1"  # long before the end of the file is looked at
    with pytest.raises(DataError, match="after article 1"):
        next(questions)


def mrqa_file(path, *records, header='{"header": {"dataset": "X"}}'):
    with gzip.open(path, "wt") as file:
        file.write("\n".join([header, *map(json.dumps, records)]))
    return path


def mrqa_record(*spans, **changes):
    record = {"qid": "m1", "question": "Who?", "answers": ["Ida", "she"]}
    record["detected_answers"] = [{"text": "t", "char_spans": [list(span)]} for span in spans]
    return {"context": CONTEXT, "qas": [record | changes]}


def test_mrqa_learns_the_earliest_occurrence(tmp_path):
    path = mrqa_file(tmp_path / "m.jsonl.gz", mrqa_record((21, 24), (9, 16), (9, 11)))
    (found,) = read_mrqa(path)
    assert found.labelled == Answer("her", 9)  # ends are inside; (9, 11) sorts before (9, 16)
    assert found.answers == (Answer("Ida"), Answer("she"))


def test_mrqa_without_its_header_is_refused(tmp_path):
    path = mrqa_file(tmp_path / "m.jsonl.gz", header=json.dumps(mrqa_record((0, 2))))
    with pytest.raises(DataError, match="first line must be its header"):
        list(read_mrqa(path))


@pytest.mark.parametrize(
    ("record", "message"),
    [
        (mrqa_record((3, 99)), r"char_spans\[0\] is \[3, 99\], but the context has 26"),
        (mrqa_record((0, 2), qid=None), "`qid` is None"),
        ({"context": 1, "qas": []}, "`context` is 1"),
    ],
)
def test_a_bad_mrqa_line_is_named(tmp_path, record, message):
    path = mrqa_file(tmp_path / "m.jsonl.gz", record, mrqa_record((0, 2)))
    with pytest.raises(DataError, match=message) as caught:
        list(read_mrqa(path))
    assert caught.value.line == 2
    assert len(list(read_mrqa(path, on_problem=lambda error: None))) == 1
