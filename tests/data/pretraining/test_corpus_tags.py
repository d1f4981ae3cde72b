"""Tags follow the pieces of a corpus, whatever finds the expressions."""

from __future__ import annotations

import json

import numpy as np
import pytest
import spacy

from spanbert_allen.__main__ import main
from spanbert_allen.common.errors import ConfigError, DataError
from spanbert_allen.data.pieces import PieceTokenizer
from spanbert_allen.data.pretraining.corpus_building import CorpusSettings, build_corpus
from spanbert_allen.data.pretraining.corpus_tags import (
    TaggedText,
    texts_with_spans,
    write_tags,
)
from spanbert_allen.encoders import find_encoder
from spanbert_allen.formats.pretraining.corpus import Corpus
from spanbert_allen.integrations.spacy.spans import SpacySpans

FIRST = "  Ida Frank lost her keys,\n and Tom\n found them. On Monday!\n\nThen Ida Frank left."
SECOND = "Tom saw Ida."
NAMES = ("Ida Frank", "Tom", "Ida")


def spans_of(text):
    """Return the characters of names."""
    found = {
        (text.index(name, i), text.index(name, i) + len(name))
        for name in NAMES
        for i in range(len(text))
        if text.startswith(name, i)
    }
    return sorted(map(list, found))


@pytest.fixture
def sources(tmp_path):
    (tmp_path / "a.txt").write_text(FIRST, encoding="utf-8")
    (tmp_path / "empty.txt").write_text("\n", encoding="utf-8")
    records = [{"text": SECOND}, {"text": ""}, {"text": FIRST}]
    (tmp_path / "b.jsonl").write_text("".join(json.dumps(r) + "\n" for r in records))
    return [tmp_path / name for name in ("a.txt", "empty.txt", "b.jsonl")]


@pytest.fixture
def spans(tmp_path):
    path = tmp_path / "spans.jsonl"
    lines = [{"spans": spans_of(text)} for text in (FIRST, "", SECOND, "", FIRST)]
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return path


@pytest.fixture
def corpus(sources, tmp_path):
    build_corpus(sources, tmp_path / "corpus", CorpusSettings(encoder="tiny", layout="files"))
    return Corpus(tmp_path / "corpus")


def tokenizer():
    return PieceTokenizer.from_files(find_encoder("tiny"), keep_special_strings=False)


def pipeline(folder):
    nlp = spacy.blank("en")
    ruler = nlp.add_pipe("entity_ruler")
    ruler.add_patterns([{"label": "PERSON", "pattern": name} for name in NAMES])
    ruler.add_patterns([{"label": "DATE", "pattern": "Monday"}])
    nlp.to_disk(folder)
    return str(folder)


