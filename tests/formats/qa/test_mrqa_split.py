"""Halves of MRQA's dev sets: balanced, whole contexts, the same everywhere."""

from __future__ import annotations

import gzip
import hashlib
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spanbert_allen.__main__ import main
from spanbert_allen.common.errors import ConfigError, DataError
from spanbert_allen.formats.qa.mrqa_split import Line, dev_places
from tests.test_start_up import heavy_modules

HEADER = json.dumps({"header": {"dataset": "Made"}})


def make_lines(sizes: list[int]) -> list[Line]:
    return [
        Line(f"context {number}", tuple(f"{number}-{index}" for index in range(size)))
        for number, size in enumerate(sizes)
    ]


def num_questions(lines: list[Line]) -> int:
    return sum(len(line.question_ids) for line in lines)


def halves(lines: list[Line], seed: int) -> tuple[list[Line], list[Line]]:
    dev = dev_places(lines, seed=seed)
    return (
        [line for place, line in enumerate(lines) if place in dev],
        [line for place, line in enumerate(lines) if place not in dev],
    )


SIZES = st.lists(st.integers(0, 12), max_size=40)


@given(sizes=SIZES, seed=st.integers(0, 99))
def test_halves_are_balanced(sizes, seed):
    lines = make_lines(sizes)
    dev, test = halves(lines, seed)
    more_in_test = num_questions(test) - num_questions(dev)
    assert more_in_test >= -1
    if num_questions(test):
        smallest = min(len(line.question_ids) for line in test)
        assert more_in_test < 2 * smallest
        assert smallest > 1 or abs(more_in_test) <= 1


@given(sizes=SIZES, seed=st.integers(0, 99), data=st.data())
def test_halves_do_not_depend_on_the_order(sizes, seed, data):
    lines = make_lines(sizes)
    shuffled = data.draw(st.permutations(lines))
    for half, other in zip(halves(lines, seed), halves(shuffled, seed), strict=True):
        assert sorted(half) == sorted(other)


@given(
    lines=st.lists(
        st.builds(
            Line,
            st.sampled_from("ABCDEFGH"),
            st.lists(st.sampled_from("abcdefghijklmnop"), max_size=3).map(tuple),
        ),
        max_size=20,
    ),
    seed=st.integers(0, 9),
)
def test_no_context_and_no_question_is_in_both_halves(lines, seed):
    dev, test = halves(lines, seed)
    assert not {line.context for line in dev} & {line.context for line in test}
    ids = [{name for line in half for name in line.question_ids} for half in (dev, test)]
    assert not ids[0] & ids[1]
    assert sorted([*dev, *test]) == sorted(lines)


def test_halves_are_the_same_on_any_machine_for_ever():
    lines = make_lines([2, 1, 3, 1, 1, 2, 4, 1])
    assert sorted(dev_places(lines, seed=1)) == GOLDEN[1]
    assert sorted(dev_places(lines, seed=2)) == GOLDEN[2]


GOLDEN = {1: [3, 5, 6, 7], 2: [0, 2, 4, 5]}


def write(path: Path, sizes: list[int]) -> Path:
    records = [
        {"context": line.context, "qas": [{"qid": name} for name in line.question_ids]}
        for line in make_lines(sizes)
    ]
    path.write_text("".join(f"{line}\n" for line in [HEADER, *map(json.dumps, records)]))
    return path


def split(source: Path, folder: Path, *more: str) -> dict:
    assert main(["split-mrqa", str(source), "--out", str(folder), *more]) == 0
    return json.loads((folder / "manifest.json").read_text())


def check(folder: Path) -> int:
    return main(["split-mrqa", "--check", str(folder / "manifest.json")])


def test_the_command_writes_the_same_bytes_each_time(tmp_path, capsys):
    source = write(tmp_path / "NewsQA.jsonl", [3, 1, 4, 1, 5, 9, 2, 6])
    manifest = split(source, tmp_path / "one", "--seed", "5")
    split(source, tmp_path / "two", "--seed", "5")
    names = ["NewsQA.dev.jsonl.gz", "NewsQA.test.jsonl.gz", "manifest.json"]
    assert sorted(path.name for path in (tmp_path / "one").iterdir()) == names
    for name in names:
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()
    entries = manifest["files"]["NewsQA"]
    assert manifest["seed"] == 5 and "not comparable" in manifest["note"]
    assert entries["source_sha256"] == hashlib.sha256(source.read_bytes()).hexdigest()
    assert entries["dev"]["questions"] + entries["test"]["questions"] == 31
    texts = source.read_text().splitlines()
    copied = []
    for half in ("dev", "test"):
        content = gzip.decompress((tmp_path / "one" / entries[half]["file"]).read_bytes())
        header, *lines = content.decode().splitlines()
        ids = sorted(one["qid"] for line in lines for one in json.loads(line)["qas"])
        assert header == HEADER
        assert lines == sorted(lines, key=texts.index)
        assert entries[half]["sha256"] == hashlib.sha256(content).hexdigest()
        assert (entries[half]["contexts"], entries[half]["questions"]) == (len(lines), len(ids))
        digest = hashlib.sha256("\n".join(ids).encode()).hexdigest()
        assert entries[half]["question_ids_sha256"] == digest
        copied += lines
    assert sorted(copied) == sorted(texts[1:])


