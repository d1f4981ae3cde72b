"""What is written as CoNLL is taken by AllenNLP's own reader of OntoNotes."""

from __future__ import annotations

import json

import pytest

from spanbert_allen.__main__ import main
from tests.places import FIXTURES

SOURCES = {
    "small.conll": "conll",
    "litbank_raw.conll": "conll",
    "preco.jsonl": "preco",
    "small.jsonl": "jsonl",
}


@pytest.mark.parametrize("name", SOURCES)
def test_allennlps_reader_takes_our_files(tmp_path, name):
    ontonotes = pytest.importorskip("allennlp_models.common.ontonotes").Ontonotes()
    target = tmp_path / "out.conll"
    main(["convert", str(FIXTURES / "coref" / name), str(target), "--to", "conll"])
    main(["convert", str(target), str(tmp_path / "again.jsonl"), "--to", "fastcoref"])
    records = [json.loads(line) for line in (tmp_path / "again.jsonl").read_text().splitlines()]
    documents = list(ontonotes.dataset_document_iterator(str(target)))
    assert [[one.words for one in document] for document in documents] == [
        record["sentences"] for record in records
    ]
