"""GLUE's files as they are: columns, headers, quotes, labels; what is wrong with a row."""

from __future__ import annotations

import pytest

from spanbert_allen.common.errors import ConfigError, DataError
from spanbert_allen.formats.sequence.glue import read_glue
from spanbert_allen.formats.sequence.glue_tasks import TASKS, glue_task, submission_name
from tests import places

GLUE = places.FIXTURES / "glue"


def rows(file: str, task: str | None = None) -> list[tuple]:
    pairs = read_glue(GLUE / file, glue_task(task or file.split("/", maxsplit=1)[0]))
    return [(one.text, one.text_pair, one.label) for one in pairs]


def test_single_texts():
    assert rows("CoLA/dev.tsv")[:2] == [
        ("Ida lost her keys on the tram.", None, "1"),
        ("Ida lost on the tram her keys quickly very.", None, "0"),
    ]
    assert rows("CoLA/test.tsv") == [("The lamp fell.", None, None), ("Fell lamp the.", None, None)]
    assert rows("SST-2/dev.tsv")[0] == ("a warm and funny film ", None, "1")
    assert rows("SST-2/test.tsv") == [("what a lamp .", None, None)]


def test_quotes_stand_for_themselves():
    assert rows("CoLA/dev.tsv")[2][0] == 'The boy said "found them" and smiled.'
    assert rows("MRPC/dev.tsv")[1][0] == '" The tram is old , " she said .'
    assert rows("RTE/dev.tsv")[2] == ('She said "no".', "She agreed.", "not_entailment")


def test_pairs():
    assert rows("MRPC/dev.tsv")[2] == ("Oslo has trams .", "There are trams in Oslo .", "1")
    assert rows("MRPC/test.tsv") == [("The lamp fell .", "The lamp has fallen .", None)]
    assert rows("STS-B/dev.tsv")[1:] == [
        ("A lamp falls.", "Ida lost her keys.", 0.25),
        ("A boy found keys.", "A boy found a lamp.", 2.6),
    ]
    assert rows("STS-B/test.tsv") == [("A tram stops.", "The tram is stopping.", None)]
    assert rows("QNLI/dev.tsv")[1] == ("Who found the keys?", "Trams are old.", "not_entailment")
    assert rows("WNLI/dev.tsv")[1][1:] == ("Ida found the keys.", "0")
    assert rows("RTE/test.tsv")[1] == ("It rained.", "It was dry.", None)


def test_rows_of_qqp_that_lack_columns_are_passed_over():
    assert rows("QQP/dev.tsv") == [
        ("Where are my keys?", "Where did I leave my keys?", "1"),
        ("What is a lamp?", "How old is Oslo?", "0"),
    ]
    assert rows("QQP/test.tsv") == [("What is Oslo?", "Where is Oslo?", None)]


def test_the_label_of_mnli_is_in_the_last_column_however_many_there_are():
    first = ("The boy found the keys.", "Somebody found keys.", "entailment")
    assert rows("MNLI/train.tsv")[0] == first
    # The first annotator of this row says something else.
    assert [row[2] for row in rows("MNLI/dev_matched.tsv")] == ["entailment", "contradiction"]
    assert rows("MNLI/test_mismatched.tsv") == [("Oslo has trams.", "Oslo has a tram.", None)]


def test_the_diagnostic_set_by_its_own_name_and_as_mnlis():
    expected = [("The lamp is on.", "The lamp is not on.", None), ("Ida rode.", "Ida moved.", None)]
    assert rows("AX/diagnostic.tsv") == rows("AX/diagnostic.tsv", "mnli") == expected


def test_ids_are_numbers_of_rows():
    pairs = list(read_glue(GLUE / "CoLA" / "dev.tsv", glue_task("cola")))
    assert [pair.id for pair in pairs] == ["0", "1", "2", "3", "4"]
    assert pairs[1].place.endswith("dev.tsv:2")
    assert [p.id for p in read_glue(GLUE / "RTE" / "test.tsv", glue_task("rte"))] == ["0", "1"]


