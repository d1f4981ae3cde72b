"""Files that begin with the byte order mark some programs write are read as if it was not there."""

from __future__ import annotations

import gzip
import io
import sys
from codecs import BOM_UTF8
from types import SimpleNamespace

import pytest

from spanbert_allen.common.files import open_text, read_lines
from spanbert_allen.encoders.vocabulary import WordPieceVocabulary
from spanbert_allen.formats.coref.detection import detect_format
from spanbert_allen.formats.coref.lossy import Dropped
from spanbert_allen.formats.coref.registry import coref_formats
from spanbert_allen.formats.qa.detection import qa_layout
from spanbert_allen.formats.qa.mrqa import read_mrqa
from spanbert_allen.formats.qa.squad import read_squad
from spanbert_allen.formats.relation.detection import read_relations, relation_layout
from spanbert_allen.formats.relation.labels import read_labels
from spanbert_allen.formats.sequence.glue import read_glue
from spanbert_allen.formats.sequence.glue_tasks import glue_task
from spanbert_allen.formats.sequence.jsonl import read_text_pairs
from tests.places import ROOT

FIXTURES = ROOT / "tests" / "fixtures"
CONLLU = "# newdoc id = a\n1\tIda\t" + "_\t" * 7 + "Entity=(e1)\n"
GAP = (
    "ID\tText\tPronoun\tPronoun-offset\tA\tA-offset\tA-coref\tB\tB-offset\tB-coref\tURL\n"
    "t-1\tIda saw Ada as she left.\tshe\t15\tIda\t0\tTRUE\tAda\t8\tFALSE\tu\n"
)


def glue(task):
    return lambda path: list(read_glue(path, glue_task(task)))


def relations(path):
    return relation_layout(path), list(read_relations(path))


def squad(path):
    return qa_layout(path), list(read_squad(path))


def mrqa(path):
    return qa_layout(path), list(read_mrqa(path))


def coref(path):
    found = detect_format(path)
    return found.name, list(found.read(path))


def coref_file(name):
    """The first document of the fixture, as a file of this format has it."""
    document = next(iter(coref_formats()["conll"].read(FIXTURES / "coref" / "small.conll")))
    written = coref_formats()[name]
    reduced = written.reduce(document, Dropped())
    assert reduced is not None and written.lines is not None
    return written.head + written.lines(reduced)


CASES = {
    "tacred": (FIXTURES / "relation" / "tacred.json", relations),
    "semeval": (FIXTURES / "relation" / "semeval.txt", relations),
    "relation jsonl": (FIXTURES / "relation" / "own.jsonl", relations),
    "relation labels": (FIXTURES / "relation" / "tacred.json", read_labels),
    "squad": (FIXTURES / "qa" / "squad.json", squad),
    "mrqa": (FIXTURES / "qa" / "mrqa.jsonl", mrqa),
    "glue with a header": (FIXTURES / "glue" / "STS-B" / "dev.tsv", glue("STS-B")),
    "glue without": (FIXTURES / "glue" / "CoLA" / "dev.tsv", glue("CoLA")),
    "text pairs": (FIXTURES / "glue" / "own.jsonl", lambda path: list(read_text_pairs(path))),
    "preco": (FIXTURES / "coref" / "preco.jsonl", coref),
    "conllu": (CONLLU, coref),
    "gap": (GAP, coref),
    "winobias": ("1 [The cook] slept as [she] was tired.\n", coref),
    **{name: (name, coref) for name in ("jsonl", "conll", "fastcoref", "wl-coref")},
}


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("packed", [False, True])
def test_it_makes_no_difference(tmp_path, name, packed):
    source, read = CASES[name]
    if isinstance(source, str):
        content = (coref_file(name) if source == name else source).encode()
    else:
        content = source.read_bytes()
    ending = ".gz" if packed else ""
    path = tmp_path / f"data.json{ending}"  # the same name, as it may be in what is read
    results = []
    for start in (b"", BOM_UTF8):
        path.write_bytes(gzip.compress(start + content) if packed else start + content)
        results.append(read(path))
    assert results[0]
    assert results[0] == results[1]


@pytest.mark.parametrize("stream", [io.BytesIO, lambda raw: io.BufferedReader(io.BytesIO(raw))])
def test_standard_input(monkeypatch, stream):
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=stream(BOM_UTF8 + b"one\ntwo\n")))
    assert list(read_lines("-")) == [(1, "one"), (2, "two")]


def test_only_the_first_is_no_text(tmp_path):
    path = tmp_path / "a.txt"
    path.write_bytes(BOM_UTF8 * 2 + b"one\n" + BOM_UTF8)
    assert [line for _, line in read_lines(path)] == ["\ufeffone", "\ufeff"]


@pytest.mark.parametrize("content", [b"", b"a", BOM_UTF8[:2], BOM_UTF8])
def test_short_files(tmp_path, content):
    path = tmp_path / "a.txt"
    path.write_bytes(content)
    with open_text(path) as file:
        assert file.read() == content.removeprefix(BOM_UTF8)


def test_a_vocabulary():
    content = b"[PAD]\n[UNK]\n[CLS]\n[SEP]\n"
    marked = WordPieceVocabulary.from_bytes(BOM_UTF8 + content, "vocab.txt")
    assert marked == WordPieceVocabulary.from_bytes(content, "vocab.txt")
