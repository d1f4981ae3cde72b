"""Halves of MRQA's dev sets: balanced, whole contexts, the same everywhere."""

from __future__ import annotations

import gzip
import json
import random

import pytest

from spanbert_allen.__main__ import main
from spanbert_allen.common.errors import DataError
from spanbert_allen.common.mrqa_split import Line, split_lines

HEADER = json.dumps({"header": {"dataset": "Made"}})


def make_lines(count: int, seed: int = 1) -> list[Line]:
    chance = random.Random(seed)
    lines = []
    for number in range(count):
        ids = tuple(f"{number}-{index}" for index in range(chance.randint(1, 7)))
        record = {"context": "Ida.", "qas": [{"qid": name, "question": "?"} for name in ids]}
        lines.append(Line(json.dumps(record), ids))
    return lines


def num_questions(lines: list[Line]) -> int:
    return sum(len(line.question_ids) for line in lines)


@pytest.mark.parametrize("count", [1, 2, 7, 200])
def test_halves_hold_everything_once_in_order_and_are_equal(count):
    lines = make_lines(count)
    first, second = split_lines(lines, seed=3)
    assert sorted([*first, *second]) == sorted(lines)
    for half in (first, second):
        places = [lines.index(line) for line in half]
        assert places == sorted(places)
    if count == 200:
        assert abs(num_questions(first) - num_questions(second)) <= 1


def test_halves_depend_on_the_seed_and_not_on_the_order():
    lines = make_lines(50)
    first, _ = split_lines(lines, seed=1)
    again, _ = split_lines(lines[::-1], seed=1)
    other, _ = split_lines(lines, seed=2)
    assert sorted(first) == sorted(again) != sorted(other)
    # On any machine and Python, for ever.
    assert [line.question_ids[0] for line in split_lines(make_lines(8), seed=1)[0]] == GOLDEN


GOLDEN = ["1-0", "3-0", "5-0", "6-0", "7-0"]


def write(path, lines) -> None:
    path.write_text("".join(f"{line}\n" for line in [HEADER, *(line.text for line in lines)]))


def test_the_command_writes_the_same_bytes_each_time(tmp_path, capsys):
    lines = make_lines(30)
    write(tmp_path / "NewsQA.jsonl", lines)
    for name in ("one", "two"):
        arguments = [str(tmp_path / "NewsQA.jsonl"), "--out", str(tmp_path / name)]
        assert main(["split-mrqa", *arguments, "--seed", "5"]) == 0
    names = ["NewsQA.dev.jsonl.gz", "NewsQA.test.jsonl.gz", "manifest.json"]
    assert sorted(path.name for path in (tmp_path / "one").iterdir()) == names
    for name in names:
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()
    manifest = json.loads((tmp_path / "one" / "manifest.json").read_text())
    entries = manifest["files"]["NewsQA"]
    assert manifest["seed"] == 5 and "not comparable" in manifest["note"]
    assert entries["dev"]["questions"] + entries["test"]["questions"] == num_questions(lines)
    for half in ("dev", "test"):
        texts = gzip.decompress((tmp_path / "one" / entries[half]["file"]).read_bytes()).decode()
        assert texts.splitlines()[0] == HEADER
        assert len(texts.splitlines()) == entries[half]["contexts"] + 1
    capsys.readouterr()
    assert main(["split-mrqa", "--check", str(tmp_path / "one" / "manifest.json")]) == 0
    assert "2 halves are as they were written" in capsys.readouterr().out
    (tmp_path / "one" / "NewsQA.dev.jsonl.gz").write_bytes(gzip.compress(b"{}\n"))
    with pytest.raises(DataError, match="is not the half that"):
        main(["split-mrqa", "--check", str(tmp_path / "one" / "manifest.json")])


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ('{"data": []}\n', r":1: no MRQA file"),
        (HEADER + "\n", "holds no questions"),
        (HEADER + '\n{"context": "a"}\n', r":2: no MRQA record"),
        (HEADER + "\n{\n", r":2: not JSON"),
    ],
)
def test_bad_files_leave_nothing_behind(tmp_path, text, sentence):
    (tmp_path / "a.jsonl").write_text(text)
    with pytest.raises(DataError, match=sentence):
        main(["split-mrqa", str(tmp_path / "a.jsonl"), "--out", str(tmp_path / "out")])
    assert not (tmp_path / "out").exists()


def test_two_files_of_one_name(tmp_path):
    (tmp_path / "b").mkdir()
    for folder in (tmp_path, tmp_path / "b"):
        write(folder / "a.jsonl", make_lines(3))
    paths = [str(tmp_path / "a.jsonl"), str(tmp_path / "b" / "a.jsonl")]
    with pytest.raises(DataError, match="two files are called a"):
        main(["split-mrqa", *paths, "--out", str(tmp_path / "out")])


def test_a_manifest_that_is_none(tmp_path):
    (tmp_path / "m.json").write_text("{}")
    with pytest.raises(DataError, match="is no manifest"):
        main(["split-mrqa", "--check", str(tmp_path / "m.json")])
