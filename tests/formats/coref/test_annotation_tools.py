"""What brat, Label Studio, INCEpTION and doccano export is read as documents."""

from __future__ import annotations

import gzip
import json

import pytest

from spanbert_allen.__main__ import main
from spanbert_allen.common.errors import DataError
from spanbert_allen.common.files import MAX_LINE_VARIABLE, open_text
from spanbert_allen.formats.coref.detection import detect_format
from spanbert_allen.formats.coref.findings import Findings
from spanbert_allen.formats.coref.linked_mentions import is_coreference
from spanbert_allen.formats.coref.registry import SUFFIXES

TEXT = "Ida lost her keys. She found them."


def read(path):
    found = detect_format(path)
    return found.name, list(found.read(path))


def mentions(document):
    return [[document.text[slice(*document.chars_of(one))] for one in c] for c in document.clusters]


def brat(tmp_path, *lines, text=TEXT):
    (tmp_path / "ida.txt").write_text(text, encoding="utf-8")
    (tmp_path / "ida.ann").write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return tmp_path / "ida.ann"


def test_brat(tmp_path):
    path = brat(
        tmp_path,
        "T1\tPER 0 3\tIda",
        "T2\tPER 19 22\tShe",
        "T3\tPER 9 12\ther",
        "T4\tMention 9 12;13 17\ther keys",
        "T5\tMention 9 12;23 28\ther found",
        "R1\tCoreference Arg1:T2 Arg2:T1\t",
        "R2\tOwns Arg1:T1 Arg2:T4",
        "*\tEquiv T3 T2",
        "A1\tKind T1 person",
        "#1\tAnnotatorNotes T1\tsure",
    )
    name, (document,) = read(path)
    assert (name, document.doc_key, document.text) == ("brat", "ida", TEXT)
    assert mentions(document) == [["Ida", "her", "She"], ["her keys"]]
    assert document.not_held == {
        "entity types (mentions)": 3,
        "mentions in several parts (mentions)": 1,
        "relations of other names (relations)": 1,
        "attributes (attributes)": 1,
        "notes (notes)": 1,
    }


@pytest.mark.parametrize(
    "links", [["*\tEquiv T1 T2 T3"], ["R1\tCoref Arg1:T2 Arg2:T1", "R2\tCoref Arg1:T3 Arg2:T2"]]
)
def test_a_mention_in_several_parts_is_left_out_and_joins_those_that_it_is_linked_with(
    tmp_path, links
):
    mentions_ = ["T1\tMention 0 3\tIda", "T2\tMention 9 12;23 28\ther found", "T3\tMention 19 22"]
    _, (document,) = read(brat(tmp_path, *mentions_, *links))
    assert mentions(document) == [["Ida", "She"]]
    assert document.not_held == {"mentions in several parts (mentions)": 1}


def test_a_byte_order_mark_of_a_text_is_a_character_for_brat(tmp_path):
    lines = ["T1\tMention 0 4\t\ufeffIda", "T2\tMention 10 13;14 18\ther keys", "*\tE T1 T2"]
    path = brat(tmp_path, *lines, text="\ufeff" + TEXT.replace("her keys", "her\nkeys"))
    _, (document,) = read(path)
    assert document.text == TEXT.replace("her keys", "her\nkeys")
    assert mentions(document) == [["Ida", "her\nkeys"]]
    with pytest.raises(DataError, match="T1 is characters 35 to 36 of a text of 35"):
        read(brat(tmp_path, "T1\tMention 35 36\t.", text="\ufeff" + TEXT))


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("T1\tPER 1 4\tIda", "T1 is 'Ida' here, but characters 1 to 4 of ida.txt are 'da '; give"),
        ("T1\tPER 0 99\tIda", "T1 is characters 0 to 99 of a text of 34"),
        ("T1 PER 0 3", "is no entity: T1<TAB>Name 0 3<TAB>text"),
        ("R1\tCoreference T1 T2", "is no relation"),
        ("*\tEquiv", "is no equivalence"),
        ("R1\tCoref Arg1:T1 Arg2:T2", "T1 is linked here, but there is no such entity"),
    ],
)
def test_bad_standoff(tmp_path, line, message):
    with pytest.raises(DataError, match=rf"ida\.ann:1: .*{message}"):
        read(brat(tmp_path, line))
    (tmp_path / "ida.txt").unlink()
    with pytest.raises(DataError, match=r"ida\.txt, must stand beside it"):
        read(tmp_path / "ida.ann")


