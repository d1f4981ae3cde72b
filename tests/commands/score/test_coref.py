"""The command `spanbert-allen score coref`."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from spanbert_allen.__main__ import main
from spanbert_allen.common.errors import DataError
from spanbert_allen.common.spans import WordSpan
from spanbert_allen.formats.coref.conll.writer import write_conll
from spanbert_allen.formats.coref.document import CorefDocument
from tests.metrics.coref.test_cluster_scores import CASES, OFFICIAL_NAMES
from tests.test_start_up import heavy_modules

WORDS = ["Ida", "met", "Nils", ".", "She", "gave", "him", "her", "lamp"]
WORDS += [",", "and", "he", "thanked", "Ida", "."]
CLUSTERS = [[(0, 0), (4, 4), (7, 7), (13, 13)], [(2, 2), (6, 6), (11, 11)], [(7, 8)]]
SPLIT = [[(0, 0), (4, 4)], [(7, 7), (13, 13)], [(2, 2), (6, 6)], [(7, 8)]]
MERGED = [[(0, 0), (4, 4), (7, 7), (2, 2)], [(6, 6), (11, 11), (10, 11)]]


def document(name: str, clusters: list, words: list[str] = WORDS) -> CorefDocument:
    spans = [tuple(WordSpan(*mention) for mention in cluster) for cluster in clusters]
    return CorefDocument.from_sentences(name, [words], clusters=spans)


def conll(path: Path, **documents: list) -> Path:
    write_conll([document(name, clusters) for name, clusters in documents.items()], path)
    return path


def result(name: str, clusters: list) -> dict:
    """As the predictor writes it."""
    made = document(name, clusters)
    mentions = [
        [
            {"words": [start, end], "text": " ".join(WORDS[start : end + 1])}
            for start, end in cluster
        ]
        for cluster in clusters
    ]
    return {
        "schema": "spanbert_allen.coref/1",
        "doc_key": name,
        "text": made.text,
        "clusters": mentions,
    }


def json_lines(path: Path, *records: dict) -> Path:
    path.write_text("".join(json.dumps(record) + "\n" for record in records), encoding="utf-8")
    return path


@pytest.fixture
def gold(tmp_path: Path) -> Path:
    return conll(tmp_path / "gold.conll", one=CLUSTERS, two=CLUSTERS)


@pytest.fixture
def predicted(tmp_path: Path) -> Path:
    return conll(tmp_path / "predicted.conll", one=SPLIT, two=MERGED)


def score(*arguments: object) -> dict:
    out = Path(str(arguments[1])).with_name("scores.json")
    assert main(["score", "coref", *map(str, arguments), "--out", str(out)]) == 0
    return json.loads(out.read_text(encoding="utf-8"))


def test_what_is_printed(gold, predicted, capsys):
    assert main(["score", "coref", str(gold), str(predicted)]) == 0
    said = capsys.readouterr()
    assert not said.err
    lines = said.out.splitlines()
    assert lines[0] == "2 documents"
    assert lines[2].split() == ["with", "singletons", "precision", "recall", "F1"]
    # 14 of 14 predicted mentions less (10,11), of 16 annotated ones.
    assert lines[3].split() == ["mentions", "92.86", "81.25", "86.67"]
    # Found links: 1 + 1 + 1, and 2 + 1; of 5 annotated ones each; of 3 and 5 predicted ones.
    assert lines[4].split() == ["MUC", "75.00", "60.00", "66.67"]
    assert lines[12].split() == ["without", "singletons", "precision", "recall", "F1"]
    assert ["missed", "mentions", "2", "2"] in [line.split() for line in lines]
    assert ["splits", "2", "2"] in [line.split() for line in lines]


def test_the_official_scorers_cases_as_files(tmp_path):
    """Those whose clusters brackets can hold; numerators and denominators add up over them."""
    names, sides = [], {"key": [], "response": []}
    for case in CASES:
        made = {}
        for side in sides:
            spans = [[tuple(mention) for mention in cluster] for cluster in case[side]]
            num_words = 1 + max((end for c in case["key"] + case["response"] for _, end in c))
            made[side] = document(case["case"], spans, ["_"] * num_words)
        try:
            for side, written in made.items():
                write_conll([written], tmp_path / f"{side}.one")
        except DataError:  # crossing mentions of one cluster
            continue
        names.append(case["case"])
        for side, written in made.items():
            sides[side].append(written)
    assert len(names) >= 30
    for side, documents in sides.items():
        write_conll(documents, tmp_path / side)
    scores = score(tmp_path / "key", tmp_path / "response", "--by-document")
    for official, name in OFFICIAL_NAMES.items():
        counts = [case["expected"][official] for case in CASES if case["case"] in names]
        if official != "blanc":
            found, key, right, response = map(sum, zip(*counts, strict=True))
            assert scores["with_singletons"][name]["recall"] == pytest.approx(found / key)
            assert scores["with_singletons"][name]["precision"] == pytest.approx(right / response)
        for case in CASES:
            if case["case"] in names:
                found, key, *_ = case["expected"][official]
                row = scores["by_document"][f"{case['case']}"]["with_singletons"][name]
                assert row["recall"] == pytest.approx(found / key if key else 0.0)


def test_predictions_as_the_predictor_writes_them(gold, predicted, tmp_path):
    results = json_lines(tmp_path / "results.jsonl", result("two", MERGED), result("one", SPLIT))
    assert score(gold, results, "--by-document") == score(gold, predicted, "--by-document")
    annotated = json_lines(
        tmp_path / "gold.jsonl",
        *({"doc_key": name, "tokens": WORDS, "clusters": CLUSTERS} for name in ("one", "two")),
    )
    assert score(annotated, results) == score(gold, predicted)


TEXTS = {
    # Rules for German make a word of "z.B.", and those for English two.
    "a": ("Das war z.B. Ida. Sie kam.", [[(13, 16), (18, 21)]]),
    # Annotated mentions cut words, which the predictor is not told.
    "b": ("\u5468\u5c0f\u5ddd\u4efb\u884c\u957f\u3002\u4ed6\u5fd9\u3002", [[(0, 3), (7, 8)]]),
}


@pytest.mark.parametrize("words", [{13: 3, 18: 5, 0: 0, 7: 2}, {13: 9, 18: 30, 0: 4, 7: 7}])
def test_mentions_of_a_text_are_compared_by_characters(tmp_path, words):
    """However the predictor has split it into words."""
    gold, results = [], []
    for name, (text, clusters) in TEXTS.items():
        record = {"doc_key": name, "text": text, "clusters": clusters}
        gold.append(record)
        mentions = [
            {"start": a, "end": b, "words": [words[a], words[a]], "text": text[a:b]}
            for a, b in clusters[0]
        ]
        wrong = {"start": 4, "end": 5, "words": [1, 1], "text": text[4:5]}
        schema = {"schema": "spanbert_allen.coref/1"}
        results.append(schema | record | {"clusters": [[*mentions, wrong]]})
    page = tmp_path / "page.html"
    scores = score(
        json_lines(tmp_path / "gold.jsonl", *gold),
        json_lines(tmp_path / "results.jsonl", *results),
        "--html",
        page,
    )
    assert scores["with_singletons"]["mentions"]["recall"] == 1
    assert scores["with_singletons"]["muc"]["precision"] == 0.5
    assert "Sie" in page.read_text(encoding="utf-8")


def test_other_formats(gold, predicted, tmp_path):
    """wl-coref's clusters as predicted ones, and PreCo's annotation."""
    ends = [[[start, end + 1] for start, end in cluster] for cluster in SPLIT]
    wl_coref = {"document_id": "one", "cased_words": WORDS, "sent_id": [0] * len(WORDS)}
    wl_coref |= {"part_id": 0, "speaker": ["-"] * len(WORDS), "span_clusters": ends}
    mentions = [[[0, start, end + 1] for start, end in cluster] for cluster in CLUSTERS]
    preco = {"id": "one_0", "sentences": [WORDS], "mention_clusters": mentions}
    results = json_lines(tmp_path / "results.jsonl", wl_coref)
    annotated = json_lines(tmp_path / "gold.jsonl", preco)
    rows = score(gold, predicted, "--by-document")["by_document"]
    assert score(annotated, results)["with_singletons"] == rows["one"]["with_singletons"]


def test_singletons(tmp_path):
    gold = conll(tmp_path / "gold.conll", one=CLUSTERS)
    predicted = conll(tmp_path / "predicted.conll", one=CLUSTERS[:2])
    scores = score(gold, predicted)
    assert scores["without_singletons"]["conll"]["f1"] == 1.0
    assert scores["with_singletons"]["conll"]["f1"] < 1.0
    assert scores["with_singletons"]["errors"]["missed_clusters"] == 1


def test_documents_and_their_samples(gold, predicted, capsys):
    scores = score(gold, predicted, "--by-document", "--bootstrap", 200, "--seed", 4)
    total = scores["with_singletons"]
    first, second = (row["with_singletons"] for row in scores["by_document"].values())
    for name, count in total["errors"].items():
        assert count == first["errors"][name] + second["errors"][name]
    low, high = total["intervals"]["conll"]
    rows = sorted(row["conll"]["f1"] for row in (first, second))
    assert [low, high] == pytest.approx(rows)  # a quarter of the samples are one document twice
    printed = capsys.readouterr().out
    assert f"{100 * low:.2f} to {100 * high:.2f}" in printed
    assert printed.count("\none ") == 2


def test_against_another_system(gold, predicted, tmp_path, capsys):
    scores = score(gold, gold, "--against", predicted, "--bootstrap", 500)
    result = scores["with_singletons"]["against"]["conll"]
    worse = score(gold, predicted)["with_singletons"]["conll"]["f1"]
    assert result["difference"] == pytest.approx(1 - worse)
    assert result["p_value"] == pytest.approx(0.5, abs=0.1)  # two documents tell little
    assert "against, with singletons" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("records", "sentence"),
    [
        (
            [result("one", SPLIT)],
            "the document two is without a prediction; predict all documents, or say "
            "--missing-as-empty",
        ),
        (
            [result("one", SPLIT), {"doc_key": "two", "error": "no text"}],
            r"the document two is without a prediction \('no text'\)",
        ),
        (
            [result(name, SPLIT) for name in ("one", "two", "three")],
            "the document three is not in the annotated data, which begins with one",
        ),
        ([result("one", SPLIT), result("one", SPLIT)], "two documents are named one"),
        (
            [result("one", SPLIT), {**result("two", []), "clusters": [[{"words": [9, 99]}]]}],
            "document two: the mention of words 9 to 99 is outside its 15 words",
        ),
        (
            [
                result("one", SPLIT),
                {**result("two", []), "clusters": [[{"words": [0, 0], "text": "Ada"}]]},
            ],
            "document two: at word 0 the annotated data has 'Ida', this file has 'Ada'",
        ),
        (
            [result("one", SPLIT), {**result("two", []), "clusters": [[{"start": 1}]]}],
            r"clusters\[0\]\[0\]\.words is None; it must be two whole numbers",
        ),
        (
            [{"doc_key": "one", "tokens": WORDS}],
            "the document one has no clusters; give annotated documents",
        ),
    ],
)
def test_what_does_not_fit(gold, tmp_path, records, sentence):
    with pytest.raises(DataError, match=sentence):
        score(gold, json_lines(tmp_path / "results.jsonl", *records))


def test_other_words(gold, tmp_path):
    other = document("two", SPLIT, [*WORDS[:-1], "!"])
    write_conll([document("one", SPLIT), other], tmp_path / "other.conll")
    with pytest.raises(DataError, match=r"document two: at word 14 the annotated data has '\.'"):
        score(gold, tmp_path / "other.conll")
    longer = document("two", SPLIT, [*WORDS, "!"])
    write_conll([document("one", SPLIT), longer], tmp_path / "other.conll")
    with pytest.raises(DataError, match="has '15 words', this file has '16 words'"):
        score(gold, tmp_path / "other.conll")


def test_missing_documents_can_count_as_empty(gold, tmp_path, capsys):
    results = json_lines(
        tmp_path / "results.jsonl", result("one", CLUSTERS), {"doc_key": "two", "error": "no text"}
    )
    scores = score(gold, results, "--missing-as-empty", "--by-document")
    assert scores["with_singletons"]["mentions"]["recall"] == 0.5
    assert scores["by_document"]["two"]["with_singletons"]["conll"]["f1"] == 0.0
    assert "counted as predicted without clusters: 1" in capsys.readouterr().err


def test_files_without_documents(tmp_path, gold):
    empty = tmp_path / "empty.conll"
    empty.write_text("\n", encoding="utf-8")
    with pytest.raises(DataError, match="the file is empty"):
        score(empty, gold)


def test_nothing_heavy_is_imported(tmp_path, predicted):
    records = [{"doc_key": name, "tokens": WORDS, "clusters": CLUSTERS} for name in ("one", "two")]
    gold = json_lines(tmp_path / "gold.jsonl", *records)
    arguments = ["score", "coref", str(gold), str(predicted), "--bootstrap", "10"]
    heavy = heavy_modules(f"from spanbert_allen.__main__ import main; main({arguments})")
    assert heavy <= {"numpy", "scipy"}


def test_a_page_shows_the_mistakes_beside_the_text(gold, predicted, tmp_path):
    page = tmp_path / "page.html"
    assert main(["score", "coref", str(gold), str(predicted), "--html", str(page)]) == 0
    shown = page.read_text(encoding="utf-8")
    assert "<p>0 of 2 documents have no mistake.</p>" in shown
    assert shown.index("<h2>two</h2>") < shown.index("<h2>one</h2>")  # the worse one first
    first, second = shown.split("<article")[1:]
    assert "<b>merged clusters: 1</b>" in first and "merged clusters" not in second
    # Of one cluster, cut in two, the first half has the number of the whole.
    halves = dict(re.findall(r'id="p1-(\d+-\d+)" class="[^"]*" data-chain="(\d)"', second))
    assert [halves[span] for span in ("0-0", "4-4", "7-7", "13-13")] == ["0", "0", "3", "3"]
    assert re.search(r'id="p0-10-11"[^>]* data-mistake title="cluster \d, spurious mention"', first)
    for target in re.findall(r'href="#([^"]+)"', shown):
        assert shown.count(f'id="{target}"') == 1


def test_a_page_needs_words(predicted, tmp_path):
    records = [result("one", CLUSTERS), result("two", CLUSTERS)]
    gold = json_lines(tmp_path / "gold.jsonl", *records)
    page, predicted = tmp_path / "page.html", json_lines(tmp_path / "other.jsonl", *records)
    with pytest.raises(DataError, match="the document one has no words to show on a page"):
        score(gold, predicted, "--html", page)
    assert not page.exists()


ANN = """#begin document (ann); part 000
ann\tAnn\t(1)|(2)
ann\tsaw\t-
ann\ther\t(1)
ann\tcat\t(2)
ann\tand\t-
ann\tit\t(2)
#end document
"""


def test_keys_with_repeated_mentions_in_every_format(tmp_path, capsys):
    """As the official scorer 8.01, whatever the file."""
    (tmp_path / "key.conll").write_text(ANN)
    (tmp_path / "out.conll").write_text(ANN.replace("(1)|(2)", "(1)"))
    words = ["Ann", "saw", "her", "cat", "and", "it"]
    clusters = [[[0, 0], [2, 2]], [[0, 0], [3, 3], [5, 5]]]
    key = {"doc_key": "ann_0", "tokens": words, "clusters": clusters}
    preco = [[[0, start, end + 1] for start, end in cluster] for cluster in clusters]
    gold = [
        tmp_path / "key.conll",
        json_lines(tmp_path / "key.jsonl", key),
        json_lines(
            tmp_path / "preco.jsonl", {"id": "ann", "sentences": [words], "mention_clusters": preco}
        ),
    ]
    for path in gold:
        found = score(path, tmp_path / "out.conll", "--truncate")["with_singletons"]
        f1s = [100 * found[name]["f1"] for name in ("muc", "b_cubed", "ceafe")]
        assert f1s == pytest.approx([40, 66.272189, 90])
        said = capsys.readouterr()
        assert (
            "key.conll: mentions repeated" in said.err or "of which all of them count" in said.err
        )
        assert "ann_0: words 0 to 0" in said.err or "ann: words 0 to 0" in said.err
        # MUC's precision is 1 / 2, its recall 1 / 3, cut off after two digits.
        assert ["MUC", "50.00", "33.33", "40.00"] in map(str.split, said.out.splitlines())
        assert ["B³", "87.50", "53.33", "66.27"] in map(str.split, said.out.splitlines())


def test_digits_are_rounded_or_cut_off(tmp_path, capsys):
    gold = conll(tmp_path / "gold.conll", one=[[(0, 0), (4, 4), (7, 7), (9, 9)]])
    predicted = conll(tmp_path / "out.conll", one=[[(0, 0), (4, 4), (7, 7)]])
    for options, recall in (([], "66.67"), (["--truncate"], "66.66")):
        assert main(["score", "coref", str(gold), str(predicted), *options]) == 0
        assert f"MUC                     100.00     {recall}" in capsys.readouterr().out


def test_repeated_mentions_of_predictions_are_named(gold, tmp_path, capsys):
    doubled = [*CLUSTERS, [(0, 0), (4, 4)]]
    path = json_lines(tmp_path / "out.jsonl", result("one", doubled), result("two", CLUSTERS))
    assert score(gold, path)["with_singletons"]["muc"]["f1"] == 1
    said = capsys.readouterr().err
    assert f"{path}: mentions repeated in several clusters or one, of which the first coun" in said
    assert "official scorer: 2 (one: words 0 to 0 'Ida'; one: words 4 to 4 'She')" in said


def test_a_key_that_is_not_annotated_is_an_error(tmp_path):
    empty = conll(tmp_path / "gold.conll", one=[], two=[])
    with pytest.raises(DataError, match=r"gold\.conll: no document of this file has a cluster, so"):
        main(["score", "coref", str(empty), str(empty)])


def test_part_0_is_the_document(gold, tmp_path):
    path = json_lines(tmp_path / "out.jsonl", result("one_0", CLUSTERS), result("two", CLUSTERS))
    assert score(gold, path)["with_singletons"]["conll"]["f1"] == 1


@pytest.mark.parametrize("option", ["--out", "--html"])
@pytest.mark.parametrize("place", [0, 1, 2])
def test_no_input_is_written_over(gold, predicted, tmp_path, option, place):
    other = conll(tmp_path / "other.conll", one=CLUSTERS, two=CLUSTERS)
    inputs = [gold, predicted, other]
    before = inputs[place].read_bytes()
    command = ["score", "coref", gold, predicted, "--against", other, option, inputs[place]]
    with pytest.raises(DataError, match="this is also what is read"):
        main(list(map(str, command)))
    assert inputs[place].read_bytes() == before