def test_the_table_of_tasks():
    """Labels in the order of the outputs, and what the best weights are kept by."""
    expected = {
        "CoLA": (("0", "1"), "mcc"),
        "SST-2": (("0", "1"), "acc"),
        "MRPC": (("0", "1"), "acc_and_f1"),
        "STS-B": ((), "corr"),
        "QQP": (("0", "1"), "acc_and_f1"),
        "MNLI": (("contradiction", "entailment", "neutral"), "acc"),
        "QNLI": (("entailment", "not_entailment"), "acc"),
        "RTE": (("entailment", "not_entailment"), "acc"),
        "WNLI": (("0", "1"), "acc"),
        "AX": (("contradiction", "entailment", "neutral"), "mcc"),
    }
    assert {task.name: (task.labels, task.scores[-1]) for task in TASKS} == expected
    assert [task.name for task in TASKS if task.layouts[0].text_pair is None] == ["CoLA", "SST-2"]
    assert [task.name for task in TASKS if task.is_regression] == ["STS-B"]


def test_names_of_tasks():
    assert glue_task("sts-b") is glue_task("STSB") is glue_task("STS-B")
    with pytest.raises(ConfigError, match=r"'MNL', which is none .* did you mean MNLI\?"):
        glue_task("MNL")
    with pytest.raises(ConfigError, match=r"none of GLUE's \(CoLA, .*\); give another"):
        glue_task("squad")


def test_names_of_submissions():
    assert submission_name(glue_task("rte"), "some/test.tsv") == "RTE.tsv"
    mnli = glue_task("mnli")
    assert submission_name(mnli, "mismatched/test_matched.tsv") == "MNLI-m.tsv"
    assert submission_name(mnli, "test_mismatched.tsv") == "MNLI-mm.tsv"
    assert submission_name(mnli, "AX/diagnostic.tsv") == "AX.tsv"
    assert submission_name(mnli, "ax.tsv") == "AX.tsv"


@pytest.mark.parametrize(
    ("task", "content", "problem"),
    [
        ("rte", "", "a.tsv: is empty; a file of RTE is expected"),
        (
            "rte",
            "id\ta\tb\n",
            r":1: is no file of RTE: .*`sentence1` in column 2, .*check",
        ),
        ("cola", "a\tb\n", r":1: is no file of CoLA: .*`sentence` in column 2"),
        (
            "cola",
            "x\t1\t\tA lamp.\nx\t2\t\tA lamp.\n",
            r":2: the label is '2'; CoLA has 0, 1; mend it",
        ),
        ("rte", "index\tsentence1\tsentence2\tlabel\n0\ta\tb\n", r":2: 3 columns .* at least 4"),
        ("rte", "index\tsentence1\tsentence2\n0\ta\n", r":2: 2 columns .* at least 3"),
        (
            "sts-b",
            "0\t1\t2\t3\t4\t5\t6\tsentence1\tsentence2\tscore\n" + 9 * "x\t" + "nan\n",
            r":2: the score is 'nan'; it must be a number",
        ),
    ],
)
def test_bad_files(tmp_path, task, content, problem):
    path = tmp_path / "a.tsv"
    path.write_text(content)
    with pytest.raises(DataError, match=problem):
        list(read_glue(path, glue_task(task)))


def test_bad_rows_can_be_collected(tmp_path):
    path = tmp_path / "a.tsv"
    path.write_text("x\t1\t\tOne.\nx\tno\t\tTwo.\nx\nx\t0\t\tThree.\n")
    problems: list[DataError] = []
    good = list(read_glue(path, glue_task("cola"), on_problem=problems.append))
    assert [(pair.id, pair.text) for pair in good] == [("0", "One."), ("3", "Three.")]
    assert [problem.line for problem in problems] == [2, 3]
