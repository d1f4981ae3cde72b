"""`spanbert-allen convert` and `validate` as a person uses them."""

from __future__ import annotations

import json

import pytest

from spanbert_allen.__main__ import main
from spanbert_allen.common.errors import ConfigError, DataError
from spanbert_allen.formats.coref.registry import find_format
from tests.common.test_look_ahead import piped
from tests.formats.coref.conll.test_reader import FIXTURES
from tests.formats.coref.test_gap import HEADER, TEXT, row

CONLL = str(FIXTURES / "small.conll")


def test_converts_and_says_what_is_lost(tmp_path, capsys):
    target = tmp_path / "small.jsonl"
    assert main(["convert", CONLL, str(target), "--to", "preco"]) == 0
    read = list(find_format("conll").read(CONLL))
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.splitlines() == [
        "lost: tags, parses and other columns (documents): 3",
        "lost: speakers (documents): 1",
        "lost: genres (documents): 2",
        f"{len(read)} documents of {len(read)} written to {target}",
    ]
    assert [one.clusters for one in find_format("preco").read(target)] == [
        one.clusters for one in read
    ]


def test_to_pieces_and_back_over_standard_output(tmp_path, capsys):
    pieces = str(tmp_path / "dev.128.jsonlines")
    options = ["--model", "tiny", "--segment-length", "128"]
    assert main(["convert", CONLL, pieces, "--to", "minimised", *options]) == 0
    assert main(["convert", pieces, "-", "--to", "conll"]) == 0
    (tmp_path / "again.conll").write_text(capsys.readouterr().out)
    conll = find_format("conll")
    assert list(conll.read(tmp_path / "again.conll")) == list(conll.read(CONLL))


def test_files_of_one_name_in_a_folder_give_documents_of_different_names(tmp_path):
    (tmp_path / "in").mkdir()
    for place in ("x/doc.txt", "y/doc.txt", "z.txt", "t.a.jsonl", "t.b.jsonl", "u.jsonl"):
        path = tmp_path / "in" / place
        path.parent.mkdir(exist_ok=True)
        path.write_text('{"text": "Ida."}\n' if place.endswith("l") else "Ida.")
    out = tmp_path / "out.jsonl"
    assert main(["convert", str(tmp_path / "in"), str(out), "--to", "jsonl"]) == 0
    keys = [json.loads(line)["doc_key"] for line in out.read_text().splitlines()]
    assert keys == ["t.a.jsonl:1", "t.b.jsonl:1", "u:1", "x/doc.txt", "y/doc.txt", "z"]


def test_a_folder_of_files(tmp_path):
    (tmp_path / "in").mkdir()
    for name in ("b", "a"):
        lines = [f"# newdoc id = {name}", "\t".join(["1", "Ida", *"_______", "Entity=(1)"]), ""]
        (tmp_path / "in" / f"{name}.conllu").write_text("\n".join(lines))
    (tmp_path / "in" / "c.jsonl").write_text('{"doc_key": "c", "sentences": [["x"]]}\n')
    assert main(["convert", str(tmp_path / "in"), str(tmp_path / "f.conll"), "--to", "conll"]) == 0
    read = list(find_format("conll").read(tmp_path / "f.conll"))
    assert [(one.doc_key, one.clusters) for one in read] == [
        ("a", [((0, 0),)]),
        ("b", [((0, 0),)]),
        ("c", []),
    ]


def test_singletons_can_be_dropped(tmp_path):
    target = tmp_path / "f.jsonl"
    source = str(FIXTURES / "preco.jsonl")
    assert main(["convert", source, str(target), "--to", "jsonl", "--drop-singletons"]) == 0
    assert [len(one.clusters) for one in find_format("jsonl").read(target)] == [2, 0]


