"""Every format: what is written is read again, and what a format cannot hold is counted."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings

from spanbert_allen.common.errors import ConfigError, DataError
from spanbert_allen.common.spans import CharSpan, WordSpan
from spanbert_allen.common.text import split_text
from spanbert_allen.formats.coref.detection import detect_format
from spanbert_allen.formats.coref.document import CorefDocument
from spanbert_allen.formats.coref.lossy import Dropped
from spanbert_allen.formats.coref.registry import FORMATS, coref_formats, find_format
from tests.formats.coref.conll.test_reader import FIXTURES
from tests.formats.coref.documents import PLAIN_WORDS, documents

WRITABLE = [name for name, one in coref_formats().items() if one.lines]
SOME = settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])


def written(tmp_path, file_format, reduced):
    path = tmp_path / "written"
    lines = "".join(map(file_format.lines, reduced))
    path.write_text(file_format.head + lines, encoding="utf-8", newline="")
    return path


def check_round_trip(tmp_path, name, document):
    file_format, dropped = find_format(name), Dropped()
    reduced = file_format.reduce(document, dropped)
    if reduced is None:
        assert dropped
        return None
    (again,) = file_format.read(written(tmp_path, file_format, [reduced]))
    if name == "winobias":  # has no names
        again = replace(again, doc_key=reduced.doc_key)
    assert again == reduced
    # Nothing is lost of what fits, and nothing is lost unsaid.
    more = Dropped()
    assert file_format.reduce(reduced, more) == reduced
    assert not more
    if not dropped:
        assert reduced.words == document.words
        assert reduced.clusters == document.clusters
        assert reduced.text == document.text
        assert document.genre in (None, reduced.genre)
        if document.speakers is not None and not {"", "-", "_"}.issuperset(document.speakers):
            assert reduced.speakers == document.speakers
    return reduced


@pytest.mark.parametrize("name", sorted(set(WRITABLE) - {"winobias", "gap"}))
def test_documents_come_back(tmp_path, name):
    @given(documents())
    @SOME
    def check(document):
        assert check_round_trip(tmp_path, name, document) is not None

    check()


def test_sentences_of_winobias_come_back(tmp_path):
    @given(documents(PLAIN_WORDS, max_sentences=1) | documents(max_sentences=1))
    @SOME
    def check(document):
        check_round_trip(tmp_path, "winobias", document)

    check()
    linked = of_text("Ida says that she knows Joan.", (WordSpan(0, 0), WordSpan(3, 3)))
    reduced = check_round_trip(tmp_path, "winobias", linked)
    assert reduced.words == linked.words and reduced.clusters == linked.clusters


TEXT = "  Ida met\u00a0Joan Doe's sister.\r\nShe left."


def of_text(text, *clusters, speakers=None, key="k"):
    split = split_text(text)
    return CorefDocument(
        doc_key=key,
        words=split.words,
        sentence_ids=split.sentence_ids,
        text=text,
        word_chars=split.word_chars,
        speakers=speakers,
        clusters=sorted(clusters),
    )


def test_a_text_is_kept_where_it_can_be(tmp_path):
    document = of_text(TEXT, (WordSpan(0, 0), WordSpan(7, 7)), speakers=["Ida"] * 7 + ["Tom"] * 3)
    reduced = check_round_trip(tmp_path, "jsonl", document)
    assert reduced == document
    assert "text" in json.loads((tmp_path / "written").read_text())
    dropped = Dropped()
    other_words = replace(document, words=["Idamet", *document.words[2:]], sentence_ids=[0] * 9)
    other_words = replace(
        other_words,
        speakers=None,
        clusters=[],
        word_chars=[CharSpan(2, 9), *document.word_chars[2:]],
    )
    assert find_format("jsonl").reduce(other_words, dropped).is_text_plain()
    assert dropped == {"white space of the text (documents)": 1}


def test_a_row_of_gap_comes_back(tmp_path):
    text = "Ida met Joan Doe. She left."
    ida, joan, she = WordSpan(0, 0), WordSpan(2, 3), WordSpan(5, 5)
    for clusters in ([(ida, she), (joan,)], [(joan, she), (ida,)], [(ida,), (joan,), (she,)]):
        document = of_text(text, *clusters)
        assert check_round_trip(tmp_path, "gap", document) == document
    for clusters in ([(ida, joan), (she,)], [(ida, she)], [(ida, joan, she), (WordSpan(6, 6),)]):
        dropped = Dropped()
        assert find_format("gap").reduce(of_text(text, *clusters), dropped) is None
        assert dropped == {"documents left out: not a pronoun and two names in a text": 1}
    assert (
        find_format("gap").reduce(of_text("Ida\tmet Joan. She", (ida, WordSpan(4, 4))), dropped)
        is None
    )


CROSSING = CorefDocument.from_sentences(
    "wb/a_0",
    [["a", "b"], [], ["c", " "]],
    speakers=["x y", "", "z", "z"],
    genre="nw",
    clusters=[(WordSpan(0, 1), WordSpan(1, 3)), (WordSpan(2, 2),)],
)


@pytest.mark.parametrize(
    ("name", "lost"),
    [
        ("jsonl", {}),
        ("fastcoref", {"genres (documents)": 1}),
        (
            "preco",
            {
                "genres (documents)": 1,
                "speakers (documents)": 1,
                "mentions over the end of a sentence (mentions)": 1,
            },
        ),
        (
            "wl-coref",
            {
                "empty sentences": 1,
                "genres that are not how the name begins (documents)": 1,
            },
        ),
        (
            "conll",
            {
                "white space or nothing in words, which becomes `_` (words)": 1,
                "white space or nothing in names, which becomes `_` (documents)": 1,
                "empty sentences": 1,
                "genres that are not how the name begins (documents)": 1,
                "mentions that cross another of their cluster (mentions)": 1,
            },
        ),
        (
            "winobias",
            {
                "documents left out: not a sentence with mentions of two clusters side by side": 1,
            },
        ),
    ],
)
def test_what_a_format_cannot_hold_is_counted(name, lost):
    dropped = Dropped()
    find_format(name).reduce(CROSSING, dropped)
    assert dict(dropped) == lost


@pytest.mark.parametrize("name", ["conll", "preco", "minimised"])
def test_annotated_with_nothing_is_not_unannotated(name):
    dropped = Dropped()
    reduced = find_format(name).reduce(replace(CROSSING, clusters=None), dropped)
    told = "no annotation, which becomes no clusters (documents)"
    assert (reduced.clusters is None, told in dropped) == (
        (True, False) if name == "preco" else (False, True)
    )


@pytest.mark.parametrize(
    ("line", "name"),
    [
        ("# a comment\n#begin document (a);", "conll"),
        ("# only a comment", "conll"),
        ("# newdoc id = a", "conllu"),
        ("# about this file\n# sent_id = 1", "conllu"),
        ('{"text": "a"}', "jsonl"),
        ('{"doc_key": "a", "sentences": [["a"]]}', "jsonl"),
        ('{"text": "a", "clusters": [], "clusters_strings": []}', "fastcoref"),
        ('{"text": ["a"], "clusters": []}', "fastcoref"),
        ('{"id": "a", "sentences": [], "mention_clusters": []}', "preco"),
        ('{"cased_words": []}', "wl-coref"),
        ('{"sentences": [], "subtoken_map": []}', "minimised"),
        ('{"sentences": [], "subtoken_map": [], "predicted_clusters": []}', "minimised-predicted"),
        ('{"schema": "spanbert_allen.coref/1"}', "predictions"),
        ('{"error": "x"}', "predictions"),
        ("ID\tText\tPronoun\tPronoun-offset", "gap"),
        ("1 [The cook] slept because [she] was tired.", "winobias"),
        ('["Gull" ] sank because [it] was old.', "winobias"),
    ],
)
def test_formats_are_told_apart(tmp_path, line, name):
    (tmp_path / "f").write_text(f"\n{line}\n")
    assert detect_format(tmp_path / "f").name == name


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("", "the file is empty"),
        ("Only text.\n", "f:1: no coreference file that is known by its first line; name its"),
        ("Ida (a cook) left [1].\n", r"f:1: no .*\(`convert --from`, .*: jsonl, .* winobias"),
        ('\n{"a": 1}', "f:2: a record of no known coreference format, with the keys a; name its"),
        ('{"a', "f:1: not JSON"),
        ('[{"text": "Ida left."}]', "f:1: a JSON list, not an object"),
        ('["Ida left."]', "f:1: a JSON list, not an object"),
    ],
)
def test_unknown_formats(tmp_path, content, sentence):
    (tmp_path / "f").write_text(content)
    with pytest.raises(DataError, match=sentence):
        detect_format(tmp_path / "f")


def test_names_of_formats():
    with pytest.raises(ConfigError, match="there is no coreference format 'xml'; use one of"):
        find_format("xml")
    assert set(WRITABLE) < set(FORMATS)


@pytest.mark.parametrize("name", ["small", "litbank_raw"])
def test_conll_through_every_format(tmp_path, name):
    """The fixtures fit into all of these but for speakers, which PreCo has none of."""
    documents = list(find_format("conll").read(FIXTURES / f"{name}.conll"))
    for target in ("jsonl", "conll", "fastcoref", "wl-coref", "preco"):
        file_format = find_format(target)
        again = list(file_format.read(written(tmp_path, file_format, documents)))
        for before, after in zip(documents, again, strict=True):
            kept = {"preco": {"speakers", "genre"}, "fastcoref": {"genre"}}.get(target, set())
            assert replace(before, **dict.fromkeys(kept)) == after
