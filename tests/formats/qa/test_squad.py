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
        ({"id": None}, "article 1 ('Keys'), paragraph 1, question 2: `id` is None; it must be a"),
        ({"id": 10**400}, "`id` is 1000"),
        ({"question": None}, "question q1: `question` is None"),
        ({"is_impossible": "no"}, "`is_impossible` is 'no'"),
        ({"answers": "Oslo"}, "`answers` is 'Oslo'; it must be a list"),
        ({"answers": [{"text": "Oslo", "answer_start": "21"}]}, "answer_start is '21'"),
        ({"answers": [{"text": "Oslo", "answer_start": 24}]}, "begin at character 24"),
        ({"answers": [{"text": "Oslo", "answer_start": 10**400}]}, "begin at character 1000"),
        ({"answers": {"text": ["Oslo"], "answer_start": []}}, "two lists of the same length"),
        ({"id": "good"}, "the id 'good' was given before, at "),
    ],
)
def test_a_bad_question_is_named_or_passed_over(tmp_path, changes, message):
    path = squad_file(tmp_path / "a.json", question(id="good"), question(**changes))
    with pytest.raises(DataError) as caught:
        list(read_squad(path))
    assert message in str(caught.value)
    assert str(caught.value).startswith(str(path))
    problems = []
    assert [item.id for item in read_squad(path, on_problem=problems.append)] == ["good"]
    assert len(problems) == 1


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("[]", "holds no articles; .*list `data`"),
        ('{"data": []}', "holds no articles; .*list `data`"),
        ("", "holds no articles"),
        ("{}", "it must be an article with `paragraphs`, or a record with `id`"),
        ('{"data": [{"title": "x"}]}', "record 1: it is .* an article with `paragraphs`"),
        ('{"data": [{"paragraphs": 3}]}', "article 1: `paragraphs` is no list"),
    ],
)
def test_another_kind_of_json_is_refused(tmp_path, content, sentence):
    path = tmp_path / "a.json"
    path.write_text(content)
    with pytest.raises(DataError, match=sentence):
        list(read_squad(path))


def test_a_cut_file_is_refused_even_when_problems_are_passed_over(tmp_path):
    path = squad_file(tmp_path / "a.json", question())
    path.write_text(path.read_text()[:-3])
    with pytest.raises(DataError, match="broken after article 0"):
        list(read_squad(path, on_problem=lambda error: None))


RECORD = {"id": "1", "title": "t", "context": CONTEXT, "question": "Where?"}
RECORD["answers"] = {"text": ["Oslo", "in Oslo"], "answer_start": [21, 18]}


@pytest.mark.parametrize(
    "content",
    [
        json.dumps(RECORD) + "\n" + json.dumps({**RECORD, "id": "2"}) + "\n",
        json.dumps([RECORD, {**RECORD, "id": "2"}]),
        json.dumps({"version": "x", "data": [RECORD, {**RECORD, "id": 2}]}, indent=1),
        json.dumps({"data": [RECORD, {**question(id="2"), "context": CONTEXT}]}),
    ],
    ids=["lines", "array", "data", "answers as objects"],
)
def test_flat_records_of_datasets_and_pandas(tmp_path, content):
    """Whole numbers are ids as well."""
    path = tmp_path / "a.json"
    path.write_text(content)
    first, second = read_squad(path)
    assert (first.id, second.id) == ("1", "2")
    assert first.labelled == Answer("Oslo", 21) and len(first.answers) == 2
    assert second.labelled == Answer("Oslo", 21) and first.is_annotated


def test_a_flat_record_without_an_answer_is_impossible_unless_it_says_otherwise(tmp_path):
    path = tmp_path / "a.jsonl"
    empty = RECORD | {"answers": {"text": [], "answer_start": []}}
    records = [empty, empty | {"id": "2", "is_impossible": False}, empty | {"id": "3"}]
    del records[2]["answers"]
    path.write_text("".join(json.dumps(record) + "\n" for record in records))
    first, second, third = read_squad(path)
    assert [one.is_impossible for one in (first, second, third)] == [True, False, False]
    assert [one.is_annotated for one in (first, second, third)] == [True, True, False]