def test_check_finds_what_was_changed(tmp_path, capsys):
    folder = tmp_path / "out"
    manifest = split(write(tmp_path / "a.jsonl", [1, 2, 1]), folder)
    capsys.readouterr()
    assert check(folder) == 0
    assert capsys.readouterr().out == "2 halves are as they were written\n"
    half = folder / "a.dev.jsonl.gz"
    content = half.read_bytes()
    half.write_bytes(gzip.compress(gzip.decompress(content).replace(b"\n", b"\r\n")))
    with pytest.raises(DataError, match=r"a.dev.*is not the half that .* describes \(sha256\)"):
        check(folder)
    half.write_bytes(content[:-9])
    with pytest.raises(DataError, match="incomplete gzip"):
        check(folder)
    half.unlink()
    with pytest.raises(DataError, match="no such file"):
        check(folder)
    half.write_bytes(content)
    manifest["files"]["a"]["test"]["questions"] += 1
    (folder / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(DataError, match=r"a.test.*is not the half .*\(questions\)"):
        check(folder)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ('{"data": []}\n', r":1: no MRQA file"),
        ("", "is empty"),
        (HEADER + "\n", "questions on fewer than two contexts"),
        (HEADER + '\n{"context": "a", "qas": [{"qid": "1"}, {"qid": "2"}]}\n', "fewer than two"),
        (HEADER + '\n{"context": "a"}\n', r":2: no MRQA record"),
        (HEADER + '\n{"context": "a", "qas": [{"qid": [1]}]}\n', r":2: no MRQA record"),
        (HEADER + "\n{\n", r":2: not JSON"),
    ],
)
def test_bad_files_leave_nothing_behind(tmp_path, text, sentence):
    good, bad = write(tmp_path / "good.jsonl", [1, 1]), tmp_path / "bad.jsonl"
    bad.write_text(text)
    with pytest.raises(DataError, match=sentence):
        main(["split-mrqa", str(good), str(bad), "--out", str(tmp_path / "out")])
    assert not (tmp_path / "out").exists()


def test_names_that_clash(tmp_path):
    (tmp_path / "b").mkdir()
    source, other = write(tmp_path / "a.jsonl", [1, 1]), write(tmp_path / "b" / "a.jsonl", [1, 1])
    with pytest.raises(DataError, match="two files are called a"):
        main(["split-mrqa", str(source), str(other)])
    half = tmp_path / "a.dev.jsonl.gz"
    half.write_bytes(gzip.compress(source.read_bytes()))
    with pytest.raises(DataError, match=r"a.dev.jsonl.gz: a half would take its place"):
        main(["split-mrqa", str(source), str(half), "--out", str(tmp_path)])
    with pytest.raises(DataError, match="no folder can be made here"):
        main(["split-mrqa", str(source), "--out", str(source)])


def test_a_manifest_of_other_halves_is_not_lost(tmp_path):
    """A second set in the same folder replaced it, and the first set's halves had none."""
    first, second = (write(tmp_path / f"{name}.jsonl", [1, 2, 3]) for name in ("one", "two"))
    folder = tmp_path / "halves"
    split(first, folder)
    before = (folder / "manifest.json").read_bytes()
    with pytest.raises(DataError, match=r"manifest.json: describes one.dev.jsonl.gz as well"):
        main(["split-mrqa", str(second), "--out", str(folder)])
    assert (folder / "manifest.json").read_bytes() == before
    assert not list(folder.glob("two*"))
    both = [str(first), str(second), "--out", str(folder)]
    assert main(["split-mrqa", *both]) == 0 and check(folder) == 0
    (folder / "manifest.json").write_text("{")
    assert main(["split-mrqa", *both]) == 0 and check(folder) == 0


def test_arguments_that_make_no_sense(tmp_path):
    with pytest.raises(ConfigError, match="name the files to halve"):
        main(["split-mrqa"])
    with pytest.raises(ConfigError, match="leave the files to halve out"):
        main(["split-mrqa", "a.jsonl", "--check", "manifest.json"])
    with pytest.raises(DataError, match="standard input cannot be read twice"):
        main(["split-mrqa", "-"])


@pytest.mark.parametrize("text", ["{}", "[", '{"files": {"a": {"dev": 1}}}', '{"files": [1]}'])
def test_a_manifest_that_is_none(tmp_path, text):
    (tmp_path / "manifest.json").write_text(text)
    with pytest.raises(DataError, match="no manifest of split-mrqa"):
        check(tmp_path)


def test_no_torch_is_imported(tmp_path):
    arguments = [str(write(tmp_path / "a.jsonl", [1, 1])), "--out", str(tmp_path / "out")]
    statement = f"from spanbert_allen.__main__ import main; main(['split-mrqa', *{arguments!r}])"
    assert not heavy_modules(statement)
