"""SemEval-2010 Task 8 as it was released."""

from __future__ import annotations

import pytest

from spanbert_allen.common.errors import DataError
from spanbert_allen.formats.relation.detection import read_relations, relation_layout
from spanbert_allen.formats.relation.semeval import read_semeval
from tests.places import ROOT

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
        ('2\t"<e1>a</e1> <e2> b</e2>"', "x.TXT:5: `object`, ' b', begins or ends with white"),
        ('2\t"<e1>a</e1> <e2>b</e2>"\nA\nB', "sentence 2 has the labels 'A' and 'B'; keep one"),
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


@pytest.mark.parametrize("content", ["", "\n", "no number\n"])
def test_files_without_examples(tmp_path, content):
    (tmp_path / "x.TXT").write_text(content)
    with pytest.raises(DataError, match="begin"):
        list(read_semeval(tmp_path / "x.TXT"))