def test_nothing_is_written_by_halves(tmp_path, capsys):
    target = tmp_path / "f.preco"
    target.write_text("old")
    with pytest.raises(DataError, match=r"--strict, and preco does not hold tags, .*; speakers"):
        main(["convert", CONLL, str(target), "--to", "preco", "--strict"])
    bad = tmp_path / "bad.jsonl"
    bad.write_text('{"tokens": ["a"]}\n{"tokens": ["a"], "clusters": [[[0, 1]], [[2, 2]]]}\n')
    with pytest.raises(DataError, match=r"bad\.jsonl:2: clusters\[0\]\[0\] is words 0 to 1"):
        main(["convert", str(bad), str(target), "--to", "preco"])
    assert target.read_text() == "old"
    assert main(["convert", str(bad), str(target), "--to", "preco", "--skip-bad"]) == 1
    assert len(target.read_text().splitlines()) == 1
    said = capsys.readouterr().err
    assert "1 bad documents left out; the first mistake: " in said
    assert f"1 documents of 2 written to {target}" in said


def test_documents_that_are_left_out_make_the_status_1(tmp_path, capsys):
    source, target = tmp_path / "in.jsonl", tmp_path / "out.txt"
    source.write_text('{"sentences": [["Ida", "."]]}\n{"sentences": [["a"], ["b"]]}\n')
    assert main(["convert", str(source), str(target), "--to", "winobias"]) == 1
    said = capsys.readouterr().err
    assert "lost: documents left out: not a sentence with" in said
    assert f"1 documents of 2 written to {target}" in said


def test_nothing_takes_the_place_of_something(tmp_path, capsys):
    target = tmp_path / "f"
    target.write_text("old")
    with pytest.raises(DataError, match=r"no document fits gap, so .*/f is not written \(docum"):
        main(["convert", CONLL, str(target), "--to", "gap"])
    with pytest.raises(DataError, match="no document fits gap"):
        main(["convert", CONLL, "-", "--to", "gap"])
    assert capsys.readouterr().out == ""
    bad = tmp_path / "bad.jsonl"
    bad.write_text('{"tokens": 3}\n')
    with pytest.raises(
        DataError, match=r"no document is without a mistake, so .*; the first mista"
    ):
        main(["convert", str(bad), str(target), "--to", "conll", "--skip-bad"])
    assert target.read_text() == "old"


def test_an_input_is_never_the_output(tmp_path):
    source = tmp_path / "a.jsonl"
    source.write_text('{"tokens": ["a"]}\n')
    for read, written in ((source, source), (tmp_path, source)):
        with pytest.raises(DataError, match=r"this is also what is read"):
            main(["convert", str(read), str(written), "--to", "jsonl"])
    assert source.read_text() == '{"tokens": ["a"]}\n'


def test_bad_files_and_documents_of_a_folder_are_left_out(tmp_path, capsys):
    folder, target = tmp_path / "in", tmp_path / "out.jsonl"
    folder.mkdir()
    (folder / "a.jsonl").write_text('{"tokens": ["a"]}\n{"tokens": 3}\n')
    (folder / "b.txt").write_bytes(b"no format \xe4\n")
    (folder / "c.conll").write_text("#begin document (c); part 000\nx y\n#end document\n")
    (folder / "d.jsonl").write_text('{"tokens": ["d"]}\n')
    with pytest.raises(DataError, match=r"a\.jsonl:2: tokens is 3; .*; --skip-bad leaves bad docu"):
        main(["convert", str(folder), str(target), "--to", "jsonl"])
    assert main(["convert", str(folder), str(target), "--to", "jsonl", "--skip-bad"]) == 1
    said = capsys.readouterr().err
    assert "3 bad documents left out; the first mistake: " in said
    assert f"2 documents of 5 written to {target}" in said


def test_no_document_of_a_pipe_is_lost(tmp_path, capsys):
    lines = "".join(f'{{"doc_key": "{index}", "tokens": ["x"]}}\n' for index in range(3000))
    for command in (["convert", None, "-", "--to", "jsonl"], ["validate", None]):
        with piped(lines.encode()) as path:
            assert main([part or path for part in command]) == 0
        said = capsys.readouterr()
        assert "3000 documents of 3000 written" in said.err or "documents" in said.out
        assert said.out.count("\n") == 3000 or "      3000" in said.out