@pytest.mark.parametrize("target", ["out.ann", "out.ann.gz", "out/"])
def test_what_we_write_for_brat_is_read_back(tmp_path, target):
    text = "Doctor Lena\n  Orr left.\r\nShe was tired."
    spans = [[(0, 17), (25, 28)], [(0, 6)]]
    clusters = [
        [
            {"start": a, "end": b, "words": [0, 0], "text": text[a:b], "mention_score": 1.0}
            for a, b in cluster
        ]
        for cluster in spans
    ]
    record = {
        "schema": "spanbert_allen.coref/1",
        "doc_key": "out",
        "text": text,
        "clusters": clusters,
    }
    (tmp_path / "p.jsonl").write_text(json.dumps(record))
    assert main(["format", str(tmp_path / "p.jsonl"), f"{tmp_path}/{target}"]) == 0
    written = next(tmp_path.rglob("*.ann*"))
    with open_text(written) as file:
        assert b"Mention 0 11;14 17\tDoctor Lena Orr" in file.read()
    _, (document,) = read(written)
    assert document.text == text
    assert [[tuple(document.chars_of(one)) for one in c] for c in document.clusters] == [
        spans[1],
        spans[0],
    ]


def test_a_folder_of_brats_files(tmp_path):
    brat(tmp_path, "T1\tMention 0 3\tIda")
    (tmp_path / "other.txt").write_text("Only text.")
    target = tmp_path.parent / "folder.jsonl"
    assert main(["convert", str(tmp_path), str(target), "--to", "jsonl"]) == 0
    records = [json.loads(line) for line in target.read_text().splitlines()]
    assert [one["doc_key"] for one in records] == ["ida", "other"]
    assert "clusters" not in records[1]


def span(name, start, end):
    return {"id": name, "type": "labels", "value": {"start": start, "end": end, "labels": ["PER"]}}


def link(one, other, *labels):
    return {"from_id": one, "to_id": other, "type": "relation", "labels": list(labels)}


@pytest.mark.parametrize("indent", [None, 2])
def test_label_studio(tmp_path, indent):
    result = [
        span("a", 0, 3), span("b", 9, 12), span("c", 19, 22), link("b", "a", "coref"),
        link("c", "b"), link("a", "c", "owns"), {"type": "choices", "value": {"choices": ["x"]}},
    ]  # fmt: skip
    cancelled = {"was_cancelled": True, "result": []}
    tasks = [
        {"id": 7, "data": {"text": TEXT}, "annotations": [cancelled, {"result": result}]},
        {"id": 8, "data": {"body": "Open."}, "annotations": []},
    ]
    path = tmp_path / "export.json"
    path.write_text(json.dumps(tasks, indent=indent))
    name, (first, second) = read(path)
    assert (name, first.doc_key, second.doc_key) == ("label-studio", "7", "8")
    assert mentions(first) == [["Ida", "her", "She"]]
    assert second.clusters is None
    assert first.not_held == {
        "entity types (mentions)": 3,
        "relations of other labels (relations)": 1,
        "results of other types (results)": 1,
    }


def test_a_region_is_where_label_studio_quotes_it(tmp_path):
    """Some versions count an emoji as two; the text of other controls' results is no quotation."""
    text, emoji = "Ida \U0001f600 lost\nher keys.", "Ida \U0001f600"
    counted = [(0, 5, emoji), (11, 14, "her"), (6, 14, "lost\\nher"), (12, 15, "her")]
    result = [span(str(place), *one[:2]) for place, one in enumerate(counted)]
    for one, (*_, quoted) in zip(result, counted, strict=True):
        one["value"]["text"] = quoted
    comment = {"id": "1", "type": "textarea", "value": {"start": 11, "end": 14, "text": ["no"]}}
    task = {"id": 7, "data": {"text": text}, "annotations": [{"result": [*result, comment]}]}
    path = tmp_path / "export.json"
    path.write_text(json.dumps([task]))
    _, (document,) = read(path)
    assert sorted(mentions(document)) == [[emoji], ["her"], ["lost\nher"]]
    result[1]["value"]["text"] = "she"
    path.write_text(json.dumps([task]))
    with pytest.raises(DataError, match="'1' quotes 'she', but its characters 11 to 14 are 'her'"):
        read(path)


