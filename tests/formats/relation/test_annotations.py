"""Relations as annotation tools write them."""

from __future__ import annotations

import gzip
import json
import re

import pytest

from spanbert_allen.__main__ import main
from spanbert_allen.common.errors import ConfigError, DataError, UserError
from spanbert_allen.common.files import MAX_LINE_VARIABLE, find_files
from spanbert_allen.formats.relation.detection import read_relations, relation_layout

TEXT = "Acme was founded by Ida. Jane left Oslo."
DOCCANO = {
    "id": 7,
    "text": TEXT,
    "entities": [
        {"id": 10, "start_offset": 0, "end_offset": 4, "label": "ORG"},
        {"id": 11, "start_offset": 20, "end_offset": 23, "label": "PER"},
        {"id": 12, "start_offset": 25, "end_offset": 29, "label": "PER"},
    ],
    "relations": [{"id": 0, "from_id": 10, "to_id": 11, "type": "foundedBy"}],
}
SPERT = {
    "tokens": ["Acme", "was", "founded", "by", "Ida", "."],
    "entities": [{"type": "ORG", "start": 0, "end": 1}, {"type": "PER", "start": 4, "end": 5}],
    "relations": [{"type": "foundedBy", "head": 0, "tail": 1}],
    "orig_id": 7,
}
DYGIE = {
    "doc_key": "7",
    "sentences": [SPERT["tokens"], ["Jane", "left", "Oslo", "."]],
    "ner": [[[0, 0, "ORG"], [4, 4, "PER"]], [[6, 6, "PER"]]],
    "relations": [[[0, 0, 4, 4, "foundedBy"]], []],
    "clusters": [],
}


def labels(start: int, end: int, name: str, kind: str) -> dict:
    value = {"start": start, "end": end, "labels": [kind]}
    return {"id": name, "type": "labels", "value": value}


LABEL_STUDIO = {
    "id": 7,
    "data": {"story": TEXT},
    "annotations": [
        {"was_cancelled": True, "result": []},
        {
            "result": [
                labels(0, 4, "a", "ORG"),
                labels(20, 23, "b", "PER"),
                labels(25, 29, "c", "PER"),
                {
                    "type": "relation",
                    "from_id": "b",
                    "to_id": "a",
                    "direction": "left",
                    "labels": ["foundedBy"],
                },
            ]
        },
    ],
}
BRAT = (
    "T1\tORG 0 4\tAcme\nT2\tPER 20 23\tIda\nT3\tPER 25 29\tJane\n"
    "R1\tfoundedBy Arg1:T1 Arg2:T2\t\n#1\tAnnotatorNotes T1\tA firm\n"
)
# The row of the object says where the relation comes from; rows end in a tab.
WEBANNO = """#FORMAT=WebAnno TSV 3.3
#T_SP=custom.Entity|identifier|value
#T_RL=custom.Relation|value|BT_custom.Entity


#Text=Acme was founded by Ida.
1-1\t0-4\tAcme\t*\tORG\t_\t_\t
1-2\t5-8\twas\t_\t_\t_\t_\t
1-3\t9-16\tfounded\t_\t_\t_\t_\t
1-4\t17-19\tby\t_\t_\t_\t_\t
1-5\t20-23\tIda\t*\tPER\tfoundedBy\t1-1\t
1-6\t23-24\t.\t_\t_\t_\t_\t

#Text=Jane left Oslo.
2-1\t25-29\tJane\t*\tPER\t_\t_\t
2-2\t30-34\tleft\t_\t_\t_\t_\t
2-3\t35-39\tOslo\t_\t_\t_\t_\t
2-4\t39-40\t.\t_\t_\t_\t_\t
"""


def write(folder, name: str, records: list):
    path = folder / name
    if name.endswith(".jsonl"):
        path.write_text("".join(json.dumps(record) + "\n" for record in records))
    else:
        path.write_text(json.dumps(records))
    return path


def files(folder) -> dict:
    (folder / "7.ann").write_text(BRAT)
    (folder / "7.txt").write_text(TEXT)
    (folder / "7.tsv").write_text(WEBANNO)
    return {
        "doccano": write(folder, "d.jsonl", [DOCCANO]),
        "spert": write(folder, "s.json", [SPERT]),
        "dygie": write(folder, "y.jsonl", [DYGIE]),
        "label studio": write(folder, "l.json", [LABEL_STUDIO]),
        "brat": folder / "7.ann",
        "webanno": folder / "7.tsv",
    }


