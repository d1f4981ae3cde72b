import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spanbert_allen.common.errors import DataError
from spanbert_allen.common.files import default_doc_key
from spanbert_allen.common.text import split_text
from spanbert_allen.formats.coref.jsonl import document_from_record, read_coref_jsonl
from tests.formats.coref.conll.test_reader import FIXTURES


def read(**record):
    return document_from_record(record, default_key="f:1", path="f.jsonl", line=3)


def test_the_fixture():
    lamp, turns, words, sentences = read_coref_jsonl(FIXTURES / "small.jsonl")
    assert [d.doc_key for d in (lamp, turns, words, sentences)] == [
        "lamp",
        "small:3",
        "words",
        "small:5",
    ]
    assert lamp.words == ["The", "keeper", "lit", "her", "lamp", ".", "It", "burned", "."]
    assert lamp.sentence_ids == [0] * 6 + [1] * 3
    assert lamp.clusters == [((0, 1), (3, 3)), ((3, 4), (6, 6))]
    assert (lamp.speakers, lamp.genre) == (None, None)
    assert turns.speakers == ["Ida"] * 4 + ["Tom"] * 4
    assert (turns.genre, turns.clusters) == ("tc", None)
    assert words.sentence_ids == [0] * 5 + [1] * 3
    assert words.clusters == [((0, 0), (2, 2)), ((5, 5),)]
    assert sentences.speakers == ["Ida"] * 3 + ["Tom"] * 2
    assert (sentences.sentence_ids, sentences.clusters) == ([0, 0, 0, 1, 1], [])


def test_text_keeps_the_users_characters():
    document = read(text="  Ida\tleft.\r\n", doc_key=7)
    assert document.text == "  Ida\tleft.\r\n"
    assert document.word_chars == [(2, 5), (6, 10), (10, 11)]
    assert document.doc_key == "7"


@pytest.mark.parametrize(
    ("record", "speakers"),
    [
        ({"text": "Hi. Ho.", "speakers": "Ida"}, ["Ida"] * 4),
        ({"text": "Hi. Ho.", "speakers": [[3, 6, "Tom"], [0, 2, "Ida"]]}, "Ida - Tom -"),
        ({"text": "Hi. Ho.", "speakers": [(4, 7, "Tom"), (4, 4, "Ida")]}, "- - Tom Tom"),
        ({"text": "Hi. Ho.", "speakers": []}, "- - - -"),
        ({"tokens": ["a", "b"], "speakers": "Ida"}, "Ida Ida"),
        ({"tokens": ["a", "b"], "speakers": ["Ida", None]}, "Ida -"),
        ({"sentences": [["a"], [], ["b", "c"]], "speakers": ["x", "y", "z"]}, "x z z"),
        ({"sentences": [["a"], ["b", "c"]], "speakers": [["x"], ["y", "z"]]}, "x y z"),
        ({"sentences": [["a"], ["b", "c"]], "speakers": ["x", ["y", "z"]]}, "x y z"),
        ({"sentences": [["a"], ["b", "c"]], "speakers": [None, ["y", "z"]]}, "- y z"),
        ({"sentences": [["a"], ["b", "c"]], "speakers": "x"}, "x x x"),
        ({"sentences": [["a"]], "speakers": None}, None),
    ],
)
def test_speakers(record, speakers):
    expected = speakers.split() if isinstance(speakers, str) else speakers
    assert read(**record).speakers == expected


def test_sentences_end_where_the_speaker_changes():
    assert read(text="so I say", speakers=[[0, 2, "x"], [3, 4, "y"]]).sentence_ids == [0, 1, 2]
    assert read(tokens=["so", "I", "say"], speakers=["x", "y", "y"]).sentence_ids == [0, 1, 1]


def test_clusters_and_mentions_are_put_in_document_order():
    document = read(tokens=list("abcde"), clusters=[[[4, 4], [1, 2]], [[3, 3], [0, 4], [0, 0]]])
    assert document.clusters == [((0, 0), (0, 4), (3, 3)), ((1, 2), (4, 4))]