@pytest.mark.parametrize(
    "bad",
    [
        '{"paragraphs": ' + "[" * 100_000 + "]" * 100_000 + "}",
        '{"paragraphs": [' + "1" * 5000 + "]}",
        '{"paragraphs" [3]}',
        '{"title": ' + "[" * 980 + "]" * 980 + "}",
    ],
    ids=["too deep", "5,000 digits", "wrong syntax", "nested title"],
)
def test_an_article_that_cannot_be_read_is_the_only_one_lost(tmp_path, bad):
    path = squad_file(tmp_path / "a.json", question())
    good = path.read_text()
    path.write_text(good[:-2] + ",\n" + bad + ",\n" + good[:-2].split("[", 1)[1] + "]}")
    problems = []
    found = [one.id for one in read_squad(path, on_problem=problems.append)]
    assert found == ["q1"]  # the third article has the same id again
    assert len(problems) == 2
    assert (problems[0].line, len(str(problems[0])) < 500) == (2, True)
    assert "was given before" in str(problems[1])


def test_halves_of_surrogate_pairs_are_kept(tmp_path):
    """Not replaced by other characters: places after them hold."""
    path = tmp_path / "a.json"
    text = "\\ud83d x Oslo."
    answer = {"text": "Oslo", "answer_start": 4}
    paragraph = {"context": "TEXT", "qas": [question(answers=[answer])]}
    content = json.dumps({"data": [{"paragraphs": [paragraph]}]}).replace("TEXT", text)
    path.write_text(content)
    (found,) = read_squad(path)
    assert found.context == "\ud83d x Oslo." and found.context[4:8] == "Oslo"


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
        (mrqa_record((0, 2), qid="good"), "the id 'good' was given before, at .*:2: question good"),
    ],
)
def test_a_bad_mrqa_line_is_named(tmp_path, record, message):
    path = mrqa_file(tmp_path / "m.jsonl.gz", mrqa_record((0, 2), qid="good"), record)
    with pytest.raises(DataError, match=message) as caught:
        list(read_mrqa(path))
    assert str(caught.value).startswith(f"{path}:3: ")
    assert len(list(read_mrqa(path, on_problem=lambda error: None))) == 1


@pytest.mark.parametrize(
    "bad", ["[" * 100_000, '{"context": ' + "1" * 5000 + "}", "{", "[]", '{"context": "\udcff"}']
)
def test_a_broken_mrqa_line_is_the_only_one_lost(tmp_path, bad):
    path = tmp_path / "m.jsonl"
    lines = ['{"header": {}}', bad, json.dumps(mrqa_record((0, 2), qid=5))]
    path.write_text("\n".join(lines), encoding="utf-8", errors="surrogateescape")
    with pytest.raises(DataError, match=r"m\.jsonl:2: "):
        list(read_mrqa(path))
    problems = []
    assert [one.id for one in read_mrqa(path, on_problem=problems.append)] == ["5"]
    assert len(problems) == 1 and problems[0].line == 2


@pytest.mark.parametrize("content", ["", "\n", '{"header": {}}\n'])
def test_an_empty_mrqa_file_is_an_error(tmp_path, content):
    path = tmp_path / "m.jsonl"
    path.write_text(content)
    with pytest.raises(DataError, match=r"holds no questions|must be its header"):
        list(read_mrqa(path))


@pytest.mark.parametrize("header", ["[" * 100_000, "1" * 5000, '{"header": ' + "1" * 5000 + "}"])
def test_a_header_that_cannot_be_read(tmp_path, header):
    path = tmp_path / "m.jsonl"
    path.write_text(header + "\n" + json.dumps(mrqa_record((0, 2))))
    with pytest.raises(DataError, match="first line must be its header"):
        list(read_mrqa(path))