@pytest.mark.parametrize("tool", ["doccano", "spert", "dygie", "label studio", "brat", "webanno"])
def test_every_tool_gives_the_same_examples(tmp_path, tool):
    """The relation, and the other direction without one; entities of two sentences are no pair."""
    path = files(tmp_path)[tool]
    assert relation_layout(path) not in ("tacred", "records", "semeval")
    right, reverse = read_relations(path)
    assert (right.id, right.label) == ("7:0-1", "foundedBy")
    assert (reverse.id, reverse.label) == ("7:1-0", "no_relation")
    assert list(right.words) == SPERT["tokens"]
    assert (right.subject, right.object) == ((0, 0), (4, 4)) == (reverse.object, reverse.subject)
    assert (right.subject_type, right.object_type) == ("ORG", "PER")
    if right.text is not None:
        start, end = right.word_chars[4]
        assert right.text[start:end] == "Ida"


def test_a_relation_across_sentences_has_both(tmp_path):
    record = DOCCANO | {"relations": [{"from_id": 10, "to_id": 12, "type": "knows"}]}
    found = {one.id: one for one in read_relations(write(tmp_path, "d.jsonl", [record]))}
    assert set(found) == {"7:0-1", "7:1-0", "7:0-2"}
    assert found["7:0-2"].words[-2:] == ["Oslo", "."] and found["7:0-2"].label == "knows"
    assert found["7:0-2"].sentence_ids[0] == 0 and found["7:0-2"].sentence_ids[-1] == 1


def relations(*rows: dict) -> dict:
    return {"relations": list(rows)}


@pytest.mark.parametrize(
    ("name", "change", "sentence"),
    [
        ("d.jsonl", relations({"from_id": 9, "to_id": 11}), "relation 0 names the entity 9,"),
        ("d.jsonl", relations({"from_id": 10, "to_id": 11}), "relation 0 has no label"),
        ("d.jsonl", {"entities": [3]}, r"`entities\[0\]` is 3; it must be an object"),
        ("d.jsonl", {"text": None}, "neither of `text` and `tokens`"),
        ("s.json", {"entities": [{"start": 0, "end": 0}]}, "relation 0 names|entity 0 is words"),
        ("s.json", {"entities": [{"start": "0", "end": 1}]}, "`start` is '0'; it must be"),
        ("y.jsonl", {"relations": [[[0, 0, 5, 5, "x"]]]}, r"words \[5, 5\], which `ner` lacks"),
        ("y.jsonl", {"ner": [[[0, "x"]]]}, r"`ner` has \[0, 'x'\]; it must be 2 numbers"),
        ("l.json", {"data": 3}, "`data` is 3; it must be an object"),
    ],
)
def test_a_text_with_a_mistake_is_the_only_one_lost(tmp_path, name, change, sentence):
    good = {"d.jsonl": DOCCANO, "s.json": SPERT, "y.jsonl": DYGIE, "l.json": LABEL_STUDIO}[name]
    path = write(tmp_path, name, [good, good | change, good])
    with pytest.raises(DataError, match=sentence):
        list(read_relations(path))
    problems: list[DataError] = []
    assert len(list(read_relations(path, on_problem=problems.append))) == 4
    assert len(problems) == 1


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("T4\tPER x y\tIda", r"7.ann:4: .* is no entity: T1<TAB>Name 0 3<TAB>text"),
        ("R1\tx Arg1:T1", r"7.ann:4: .* is no relation: R1<TAB>Name"),
        ("R1\tx Arg1:T1 Arg2:T9", r"7.ann:4: there is no entity 'T9'"),
        ("T1\tPER 20 23\tIda", "7.ann:4: T1 is the name of another entity, too; give each its own"),
        ("T4\tPER 20 99\tIda", "7.ann:4: T4 is characters 20 to 99 of a text of 40"),
        ("T4\tPER 19 22\tIda", "7.ann:4: T4 is 'Ida' here, but .* 19 to 22 of 7.txt are ' Id'; g"),
    ],
)
def test_lines_of_brat_that_cannot_be_read(tmp_path, line, sentence):
    files(tmp_path)
    (tmp_path / "7.ann").write_text("".join(BRAT.splitlines(keepends=True)[:3]) + line + "\n")
    with pytest.raises(DataError, match=sentence):
        list(read_relations(tmp_path / "7.ann"))


