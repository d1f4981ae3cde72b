from hypothesis import given
from hypothesis import strategies as st

from spanbert_allen.common.spans import WordSpan
from spanbert_allen.formats.coref.document import CorefDocument
from spanbert_allen.formats.coref.registry import find_format
from spanbert_allen.formats.coref.validation import Summary, num_crossing, validate
from tests.formats.coref.conll.test_brackets import crosses


def check(tmp_path, name, text, **kwargs):
    path = tmp_path / "f"
    path.write_text(text)
    summary, found = validate(path, find_format(name), **kwargs)
    return summary, [message[len(str(path)) + 1 :] for message in found.messages], found


def row(index, label):
    return f"d\t0\t{index}\tword\t-\t*\t-\t-\t-\t-\t*\t{label}"


def test_conll_with_every_mistake(tmp_path):
    lines = [
        "#begin document (a);",
        row(0, "(1"),
        "d\t0\t1\tword",
        row(2, "2)"),
        row(3, "(3|3"),
        "#end document",
        "stray row",
        "#begin document",
        row(0, "(1)"),
        "#end document",
        "#begin document (b);",
        row(0, "(1)|(1)"),
        row(1, "(2)|(3)"),
        "#end document",
        "#begin document (c);",
        row(0, "(1)|(2)"),
        "#end document",
        "#end document",
        "#begin document (d);",
        row(0, "-"),
    ]
    summary, messages, found = check(tmp_path, "conll", "\n".join(lines) + "\n")
    assert [message[:38] for message in messages] == [
        "3: 4 columns where a row has 12 or mor",
        "4: '2)' closes a mention of cluster 2,",
        "5: the last column holds '(3|3'; it mu",
        "2: the bracket `(1` opened here never ",
        "7: a row outside a document; it belong",
        "8: the document has no name; write `#b",
        "12: the mention that closes here is tw",
        "13: a mention that closes here is in t",
        "16: a mention that closes here is in t",
        "18: `#end document` without a `#begin ",
        "19: document d begins here and has no ",
    ]
    assert (summary.problems, summary.repaired, summary.documents) == (9, 2, 1)
    assert (summary.mentions, summary.clusters) == (1, 1)
    assert found.num_unsaid == 0


def test_a_limit(tmp_path):
    summary, messages, found = check(tmp_path, "jsonl", "x\n" * 5, limit=2)
    assert (len(messages), found.num_unsaid, summary.problems) == (2, 3, 5)


def test_documents_of_one_name(tmp_path):
    summary, messages, _ = check(tmp_path, "jsonl", '{"doc_key": "a", "sentences": []}\n' * 2)
    assert summary.problems == 1
    assert messages == [
        " two documents are named a; scores are taken by name, so give each its own"
    ]


def test_what_no_reader_goes_on_after(tmp_path):
    summary, messages, _ = check(tmp_path, "conll", "Only text.\n")
    assert summary.problems == 1
    assert messages[0].startswith("1: not a CoNLL file")


def test_numbers():
    summary = Summary()
    spans = [WordSpan(0, 30), WordSpan(2, 35), WordSpan(3, 3), WordSpan(4, 33)]
    summary.add(
        CorefDocument.from_sentences(
            "k",
            [["a"] * 34, ["b"] * 4],
            speakers=["x"] * 38,
            clusters=[(spans[0], spans[3]), (spans[1],), (spans[2],)],
        )
    )
    summary.add(CorefDocument.from_sentences("l", [["a"]]))
    assert summary == Summary(
        documents=2,
        documents_without_annotation=1,
        documents_with_speakers=1,
        sentences=3,
        words=39,
        clusters=3,
        singletons=2,
        mentions=4,
        wide=2,
        over_sentence_ends=1,
        crossing=2,
    )
    assert "mentions over 30 words                       2" in list(summary.lines())


ENDS = st.tuples(st.integers(0, 9), st.integers(0, 9))


@given(st.sets(ENDS.map(lambda ends: WordSpan(min(ends), max(ends)))))
def test_crossing_mentions(mentions):
    ordered = sorted(mentions, key=lambda one: (one.start, -one.end))
    naive = sum(
        any(crosses(one, other) for other in ordered[:place]) for place, one in enumerate(ordered)
    )
    assert num_crossing(ordered) == naive
