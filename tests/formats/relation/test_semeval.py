"""SemEval-2010 Task 8 as it was released."""

from __future__ import annotations

import pytest

from spanbert_allen.common.errors import DataError
from spanbert_allen.formats.relation.detection import read_relations, relation_layout
from spanbert_allen.formats.relation.semeval import read_semeval
from tests.places import ROOT, SHARED

FIXTURE = ROOT / "tests" / "fixtures" / "relation" / "semeval.txt"


def words(example, span) -> list[str]:
    return list(example.words[span.start : span.end + 1])


def test_what_is_read():
    assert relation_layout(FIXTURE) == "semeval"
    first, second, third = read_relations(FIXTURE)
    assert first.text == "Jane has lost the keys of the tram."
    assert (first.id, first.label) == ("1", "Component-Whole(e1,e2)")
    assert (words(first, first.subject), words(first, first.object)) == (["keys"], ["tram"])
    assert second.text == 'The "old" driver found a boy.' and second.label == "Other"
    assert (words(third, third.subject), words(third, third.object)) == (["lamp"], ["tram"])
    assert third.place == f"{FIXTURE}:9" and third.subject_type == "ENTITY"


def test_a_test_file_has_sentences_only(tmp_path):
    path = tmp_path / "TEST_FILE.TXT"
    path.write_text('1\t"A <e1>b</e1> c <e2>d</e2>."\r\n2\t"<e1>E</e1> <e2>f g</e2>"\r\n')
    first, second = read_semeval(path)
    assert (first.label, second.label) == (None, None)
    assert second.text == "E f g" and words(second, second.object) == ["f", "g"]


@pytest.mark.parametrize(
    ("block", "sentence"),
    [
        ('2\t"No nominals here."', r"x.TXT:5: sentence 2 must have <e1>"),
        ('2\t"<e2>a</e2> <e1>b</e1>"', "sentence 2 must have <e1>"),
        ('2\t"<e1>a</e1> <e2> </e2>"', "x.TXT:5: `object`, ' ', is only white space"),
        (
            '2 "<e1>a</e1> <e2>b</e2>"\nOther',
            "x.TXT:5: .* does not begin an example: write its number",
        ),
        ('"<e1>a</e1> <e2>b</e2>"\nOther', "x.TXT:5: .* does not begin an example"),
        ('2\t"<e1>a</e1> <e2>b</e2>"\nA\nB', "sentence 2 has two labels, 'A' and 'B'; keep one"),
    ],
)
def test_bad_examples(tmp_path, block, sentence):
    good = '1\t"<e1>a</e1> <e2>b</e2>"\nOther\nComment: x\n\n'
    path = tmp_path / "x.TXT"
    path.write_text(good + block + "\n\n3" + good[1:])
    with pytest.raises(DataError, match=sentence):
        list(read_semeval(path))
    problems: list[DataError] = []
    kept = [example.id for example in read_semeval(path, on_problem=problems.append)]
    assert (kept, len(problems)) == (["1", "3"], 1)


def test_a_blank_for_the_tab_swallows_no_sentence(tmp_path):
    path = tmp_path / "TEST_FILE.TXT"
    path.write_text(
        '1\t"<e1>a</e1> <e2>b</e2>"\n2 "<e1>c</e1> <e2>d</e2>"\n3\t"<e1>e</e1> <e2>f</e2>"\n'
    )
    problems: list[DataError] = []
    kept = [(one.id, one.label) for one in read_semeval(path, on_problem=problems.append)]
    assert kept == [("1", None), ("3", None)]
    assert [problem.line for problem in problems] == [2]


def test_tags_inside_a_word_and_blanks_inside_tags(tmp_path):
    path = tmp_path / "x.TXT"
    path.write_text(
        '1\t"A <e1>particle</e1> met a continuum<e2>bath</e2>."\nOther\n\n'
        '2\t" Thom of <e1> Radio </e1> plays <e2> Rock </e2> ."\norg:genre(e1,e2)\n'
    )
    first, second = read_semeval(path)
    assert first.words[-3:] == ["continuum", "bath", "."]
    assert words(first, first.object) == ["bath"]
    assert (words(second, second.subject), words(second, second.object)) == (["Radio"], ["Rock"])


@pytest.mark.skipif(not SHARED.is_dir(), reason="the data sets are not here")
def test_all_released_sentences_are_read():
    folder = SHARED / "data" / "semeval2010_task8"
    released = {one.id: one for one in read_semeval(folder / "raw" / "TRAIN_FILE.TXT")}
    assert len(released) == 8000


@pytest.mark.parametrize("content", ["", "\n", "no number\n"])
def test_files_without_examples(tmp_path, content):
    (tmp_path / "x.TXT").write_text(content)
    with pytest.raises(DataError, match="begin"):
        list(read_semeval(tmp_path / "x.TXT"))