def test_an_entity_of_brat_in_two_parts(tmp_path):
    files(tmp_path)
    (tmp_path / "7.ann").write_text("T1\tORG 0 4;9 16\tAcme founded\nT2\tPER 20 23\tIda\n")
    first, _ = read_relations(tmp_path / "7.ann")
    marked = first.words[first.subject.start : first.subject.end + 1]
    assert list(marked) == ["Acme", "was", "founded"]


def test_a_byte_order_mark_is_a_character_for_brat_and_packed_annotations_are_found(tmp_path):
    files(tmp_path)
    plain = list(read_relations(tmp_path / "7.ann"))
    (tmp_path / "7.txt").write_text(TEXT, encoding="utf-8-sig")
    with pytest.raises(DataError, match=r"T1 is 'Acme' here, but characters 0 to 4 .* are 'Acm'"):
        list(read_relations(tmp_path / "7.ann"))
    (tmp_path / "7.ann").unlink()
    moved = re.sub(r"(?<=[ ])\d+", lambda place: str(int(place[0]) + 1), BRAT)
    path = tmp_path / "7.ann.gz"
    path.write_bytes(gzip.compress(moved.encode()))
    assert find_files(tmp_path, suffixes=(".ann", ".txt")) == [path]
    assert [(one.id, one.text, one.subject) for one in read_relations(path)] == [
        (one.id, one.text, one.subject) for one in plain
    ]


def test_a_text_of_brat_that_cannot_be_read_is_the_only_one_lost(tmp_path, monkeypatch):
    files(tmp_path)
    problems: list[DataError] = []
    (tmp_path / "7.txt").write_bytes(b"Acme\n\xe4")
    assert not list(read_relations(tmp_path / "7.ann", on_problem=problems.append))
    (tmp_path / "7.txt").write_bytes(b" " * (1 << 20) + b"x")
    monkeypatch.setenv(MAX_LINE_VARIABLE, "1")
    assert not list(read_relations(tmp_path / "7.ann", on_problem=problems.append))
    (tmp_path / "7.txt").unlink()
    assert not list(read_relations(tmp_path / "7.ann", on_problem=problems.append))
    encoding, length, missing = map(str, problems)
    assert "7.txt:2: not UTF-8 text" in encoding
    assert "7.txt: the text is longer than 1 MB" in length
    assert "7.ann: the text that it annotates, 7.txt, must stand beside it" in missing


def test_an_emoji_that_label_studio_counts_as_two(tmp_path):
    record = json.loads(json.dumps(LABEL_STUDIO))
    record["data"]["story"] = f"\U0001f600 {TEXT}"
    for one in record["annotations"][1]["result"][:3]:
        start, end = one["value"]["start"], one["value"]["end"]
        one["value"] |= {"start": start + 3, "end": end + 3, "text": TEXT[start:end]}
    first, *_ = read_relations(write(tmp_path, "l.json", [record]))
    assert {first.words[one.start] for one in (first.subject, first.object)} == {"Acme", "Ida"}


def test_other_controls_of_label_studio_are_no_entities(tmp_path):
    """What is said of a region has its id and its place; what is said of a task has none."""
    place = {"start": 0, "end": 4, "text": "Acme"}
    others = [
        {"id": "a", "type": "choices", "value": place | {"choices": ["sure"]}},
        {"id": "a", "type": "textarea", "value": place | {"text": ["a firm"]}},
        {"id": "a", "type": "labels", "value": place | {"labels": ["PLACE"]}},
        {"id": "z", "type": "choices", "value": {"choices": ["news"]}},
        {"id": "y", "type": "rating", "value": {"rating": 3}},
    ]
    record = json.loads(json.dumps(LABEL_STUDIO))
    record["annotations"][1]["result"] += others
    expected = list(read_relations(write(tmp_path, "l.json", [LABEL_STUDIO])))
    assert list(read_relations(write(tmp_path, "l.json", [record]))) == expected
    record["annotations"][1]["result"].append({"id": "b2", "type": "labels", "value": 3})
    with pytest.raises(DataError, match="`value` is 3; it must be an object"):
        list(read_relations(write(tmp_path, "l.json", [record])))


