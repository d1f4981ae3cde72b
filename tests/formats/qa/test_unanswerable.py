"""Questions that lose their answers."""

from __future__ import annotations

import json
from pathlib import Path
from random import Random

import pytest

from spanbert_allen.__main__ import main
from spanbert_allen.common.errors import ConfigError, DataError
from spanbert_allen.formats.qa.question import Answer, Question
from spanbert_allen.formats.qa.squad import read_squad
from spanbert_allen.formats.qa.unanswerable import (
    answered_questions,
    mix,
    other_context,
    without_answers,
)
from tests.test_start_up import heavy_modules

CASTLE = "The castle stands on a hill. A count built it in 1310. It burnt down."
TOWER = "Its tower was added by a bishop. The castle keeps 40 swords. They are blunt."
ASKED = {
    CASTLE: {
        "When was the castle built?": "1310",
        "Where does the castle stand?": "on a hill",
        "What does the castle do?": "castle stands",
    },
    TOWER: {
        "How many swords does the castle keep?": "40",
        "Who added the tower?": "a bishop",
        "What are the swords?": "blunt",
    },
}


def asked(question: str, answer: str, context: str, title: str = "castle") -> Question:
    """Return an answered question, whose text is its id."""
    labelled = Answer(answer, context.index(answer))
    return Question(
        id=question,
        question=question,
        context=context,
        answers=(labelled,),
        labelled=labelled,
        title=title,
    )


QUESTIONS = [asked(*one, context) for context in ASKED for one in ASKED[context].items()]


@pytest.fixture
def castles(tmp_path: Path) -> Path:
    """Return a file of six answered questions in SQuAD's layout."""
    paragraphs = [
        {
            "context": context,
            "qas": [
                {
                    "id": question,
                    "question": question,
                    "answers": [{"text": text, "answer_start": context.index(text)}],
                }
                for question, text in questions.items()
            ],
        }
        for context, questions in ASKED.items()
    ]
    path = tmp_path / "castles.json"
    path.write_text(json.dumps({"data": [{"title": "castle", "paragraphs": paragraphs}]}))
    return path


def test_answers_are_kept_or_nowhere_in_the_context():
    shortened = set()
    for seed in range(5):
        mixture = mix(QUESTIONS, 3, Random(seed))
        assert set(mixture.answerable) < set(QUESTIONS)
        ids = [one.id for one in mixture.answerable]
        ids += [one.id.removesuffix("-no") for one in mixture.unanswerable]
        assert sorted(ids) == sorted(one.id for one in QUESTIONS)
        for one in mixture.unanswerable:
            [before] = [other for other in QUESTIONS if f"{other.id}-no" == one.id]
            assert one.is_impossible and one.answers == () and one.labelled is None
            assert before.answers[0].text not in one.context
            assert one.context != before.context
        shortened.add(mixture.num_shortened)
        cut = [one for one in mixture.unanswerable if one.context not in ASKED]
        assert len(cut) == mixture.num_shortened
    assert max(shortened) > 0 and min(shortened) < 3  # either way


def test_without_the_sentences_of_the_answers():
    assert without_answers(QUESTIONS[0]) == "The castle stands on a hill. It burnt down."
    assert without_answers(asked("When?", "1310", "Built in 1310.")) == ""
    assert without_answers(asked("When?", "1310. It", CASTLE)) == ""  # one sentence is too few
    chinese = "塔很高。它建于1310年。它烧毁了。"
    assert without_answers(asked("何时?", "1310年", chinese)) == "塔很高。它烧毁了。"


def test_the_nearest_other_context_of_the_article():
    far = "Swords are made of steel."
    articles = {"castle": {text: frozenset(text.lower().split()) for text in (CASTLE, far, TOWER)}}
    assert other_context(QUESTIONS[0], articles) == TOWER
    assert other_context(asked("What is made?", "swords", TOWER), articles) == far
    assert other_context(asked("Who?", "count", CASTLE, title="keep"), articles) is None


def test_a_context_that_still_has_the_answer_is_passed_over():
    twice = "Ida came. Then IDA left. She slept."
    questions = [asked(f"Who came{mark}", "Ida", twice, title="") for mark in "?!."]
    with pytest.raises(
        ConfigError, match=r"of the 3 answered questions, 1 .* only 0 of the others"
    ):
        mix(questions, 1, Random(1))


