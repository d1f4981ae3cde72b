import pytest

from spanbert_allen.common.errors import DataError
from spanbert_allen.common.spans import CharSpan
from spanbert_allen.formats.coref.findings import Findings
from spanbert_allen.formats.coref.gap import HEADER, prediction_lines, read_gap, read_gap_examples

TEXT = "Mina Rowe and Ada Poe-Lind's aunt sailed. Mina had her dog."


def row(name="test-1", a_coref="TRUE", b_coref="FALSE", offset=None, a="Mina Rowe"):
    offset = TEXT.index("her") if offset is None else offset
    b_offset = str(TEXT.index("Ada Poe"))
    fields = [name, TEXT, "her", str(offset), a, "0", a_coref, "Ada Poe", b_offset, b_coref, "url"]
    return "\t".join(fields) + "\n"


@pytest.fixture
def write(tmp_path):
    def write(*rows, header=HEADER):
        path = tmp_path / "gap.tsv"
        path.write_text(header + "".join(rows))
        return path

    return write


def texts(document):
    return [[document.text[slice(*document.chars_of(m))] for m in c] for c in document.clusters]


def test_rows(write):
    first, second, third = read_gap(
        write(row(), row("test-2", "FALSE", "TRUE"), row("test-3", "false", "FALSE"))
    )
    assert (first.doc_key, first.text) == ("test-1", TEXT)
    assert texts(first) == [["Mina Rowe", "her"], ["Ada Poe"]]
    assert texts(second) == [["Mina Rowe"], ["Ada Poe", "her"]]
    assert texts(third) == [["Mina Rowe"], ["Ada Poe"], ["her"]]
    assert "Poe" in first.words  # cut where the name ends
    assert first.sentence_ids[-1] == 1


def test_rows_without_labels(write):
    (document,) = read_gap(write(row(a_coref="", b_coref="")))
    assert document.clusters is None


@pytest.mark.parametrize(
    ("rows", "header", "sentence"),
    [
        ([row(offset=3)], HEADER, "gap.tsv:2: Pronoun is 'her', which does not stand at char"),
        ([row(offset="x")], HEADER, "gap.tsv:2: Pronoun is 'her'"),
        ([row(a="")], HEADER, "gap.tsv:2: A is ''"),
        ([row(a_coref="yes")], HEADER, "gap.tsv:2: A-coref is 'yes'; it must be TRUE or FALSE"),
        (["a\tb\n"], HEADER, "gap.tsv:2: 2 columns, but the first line names 11"),
        ([], "ID\tText\n", "gap.tsv:1: no GAP file: .* has no Pronoun"),
        ([], "", "the file is empty"),
    ],
)
def test_bad_files(write, rows, header, sentence):
    path = write(*rows, header=header)
    with pytest.raises(DataError, match=sentence):
        list(read_gap(path))


def test_bad_rows_can_be_left_out(write):
    class Noted(Findings):
        def problem(self, error):
            noted.append(error.line)

    noted: list[int] = []
    path = write(row(offset=3), row("test-2"), "x\n")
    assert [one.doc_key for one in read_gap(path, findings=Noted())] == ["test-2"]
    assert noted == [2, 4]


def test_predictions(write):
    """A name is meant by the pronoun if a mention beside it lies in the name, or around it."""
    path = write(*(row(f"test-{number}") for number in range(5)))
    her, mina, ada = (
        CharSpan(TEXT.index(w), TEXT.index(w) + len(w)) for w in ("her", "Mina", "Ada")
    )
    around_ada = CharSpan(ada.start, TEXT.index(" sailed"))
    clusters = {
        "test-0": [[mina, her], [ada]],
        "test-1": [[around_ada, her]],
        "test-2": [[mina, ada], [her]],
        "test-3": [[CharSpan(her.start, len(TEXT)), mina]],
    }
    assert list(prediction_lines(read_gap_examples(path), clusters)) == [
        "test-0\tTRUE\tFALSE\n",
        "test-1\tFALSE\tTRUE\n",
        "test-2\tFALSE\tFALSE\n",
        "test-3\tFALSE\tFALSE\n",
        "test-4\tFALSE\tFALSE\n",
    ]