def test_texts_without_a_name_on_one_line_are_told_apart(tmp_path):
    nameless = {key: value for key, value in SPERT.items() if key != "orig_id"}
    found = read_relations(write(tmp_path, "s.json", [nameless, SPERT, nameless]))
    assert [one.id for one in found][::2] == ["s:1:0-1", "7:0-1", "s:3:0-1"]
    bad = {**nameless, "relations": 3}
    with pytest.raises(DataError, match=r"s\.json:1: text 2: .*relations"):
        list(read_relations(write(tmp_path, "s.json", [nameless, bad])))


@pytest.mark.parametrize("tool", ["doccano", "spert", "dygie", "label studio", "brat", "webanno"])
def test_what_is_converted_to_json_lines_is_the_same(tmp_path, tool, capsys):
    path, target = files(tmp_path)[tool], tmp_path / "out.jsonl"
    assert main(["convert", "--task", "relation", str(path), str(target)]) == 0
    assert capsys.readouterr().err == f"2 examples written to {target}\n"
    for made, read in zip(read_relations(target), read_relations(path), strict=True):
        assert (made.id, made.label, list(made.words)) == (read.id, read.label, list(read.words))
        assert (made.subject, made.object) == (read.subject, read.object)
        assert (made.subject_type, made.object_type) == (read.subject_type, read.object_type)
    with pytest.raises(UserError, match="also what is read"):
        main(["convert", "--task", "relation", str(path), str(path)])


def test_files_of_one_name_in_a_folder_give_examples_of_different_names(tmp_path, capsys):
    """Names that a file itself gives stay."""
    for place in ("x/doc", "y/doc", "z"):
        (tmp_path / "in" / place).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "in" / f"{place}.ann").write_text(BRAT)
        (tmp_path / "in" / f"{place}.txt").write_text(TEXT)
    nameless = {key: value for key, value in SPERT.items() if key != "orig_id"}
    for place in ("x", "y"):
        write(tmp_path / "in" / place, "s.jsonl", [nameless, SPERT])
    out = tmp_path / "out.jsonl"
    assert main(["convert", "--task", "relation", str(tmp_path / "in"), str(out)]) == 0
    written = [json.loads(line)["id"] for line in out.read_text().splitlines()]
    of_x = ["x/doc.ann:0-1", "x/s.jsonl:1:0-1", "7:0-1"]
    assert written[::2] == [*of_x, *(one.replace("x/", "y/") for one in of_x), "z:0-1"]


def test_what_conversion_loses_and_leaves_out_is_said(tmp_path, capsys):
    across = DYGIE | {"relations": [[[0, 0, 6, 6, "knows"]], []]}
    path = write(tmp_path, "y.jsonl", [DYGIE, across, DYGIE | {"ner": 3}])
    command = ["convert", "--task", "relation", str(path), str(tmp_path / "out.jsonl")]
    with pytest.raises(DataError, match=r"y\.jsonl:3: .*; --skip-bad leaves bad records out"):
        main(command)
    with pytest.raises(DataError, match="--strict, and jsonl does not hold sentences of words"):
        main([*command, "--skip-bad", "--strict"])
    assert not (tmp_path / "out.jsonl").exists()
    assert main([*command, "--skip-bad"]) == 1
    lost, bad, written = capsys.readouterr().err.splitlines()
    assert lost == "lost: sentences of words (examples): 1"
    assert bad.startswith("1 bad records left out; the first mistake: ")
    assert written.startswith("5 examples written to")
    with pytest.raises(ConfigError, match="--gap is for coreference"):
        main([*command, "--gap", "x"])
    with pytest.raises(ConfigError, match="--to is missing; name the format to write: jsonl"):
        main(["convert", str(path), "-"])


def test_results_of_the_predictor_are_no_annotations(tmp_path):
    record = {"schema": "spanbert_allen.relation/1", "text": "a", "entities": [], "relations": []}
    assert relation_layout(write(tmp_path, "r.jsonl", [record])) == "records"