def test_a_bad_task_is_the_only_one_lost(tmp_path):
    good = {"id": 1, "data": {"text": TEXT}, "annotations": [{"result": [span("a", 0, 3)]}]}
    bad = [
        3,
        {"data": {}},
        {"data": {"text": TEXT}, "annotations": 3},
        {"data": {"text": TEXT}, "annotations": [{"result": [link("a", "b")]}]},
        {"data": {"text": TEXT}, "annotations": [{"result": [span("a", 0, 10**400)]}]},
    ]
    path = tmp_path / "export.json"
    path.write_text("[" + ",\n".join(map(json.dumps, [good, *bad, good])) + "]")
    errors = []

    class Noted(Findings):
        def problem(self, error):
            errors.append(str(error))

    noted = Noted()
    assert len(list(detect_format(path).read(path, findings=noted))) == 2
    assert noted.num_bad_documents == len(bad) == len(errors)
    assert all(f"{path}:{line}: " in one for line, one in enumerate(errors, start=2))


def test_tasks_without_a_name_on_one_line_are_told_apart(tmp_path):
    task = {"data": {"text": TEXT}, "annotations": [{"result": [span("a", 0, 3)]}]}
    bad = {"data": {"text": TEXT}, "annotations": [{"result": [span("a", 0, 99)]}]}
    path = tmp_path / "export.json"
    path.write_text(json.dumps([task, task, {**task, "id": 1}]))
    assert [one.doc_key for one in read(path)[1]] == ["export:1", "export:2", "1"]
    path.write_text(json.dumps([task, bad]))
    with pytest.raises(DataError, match=r"export\.json:1: task 2: clusters\[0\]\[0\] is"):
        read(path)


def test_results_without_an_id_are_spans_of_their_own(tmp_path):
    results = [
        {k: v for k, v in span("", *place).items() if k != "id"} for place in [(0, 3), (4, 8)]
    ]
    path = tmp_path / "export.json"
    path.write_text(json.dumps([{"data": {"text": TEXT}, "annotations": [{"result": results}]}]))
    assert mentions(*read(path)[1]) == [["Ida"], ["lost"]]


@pytest.mark.parametrize(
    "label",
    [
        "Coref",
        "pronominal_anaphora",
        "NominalCoreference",
        "IDENT",
        "owl:sameAs",
        "is_same",
        "Equiv",
    ],
)
def test_names_of_relations_that_say_coreference(label):
    assert is_coreference(label)


@pytest.mark.parametrize("label", ["president_of", "resident_in", "Incident", "sesame"])
def test_names_of_relations_that_hold_such_letters_by_chance(label):
    assert not is_coreference(label)


WEBANNO = """#FORMAT=WebAnno TSV 3.3
#T_SP=webanno.custom.Entity|value
#T_CH=webanno.custom.CoreferenceLink|referenceRelation|referenceType


#Text=Ida lost her keys.
1-1\t0-3\tIda\tPER\t*->1-1\tname
1-2\t4-8\tlost\t_\t_\t_
1-3\t9-12\ther\t_\t*->1-2|*->2-1[2]\tpron|x
1-4\t13-17\tkeys\t_\t*->2-1[2]\tx
1-4.1\t13-15\tke\t_\t_\t_
1-5\t17-18\t.\t_\t_\t_

#Text=She left.
2-1\t19-22\tShe\t_\t*->1-3\tpron
2-2\t23-27\tleft\t_\t_\t_
"""


def test_webanno(tmp_path):
    path = tmp_path / "export.tsv"
    path.write_text(WEBANNO)
    name, (document,) = read(path)
    assert (name, document.doc_key) == ("webanno", "export")
    assert document.sentences() == [["Ida", "lost", "her", "keys", "."], ["She", "left"]]
    assert mentions(document) == [["Ida", "her", "She"], ["her keys"]]
    assert document.not_held == {"other layers (words)": 1, "types of references (words)": 4}


def test_webanno_with_several_layers_of_chains_and_relations(tmp_path):
    """The columns of a chain come in either order; escaped characters of words are themselves."""
    path = tmp_path / "export.tsv"
    path.write_text(
        "#FORMAT=WebAnno TSV 3.3\n#T_CH=a.Link|referenceType|referenceRelation\n"
        "#T_CH=b.Link|referenceRelation|referenceType\n#T_RL=c.Bound|BT_a.Link\n\n\n"
        "1-1\t0-3\tIda\tname[1]\t*->1-1\t_\t_\t_\n1-2\t4-7\ta\\_b\t_\t_\t*->1-1\tx[1]\t_\n"
        "1-3\t8-11\tshe\tpron[1]\tcoref->1-2\t_\t_\t1-1\n1-4\t12-14\tit\t_\t_\t*->1-2\tx[1]\t_\n"
    )
    _, (document,) = read(path)
    assert mentions(document) == [["Ida", "she"], ["a_b", "it"]]
    assert document.not_held == {"types of references (words)": 4, "other layers (words)": 1}