def test_documents_of_no_words():
    for record in ({"text": "\x00\x01 \n"}, {"tokens": []}, {"sentences": [[], []]}):
        document = read(**record, clusters=[])
        assert (document.words, document.sentence_ids, document.clusters) == ([], [], [])


def test_unknown_keys_and_nulls_are_passed_over():
    document = read(tokens=["a"], text=None, genre=None, clusters=None, id=5, doc_key=None)
    assert (document.words, document.clusters, document.doc_key) == (["a"], None, "f:1")


@pytest.mark.parametrize(
    ("record", "message"),
    [
        ({}, "the record has none; give exactly one of text, tokens, sentences"),
        ({"text": "a", "tokens": ["a"]}, "the record has text and tokens; give exactly one"),
        ({"text": 5}, "text is 5; it must be a string"),
        ({"tokens": "a b"}, "tokens is 'a b'; it must be a list of words"),
        ({"tokens": ["a", 3]}, r"tokens\[1\] is 3; it must be a string"),
        ({"sentences": "a b"}, "sentences is 'a b'; it must be a list of lists of words"),
        ({"sentences": [["a"], "b c"]}, r"sentences\[1\] is 'b c'; it must be a list of words"),
        ({"sentences": [["a", None]]}, r"sentences\[0\]\[1\] is None; it must be a string"),
        ({"text": "a", "doc_key": ["x"]}, r"doc_key is \['x'\]; it must be a string"),
        ({"text": "a", "genre": 3}, "genre is 3; it must be a string"),
        ({"tokens": ["a"], "speakers": 3}, "speakers is 3; it must be a list with a name a token"),
        ({"tokens": ["a"], "speakers": []}, "speakers has 0 entries for 1 tokens"),
        ({"tokens": ["a"], "speakers": [4]}, r"speakers\[0\] is 4; it must be a name"),
        ({"sentences": [["a"]], "speakers": ["x", "y"]}, "speakers has 2 entries for 1 sentences"),
        ({"sentences": [["a"]], "speakers": [["x"], ["y"]]}, "speakers has 2 entries for 1 sent"),
        ({"sentences": [["a"]], "speakers": [["x", "y"]]}, r"speakers\[0\] has 2 entries for 1 wo"),
        ({"text": "ab", "speakers": {"x": 1}}, "speakers is .*; for a text it must be a list of"),
        ({"text": "ab", "speakers": ["x"]}, r"speakers\[0\] is 'x'; for a text it must be \[start"),
        ({"text": "ab", "speakers": [[0, 3, "x"]]}, r"speakers\[0\] is \[0, 3\) in a text of 2 ch"),
        ({"text": "ab", "speakers": [[2, 1, "x"]]}, r"speakers\[0\] is \[2, 1\)"),
        ({"text": "ab", "speakers": [[0, "1", "x"]]}, r"speakers\[0\] is .* two whole numbers"),
        (
            {"text": "abcd", "speakers": [[1, 3, "x"], [0, 2, "y"]]},
            "the turns of 'y' and 'x' overlap from character 1 to 2",
        ),
        ({"tokens": ["a"], "clusters": {}}, "clusters is {}; it must be a list of lists"),
        ({"tokens": ["a"], "clusters": [[]]}, r"clusters\[0\] is \[\]; it must be a list of ment"),
        ({"tokens": ["a"], "clusters": [[0]]}, r"clusters\[0\]\[0\] is 0; it must be two whole"),
        ({"tokens": ["a"], "clusters": [[[0, 0.0]]]}, r"clusters\[0\]\[0\] is \[0, 0.0\]"),
        ({"tokens": ["a"], "clusters": [[[0, False]]]}, r"clusters\[0\]\[0\] is \[0, False\]"),
        ({"tokens": ["a"], "clusters": [[[0, 0, 0]]]}, r"clusters\[0\]\[0\] is \[0, 0, 0\]"),
        (
            {"tokens": ["a", "b"], "clusters": [[[0, 0], [1, 2]]]},
            r"clusters\[0\]\[1\] is words 1 to 2, but the document has 2 words, numbered from 0",
        ),
        ({"tokens": ["a", "b"], "clusters": [[[1, 0]]]}, r"clusters\[0\]\[0\] is words 1 to 0"),
        ({"tokens": ["a", "b"], "clusters": [[[-1, 0]]]}, r"clusters\[0\]\[0\] is words -1 to 0"),
        (
            {"sentences": [["a"], ["b"]], "clusters": [[[0, 1]], [[0, 0], [0, 1]]]},
            r"clusters\[1\]\[1\], 'a b', is the mention that clusters\[0\]\[0\] is; keep one",
        ),
        (
            {"tokens": ["a"], "clusters": [[[0, 0], [0, 0]]]},
            r"clusters\[0\]\[1\], 'a', is the mention that clusters\[0\]\[0\] is",
        ),
        (
            {"text": "Ida left", "clusters": [[[0, 9]]]},
            r"clusters\[0\]\[0\] is characters 0 to 9, but the text has 8",
        ),
        ({"text": "Ida left", "clusters": [[[3, 3]]]}, r"clusters\[0\]\[0\] is characters 3 to 3"),
        (
            {"text": "Ida left", "clusters": [[[3, 4]]]},
            r"clusters\[0\]\[0\], characters 3 to 4, is only white space; mark a word",
        ),
        (
            {"text": "Ida \u200b left.", "clusters": [[[4, 5]]]},
            r"clusters\[0\]\[0\], '\\u200b' at characters 4 to 5, does not begin at a word in ",
        ),
    ],
)
def test_bad_records(record, message):
    with pytest.raises(DataError, match=r"^f\.jsonl:3: .*" + message) as caught:
        read(**record)
    assert "\n" not in str(caught.value)