def test_the_file_is_one_of_squad_2(castles: Path, capsys: pytest.CaptureFixture):
    target = castles.with_name("mixed.json")
    command = ["unanswerable", str(castles), str(target)]
    assert main([*command, "--seed", "1"]) == 0
    printed = capsys.readouterr()
    assert (
        printed.out == f"{target}\n" and "2 questions with an answer and 2 without" in printed.err
    )
    first = target.read_text()
    read = list(read_squad(target))
    assert sorted(one.is_impossible for one in read) == [False, False, True, True]
    for one in read:
        for text, start in one.answers:
            assert one.context[start:].startswith(text)
    assert main([*command, "--seed", "1"]) == 0 and target.read_text() == first
    assert main([*command, "--seed", "2"]) == 0 and target.read_text() != first
    assert main([*command, "--questions", "1"]) == 0
    assert len(list(read_squad(target))) == 2


def test_other_layouts_and_unanswered_questions(tmp_path: Path):
    source, target = tmp_path / "records.jsonl", tmp_path / "mixed.json"
    records = [
        {
            "id": one.id,
            "question": one.question,
            "context": one.context,
            "title": one.title,
            "answers": {"text": [one.answers[0].text], "answer_start": [one.answers[0].start]},
        }
        for one in QUESTIONS
    ]
    no_answer = {"id": "none", "question": "Why?", "context": CASTLE}
    records.append(no_answer | {"answers": {"text": [], "answer_start": []}})
    records.append(no_answer | {"id": "own"})
    source.write_text("\n".join(json.dumps(record) for record in records))
    assert main(["unanswerable", str(source), str(target), "--questions", "3"]) == 0
    asked_again = {one.id.removesuffix("-no") for one in read_squad(target)}
    assert asked_again == {one.id for one in QUESTIONS}

    mrqa = tmp_path / "mrqa.jsonl"
    answers = {
        "answers": ["1310"],
        "detected_answers": [{"text": "1310", "char_spans": [[49, 52]]}],
    }
    qas = [{"qid": name, "question": "When?"} | answers for name in ("a", "b")]
    lines = [{"header": {"dataset": "Castles"}}, {"context": CASTLE, "qas": qas}]
    mrqa.write_text("\n".join(json.dumps(line) for line in lines))
    assert main(["unanswerable", str(mrqa), str(target), "--questions", "1"]) == 0
    kept, lost = sorted(read_squad(target), key=lambda one: one.is_impossible)
    assert kept.labelled == Answer("1310", 49) and "1310" not in lost.context


def test_an_answer_without_a_place_that_is_still_there(tmp_path: Path):
    """MRQA gives no places for its other answers."""
    source = tmp_path / "mrqa.jsonl"
    asked_of = {"question": "What stands there?", "answers": ["The castle", "a keep"]}
    detected = [{"text": "The castle", "char_spans": [[0, 9]]}]
    qas = [{"qid": name, "detected_answers": detected} | asked_of for name in ("a", "b")]
    context = "The castle stands on a hill. Some call it a keep. It burnt down."
    lines = [{"header": {"dataset": "Castles"}}, {"context": context, "qas": qas}]
    source.write_text("\n".join(json.dumps(line) for line in lines))
    with pytest.raises(ConfigError, match="only 0 of the others can lose their answers"):
        mix(answered_questions(source), 1, Random(1))


def test_nothing_is_written_of_what_cannot_be_mixed(castles: Path):
    target = castles.with_name("mixed.json")
    with pytest.raises(ConfigError, match="5 without take 10 answered ones, and there are 6; give"):
        main(["unanswerable", str(castles), str(target), "--questions", "5"])
    with pytest.raises(ConfigError, match="--questions is 0"):
        main(["unanswerable", str(castles), str(target), "--questions", "0"])
    with pytest.raises(DataError, match="also what is read"):
        main(["unanswerable", str(castles), str(castles)])
    empty = castles.with_name("empty.json")
    record = {"id": "1", "question": "Why?", "context": CASTLE, "answers": []}
    empty.write_text(json.dumps([record]))
    with pytest.raises(DataError, match="no question has an answer"):
        main(["unanswerable", str(empty), str(target)])
    assert not target.exists()


def test_no_torch_is_needed(castles: Path):
    arguments = ["unanswerable", str(castles), str(castles.with_name("mixed.json"))]
    statement = f"from spanbert_allen.__main__ import main; main({arguments!r})"
    assert heavy_modules(statement) == set()