def test_predictions_for_gaps_scorer(tmp_path, capsys):
    (tmp_path / "gap.tsv").write_text(HEADER + row("test-1") + row("test-2"))
    her, mina = TEXT.index("her"), [{"start": 0, "end": 4, "words": [0, 0]}]
    mention = {"start": her, "end": her + 3, "words": [14, 14]}
    result = {"schema": "spanbert_allen.coref/1", "doc_key": "test-1", "text": TEXT}
    (tmp_path / "out.jsonl").write_text(json.dumps({**result, "clusters": [[*mina, mention]]}))
    arguments = ["convert", str(tmp_path / "out.jsonl"), "-", "--to", "gap-predictions"]
    with pytest.raises(ConfigError, match="add --gap FILE"):
        main(arguments)
    assert main([*arguments, "--gap", str(tmp_path / "gap.tsv")]) == 0
    said = capsys.readouterr()
    assert said.out == "test-1\tTRUE\tFALSE\ntest-2\tFALSE\tFALSE\n"
    assert "lost: rows without a prediction, which are FALSE: 1" in said.err
    (tmp_path / "out.jsonl").write_text(json.dumps({**result, "doc_key": "x", "clusters": []}))
    with pytest.raises(DataError, match="document x is not the row of that name"):
        main([*arguments, "--gap", str(tmp_path / "gap.tsv")])


def test_options_that_are_missing(tmp_path):
    with pytest.raises(ConfigError, match="name it with --model"):
        main(["convert", CONLL, str(tmp_path / "f"), "--to", "minimised"])
    assert not (tmp_path / "f").exists()


def test_options_of_another_format(tmp_path):
    arguments = ["convert", CONLL, str(tmp_path / "f"), "--to", "gap"]
    with pytest.raises(ConfigError, match="--gap is for --to gap-predictions: give both"):
        main([*arguments, "--gap", CONLL])
    with pytest.raises(ConfigError, match="--model is for --to minimised: give both"):
        main([*arguments, "--model", "minilm"])
    assert not (tmp_path / "f").exists()


@pytest.mark.parametrize(
    "command",
    [["convert", "--to", "jsonl", str(CONLL), "-"], ["validate", str(CONLL)], ["format", "x", "y"]],
)
def test_a_language_that_is_none_is_refused(command):
    with pytest.raises(ConfigError, match=r"language 'klingon': .* choose among af, am"):
        main([*command, "--language", "klingon"])


def test_validate(tmp_path, capsys):
    assert main(["validate", CONLL]) == 0
    lines = [line.rsplit(None, 1) for line in capsys.readouterr().out.splitlines()]
    numbers = dict(lines)
    read = list(find_format("conll").read(CONLL))
    assert numbers["format"] == "conll"
    assert int(numbers["documents"]) == len(read)
    assert int(numbers["words"]) == sum(len(one.words) for one in read)
    assert int(numbers["problems"]) == 0


def test_validate_tells_every_mistake(tmp_path, capsys):
    bad = tmp_path / "bad.jsonl"
    bad.write_text('{"tokens": ["a"], "clusters": [[[0, 1]], [[2, 2]]]}\n{"tokens": 3}\n')
    assert main(["validate", str(bad), "--limit", "2"]) == 1
    said = capsys.readouterr()
    first, second, rest = said.err.splitlines()
    assert first.startswith(f"{bad}:1: clusters[0][0] is words 0 to 1, but the document has 1")
    assert second.startswith(f"{bad}:1: clusters[1][0] is words 2 to 2")
    assert rest == "and 1 more (--limit 2)"
    assert said.out.splitlines()[-1].split() == ["problems", "3"]
    with pytest.raises(DataError, match="no coreference file that is known"):
        bad.write_text("text\n")
        main(["validate", str(bad)])
    assert main(["validate", str(bad), "--format", "conll"]) == 1


def test_names_that_become_one_in_conll_are_told_apart(tmp_path, capsys):
    source, target = tmp_path / "in.jsonl", tmp_path / "out.conll"
    records = [{"doc_key": key, "tokens": ["Ida"], "clusters": []} for key in ("a b", "a_b")]
    source.write_text("".join(json.dumps(record) + "\n" for record in records))
    assert main(["convert", str(source), str(target), "--to", "conll"]) == 0
    assert "names that others have, behind which a number is put (documents): 1" in (
        capsys.readouterr().err
    )
    assert "(a_b);" in target.read_text() and "(a_b-2);" in target.read_text()