def test_long_values_are_cut_in_messages():
    with pytest.raises(DataError) as caught:
        read(tokens="x" * 10_000)
    assert len(str(caught.value)) < 200


def test_an_empty_file(tmp_path):
    (tmp_path / "f.jsonl").write_text("\n\n")
    with pytest.raises(DataError, match=r"f\.jsonl: the file is empty; it must hold one JSON obj"):
        list(read_coref_jsonl(tmp_path / "f.jsonl"))


@pytest.mark.parametrize(
    ("path", "key"),
    [("a/b.jsonl", "b:4"), ("b.jsonl.gz", "b:4"), ("-", "stdin:4"), ("/x/.odd", ".odd:4")],
)
def test_default_keys(path, key):
    assert default_doc_key(path, 4) == key


@settings(deadline=None)
@given(
    st.lists(st.sampled_from(["Ida", "left", ".", "it's", "\n\n", "Mr."]), min_size=1),
    st.data(),
)
def test_character_and_word_mentions_agree(parts, data):
    text = " ".join(parts)
    split = split_text(text)
    if not split.words:
        return
    index = st.integers(0, len(split.words) - 1)
    drawn = data.draw(st.sets(st.tuples(index, index).map(lambda pair: tuple(sorted(pair)))))
    clusters = [[list(pair)] for pair in drawn]
    chars = [[[split.word_chars[a].start, split.word_chars[b].end]] for a, b in drawn]
    from_text = read(text=text, clusters=chars)
    from_words = read(tokens=list(split.words), clusters=clusters)
    assert from_text.clusters == from_words.clusters == sorted(((pair,)) for pair in drawn)


@pytest.mark.parametrize(
    ("text", "span", "words"),
    [
        ("周小川任中国人民银行行长。", (0, 3), "周小川"),
        ("Ida's lamp", (0, 2), "Id"),
        ("Ida left her .", (8, 13), "her"),
        ("Jose\u0301s cat", (0, 4), "Jose\u0301"),
        ("नमस्ते जी", (0, 3), "नमस्"),
    ],
)
def test_words_are_cut_where_mentions_begin_and_end(text, span, words):
    document = read(text=text, clusters=[[list(span)]])
    ((mention,),) = document.clusters
    assert "".join(document.words[mention.start : mention.end + 1]) == words
    assert "".join(document.words) == "".join(text.split())