def test_what_is_no_export_with_chains(tmp_path):
    path = tmp_path / "export.tsv"
    path.write_text("#FORMAT=WebAnno TSV 3.3\n1-1\t0-3\tIda\n")
    with pytest.raises(DataError, match="has no layer of chains"):
        read(path)
    path.write_text(WEBANNO.replace("*->1-3", "chain"))
    with pytest.raises(DataError, match=r"export\.tsv:15: 'chain' names no chain"):
        read(path)
    path.write_text(WEBANNO.replace("2-2\t23-27\tleft\t_", "2-2\t23-27\tleft"))
    with pytest.raises(DataError, match=r"export\.tsv:16: .* is no row of a token"):
        read(path)


def test_doccano(tmp_path):
    def entity(number, start, end):
        return {"id": number, "label": "PER", "start_offset": start, "end_offset": end}

    relations = [
        {"id": 1, "from_id": 3, "to_id": 2, "type": "COREF"},
        {"id": 2, "from_id": 1, "to_id": 2, "type": "owns"},
    ]
    entities = [entity(1, 0, 3), entity(2, 9, 12), entity(3, 19, 22)]
    record = {"id": 5, "text": TEXT, "entities": entities, "relations": relations, "Comments": []}
    path = tmp_path / "all.jsonl"
    path.write_text(json.dumps(record))
    name, (document,) = read(path)
    assert (name, document.doc_key) == ("doccano", "5")
    assert mentions(document) == [["Ida"], ["her", "She"]]
    relations[0]["to_id"] = 9
    path.write_text(json.dumps(record))
    with pytest.raises(DataError, match=r"all\.jsonl:1: relations\[0\] names ent"):
        read(path)


def test_entities_of_doccano_without_ids_and_with_the_same(tmp_path):
    entities = [{"label": "PER", "start_offset": 0, "end_offset": 3}]
    entities.append({"label": "PER", "start_offset": 19, "end_offset": 22})
    path = tmp_path / "all.jsonl"
    path.write_text(json.dumps({"text": TEXT, "entities": entities, "relations": []}))
    assert mentions(*read(path)[1]) == [["Ida"], ["She"]]
    both = [{**one, "id": 4} for one in entities]
    path.write_text(json.dumps({"text": TEXT, "entities": both, "relations": []}))
    with pytest.raises(DataError, match=r"entities\[1\] has the id '4' of another"):
        read(path)


def test_plain_text(tmp_path):
    path = tmp_path / "book.txt"
    path.write_bytes(b"Tom [see note 3] slept.\r\n\r\nHe woke.")
    name, (document,) = read(path)
    assert (name, document.doc_key, document.clusters) == ("text", "book", None)
    assert document.text == "Tom [see note 3] slept.\r\n\r\nHe woke."
    assert document.num_sentences == 2
    path.write_bytes(b"one\ntw\xe4\n")
    with pytest.raises(DataError, match=r"book\.txt:2: not UTF-8 text"):
        read(path)
    assert ".ann" in SUFFIXES


def test_a_text_may_not_fill_the_memory(tmp_path, monkeypatch):
    path = tmp_path / "bomb.txt.gz"
    path.write_bytes(gzip.compress(b"x " * (1 << 20)))
    monkeypatch.setenv(MAX_LINE_VARIABLE, "1")
    with pytest.raises(DataError, match=r"bomb\.txt\.gz:.* longer than 1 MB; cut it, or, if there"):
        read(path)


def test_dygie_records_with_clusters(tmp_path):
    record = {
        "doc_key": "x",
        "sentences": [["Ida", "ran"], ["She", "won"]],
        "clusters": [[[0, 0], [2, 2]]],
        "ner": [[[0, 0, "PER"]], []],
        "relations": [[], []],
    }
    path = tmp_path / "train.json"
    path.write_text(json.dumps(record))
    name, (document,) = read(path)
    assert (name, document.clusters) == ("jsonl", [((0, 0), (2, 2))])
    assert document.not_held == {
        "the key 'ner' (documents)": 1,
        "the key 'relations' (documents)": 1,
    }