def tagged_words(corpus, path):
    """Return the tagged pieces of a corpus as words."""
    packed = np.fromfile(path, np.uint8)
    tags = np.unpackbits(packed, count=len(corpus.pieces)).astype(np.bool_)
    assert len(packed) == -(-len(corpus.pieces) // 8)
    pieces = find_encoder("tiny").vocabulary.pieces
    text = " ".join(pieces[one] for one in corpus.pieces[tags])
    return text.replace(" ##", "").split()


OF_FIRST = ["Ida", "Frank", "Tom", "Ida", "Frank"]
EXPECTED = [*OF_FIRST, "Tom", "Ida", *OF_FIRST]


def run(sources, corpus, out, *options):
    named = list(map(str, sources))
    return main(["corpus-tags", *named, "--corpus", str(corpus), "--out", str(out), *options])


def test_spans_of_characters_and_a_pipelines_entities_tag_the_same(
    sources, spans, corpus, tmp_path, capsys
):
    by_spans, by_spacy = tmp_path / "spans.tags", tmp_path / "spacy.tags"
    assert run(sources, corpus.folder, by_spans, "--spans", str(spans)) == 0
    assert "pieces are tagged" in capsys.readouterr().out
    assert tagged_words(corpus, by_spans) == EXPECTED
    assert run(sources, corpus.folder, by_spacy, "--spacy", pipeline(tmp_path / "nlp")) == 0
    assert by_spacy.read_bytes() == by_spans.read_bytes()


def test_documents_between_blank_lines(tmp_path):
    text = "\n\nTom saw Ida .\nIda left .\n\n \nA boy ran .\n\nTom\n"
    (tmp_path / "texts.txt").write_text(text)
    settings = CorpusSettings(encoder="tiny", layout="blank-lines")
    build_corpus([tmp_path / "texts.txt"], tmp_path / "corpus", settings)
    lines = [[[8, 11], [14, 17]], [], [[0, 3]]]
    (tmp_path / "spans.jsonl").write_text("".join(json.dumps({"spans": s}) + "\n" for s in lines))
    texts = texts_with_spans([tmp_path / "texts.txt"], "blank-lines", tmp_path / "spans.jsonl")
    corpus = Corpus(tmp_path / "corpus")
    assert write_tags(texts, corpus, tokenizer(), tmp_path / "tags") > 0
    assert tagged_words(corpus, tmp_path / "tags") == ["Ida", "Ida", "Tom"]


def test_other_texts_than_the_corpuss_leave_no_file(sources, spans, corpus, tmp_path):
    out = tmp_path / "tags"
    cases = [
        (sources[1:], r"b.jsonl: is not the text of .*corpus from its piece 1 on: give the files"),
        (sources[:1], r"corpus: has \d+ pieces, and the texts have \d+: give all files"),
        ([*sources, sources[0]], r"a.txt: is not the text of .* from its piece \d+ on"),
    ]
    for given, problem in cases:
        texts = (
            TaggedText(source, text, [(0, 3)] if text else [])
            for source in given
            for text in ([FIRST], [""], [SECOND, "", FIRST])[sources.index(source)]
        )
        with pytest.raises(DataError, match=problem):
            write_tags(texts, corpus, tokenizer(), out)
    untagged = (text._replace(spans=[]) for text in texts_with_spans(sources, "files", spans))
    with pytest.raises(DataError, match="none of its pieces is in an expression"):
        write_tags(untagged, corpus, tokenizer(), out)
    assert not [path for path in tmp_path.iterdir() if "tags" in path.name]


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (lambda lines: lines[:-1], r"spans.jsonl: has no line for a document of .*b.jsonl"),
        (lambda lines: [*lines, lines[0]], r"spans.jsonl:6: is a line more than there are docum"),
        (lambda lines: [lines[0], '{"spans": [[0, 2]]}', *lines[2:]], r"spans.jsonl:2: `spans.0.`"),
        (lambda lines: ['{"spans": 3}', *lines[1:]], r"spans.jsonl:1: `spans` is 3"),
    ],
)
def test_spans_that_do_not_fit(sources, spans, change, problem):
    spans.write_text("\n".join(change(spans.read_text().splitlines())) + "\n")
    with pytest.raises(DataError, match=problem):
        list(texts_with_spans(sources, "files", spans))


def test_pipelines_that_find_nothing_of_the_kind(tmp_path):
    with pytest.raises(ConfigError, match="spaCy has no pipeline nowhere: install it"):
        SpacySpans("nowhere", "entities")
    folder = pipeline(tmp_path / "nlp")
    find = SpacySpans(folder, "noun-chunks")
    with pytest.raises(ConfigError, match="finds no noun-chunks, which needs a parser"):
        list(find([("Ida left.", "a.txt")]))


def test_no_input_of_the_command_is_written_over(sources, spans, corpus):
    command = ["corpus-tags", *map(str, sources), "--corpus", str(corpus.folder)]
    for path in (sources[0], spans, corpus.folder / "pieces.bin"):
        before = path.read_bytes()
        with pytest.raises(DataError, match="this is also what is read"):
            main([*command, "--spans", str(spans), "--out", str(path)])
        assert path.read_bytes() == before
