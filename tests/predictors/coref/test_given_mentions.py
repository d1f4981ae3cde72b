"""Given mentions, head mentions, short documents and batch mates, with a tiny trained model."""

from __future__ import annotations

import re
from copy import copy

import pytest
import spacy
import torch

import spanbert_allen
from spanbert_allen.common.errors import DataError
from spanbert_allen.common.spans import WordSpan
from spanbert_allen.formats.coref.document import CorefDocument
from spanbert_allen.predictors import CorefPredictor
from tests import places

TEXT = "Ida lost her keys. She found them. Tom saw her."
LINKS_ALL = float("-inf")


@pytest.fixture(scope="module")
def predictor() -> CorefPredictor:
    found = spanbert_allen.load(places.FIXTURES / "archives" / "coref.tar.gz")
    assert isinstance(found, CorefPredictor)
    return found


def strings(result: dict) -> list[list[str]]:
    return [[mention["text"] for mention in cluster] for cluster in result["clusters"]]


def places_of(result: dict) -> set[tuple[int, int]]:
    return {(m["start"], m["end"]) for cluster in result["clusters"] for m in cluster}


def test_given_mentions_are_linked_and_no_others_proposed(predictor) -> None:
    given = [(19, 22), (0, 3), (0, 17), (43, 46)]
    result = predictor.predict(TEXT, mentions=given, link_threshold=LINKS_ALL)
    assert places_of(result) == set(given)
    alone = predictor.predict(TEXT, mentions=given[:1], singleton_threshold=1000.0)
    assert strings(alone) == [["She"]]
    assert predictor.predict(TEXT, mentions=[])["clusters"] == []
    # Two mentions are linked in a text of two words, too, if that is what the user asks for.
    both = predictor.predict("Ida Ida", mentions=[(0, 3), (4, 7)], link_threshold=LINKS_ALL)
    assert strings(both) == [["Ida", "Ida"]]


def test_given_mentions_of_words_and_of_records(predictor) -> None:
    words = TEXT.replace(".", " .").split()
    expected = [["Ida", "She", "her"]]
    options = {"link_threshold": LINKS_ALL}
    spans = [[0, 0], [5, 5], [11, 11]]
    assert strings(predictor.predict(words=words, mentions=spans, **options)) == expected
    records = [{"tokens": words, "mentions": spans}, {"tokens": words}, TEXT]
    first, *others = predictor.predict_many(records, **options)
    assert strings(first) == expected
    assert all(len(places_of(other)) > 3 for other in others)


def test_a_mention_wider_than_any_span_of_the_model_is_linked(predictor) -> None:
    assert predictor._model.head.max_span_width == 5
    result = predictor.predict(TEXT, mentions=[(0, 33), (43, 46)], link_threshold=LINKS_ALL)
    assert places_of(result) == {(0, 33), (43, 46)}


def test_given_mentions_in_windows(predictor) -> None:
    text = " ".join([TEXT] * 6)
    starts = [number * (len(TEXT) + 1) for number in range(6)]
    given = [(start, start + 3) for start in starts]
    found = spanbert_allen.load(
        places.FIXTURES / "archives" / "coref.tar.gz", windows={"length": 30, "overlap": 5}
    ).predict(text, mentions=given, link_threshold=LINKS_ALL)
    assert places_of(found) == set(given)


def test_an_evaluation_on_annotated_mentions_writes_clusters_of_these(predictor) -> None:
    reader = copy(predictor._dataset_reader)
    reader.mentions = "gold"
    gold = [WordSpan(0, 0), WordSpan(5, 5), WordSpan(11, 11)]
    words = TEXT.replace(".", " .").split()
    document = CorefDocument.from_sentences("a", [words], clusters=[tuple(gold)])
    evaluating = CorefPredictor(predictor._model, reader, link_threshold=LINKS_ALL)
    (found,) = evaluating.predict_batch_instance([reader.text_to_instance(document)])
    assert [mention["words"] for mention in found["clusters"][0]] == [[0, 0], [5, 5], [11, 11]]
    (free,) = evaluating.predict_many([document])  # to predict is to find mentions
    assert len(places_of(free)) > len(gold)


def test_given_mentions_over_the_ends_of_windows_are_all_there() -> None:
    text = " ".join([TEXT] * 6)
    starts = [number * (len(TEXT) + 1) for number in range(6)]
    given = [(start + 9, start + 33) for start in starts]  # her keys. She found them
    predictor = spanbert_allen.load(
        places.FIXTURES / "archives" / "coref.tar.gz", windows={"length": 9, "overlap": 0}
    )
    found = predictor.predict(text, mentions=given, singleton_threshold=0.0)
    assert places_of(found) == set(given)
    found = predictor.predict(text, given_clusters=[given[::2], given[1::2]])
    assert places_of(found) >= set(given)


def test_clusters_given_apart_are_both_seen_from_the_end_of_a_long_text() -> None:
    """Though the model's best links would make them one, of which one mention is remembered."""
    far = f"Ida met {'Tom. He saw him. ' * 9}Ida left."
    last = far.rindex("Ida")
    others = [found.span() for found in re.finditer("Tom|He|him", far)]
    predictor = spanbert_allen.load(
        places.FIXTURES / "archives" / "coref.tar.gz",
        windows={"length": 12, "overlap": 2, "remembered": 2},
    )
    result = predictor.predict(
        far,
        mentions=[(last, last + 3)],
        given_clusters=[[(0, 3)], others],
        top_antecedents=99,
        link_threshold=LINKS_ALL,
    )
    (ida,) = [m for cluster in result["clusters"] for m in cluster if m["start"] == last]
    seen = {antecedent["start"] for antecedent in ida["antecedents"]}
    assert 0 in seen and seen & {start for start, _ in others}


def test_given_mentions_of_a_spacy_document(predictor) -> None:
    doc = spacy.blank("en")(TEXT)
    for given in ([doc[0:1], doc[5:6]], [(0, 3), (19, 22)]):
        result = predictor.predict(doc, mentions=given, link_threshold=LINKS_ALL)
        assert strings(result) == [["Ida", "She"]]
    with pytest.raises(DataError, match=r"mentions\[0\] is .*must be"):
        predictor.predict(doc, mentions=[3])


@pytest.mark.parametrize(
    ("mentions", "said"),
    [
        ("Ida", r"mentions is 'Ida'; it must be a list of \[start, end\]"),
        ([(0, 3), (0, 99)], r"mentions\[1\] is characters 0 to 99, but the text has 47"),
        ([(0, 3), (0, 3)], r"mentions\[1\], .*, is the mention that mentions\[0\] is"),
        ([(0,)], r"mentions\[0\] is \(0,\)"),
    ],
)
def test_bad_mentions_are_named(predictor, mentions, said) -> None:
    with pytest.raises(DataError, match=said):
        predictor.predict(TEXT, mentions=mentions)
    (marked,) = predictor.predict_many([{"text": TEXT, "mentions": mentions}])
    assert "mentions" in marked["error"]


def test_each_cluster_names_its_head_mention(predictor) -> None:
    result = predictor.predict(
        "She saw Ida. Her keys were lost.",
        mentions=[(0, 3), (8, 11), (13, 16)],
        link_threshold=LINKS_ALL,
    )
    assert strings(result) == [["She", "Ida", "Her"]]
    assert result["heads"] == [1]


@pytest.mark.parametrize("text", ["Ida", "Ida left", "Her keys"])
def test_singletons_of_documents_of_one_and_two_words(predictor, text) -> None:
    assert predictor.predict(text)["clusters"] == []
    found = predictor.predict(text, singleton_threshold=-1000.0)
    words = text.split()
    spans = {" ".join(words[i:j]) for i in range(len(words)) for j in range(i + 1, len(words) + 1)}
    assert {mention for (mention,) in strings(found)} == spans
    scores = {c[0]["text"]: c[0]["mention_score"] for c in found["clusters"]}
    best = max(scores, key=scores.__getitem__)
    threshold = max(
        [score for mention, score in scores.items() if mention != best], default=scores[best] - 1
    )
    assert strings(predictor.predict(text, singleton_threshold=threshold)) == [[best]]


TEXTS = [TEXT, "Tom saw her.", f"{TEXT} Ida saw Tom and her keys.", "Ida and Tom lost their keys."]


def test_a_result_does_not_depend_on_its_batch_mates(predictor, monkeypatch) -> None:
    """Equal digits by equal products: each document goes through the encoder by itself."""
    shapes: list[tuple[int, ...]] = []
    encode = predictor._model.embedder.encode

    def watched(token_ids: torch.Tensor, segment_ids: torch.Tensor) -> torch.Tensor:
        shapes.append(tuple(token_ids.shape))
        return encode(token_ids, segment_ids)

    monkeypatch.setattr(predictor._model.embedder, "encode", watched)
    options = {"top_antecedents": 3, "singleton_threshold": -1000.0}
    alone = [predictor.predict_many([text], **options)[0] for text in TEXTS]
    alone_shapes = sorted(shapes)
    shapes.clear()
    together = predictor.predict_many(TEXTS, **options)
    assert sorted(shapes) == alone_shapes and len(shapes) == len(TEXTS)
    for one, other in zip(alone, together, strict=True):
        assert {**one, "doc_key": ""} == {**other, "doc_key": ""}


def test_documents_are_encoded_together_on_request(predictor, monkeypatch) -> None:
    monkeypatch.setattr(predictor._model, "encode_together", True)
    calls: list[int] = []
    encode = predictor._model.embedder.encode

    def watched(token_ids: torch.Tensor, segment_ids: torch.Tensor) -> torch.Tensor:
        calls.append(token_ids.size(0))
        return encode(token_ids, segment_ids)

    monkeypatch.setattr(predictor._model.embedder, "encode", watched)
    predictor.predict_many(TEXTS)
    assert calls == [len(TEXTS)]


def test_scores_that_are_no_numbers_are_an_error_of_their_document(predictor, monkeypatch) -> None:
    encode = predictor._model.embedder.encode

    def broken(token_ids: torch.Tensor, segment_ids: torch.Tensor) -> torch.Tensor:
        vectors = encode(token_ids, segment_ids)
        return vectors * float("nan") if vectors.size(1) > 12 else vectors

    monkeypatch.setattr(predictor._model.embedder, "encode", broken)
    good, bad = predictor.predict_many(["Tom saw her.", TEXT])
    assert "error" not in good
    assert bad["error"].startswith("the model's scores for this document are not finite numbers")


def clusters_at(result: dict) -> list[set[tuple[int, int]]]:
    return [{(m["start"], m["end"]) for m in cluster} for cluster in result["clusters"]]


IDA, HER, SHE, TOM, HER_AT_LAST = (0, 3), (9, 12), (19, 22), (35, 38), (43, 46)


def test_given_clusters_stay_together_and_apart_and_are_added_to(predictor) -> None:
    given = [[IDA, SHE], [TOM]]
    for options in ({}, {"link_threshold": LINKS_ALL}, {"singleton_threshold": -1000.0}):
        found = clusters_at(predictor.predict(TEXT, given_clusters=given, **options))
        (ida,) = (cluster for cluster in found if IDA in cluster)
        (tom,) = (cluster for cluster in found if TOM in cluster)
        assert SHE in ida and ida is not tom
    # With a link for every span, one of the two takes each further mention in.
    linked = clusters_at(predictor.predict(TEXT, given_clusters=given, link_threshold=LINKS_ALL))
    assert len(linked) == 2 and sum(map(len, linked)) > 3
    joined = predictor.predict(
        TEXT, given_clusters=given, link_threshold=LINKS_ALL, join_given=True
    )
    assert len(joined["clusters"]) == 1


def test_mentions_beside_given_clusters_are_the_only_others(predictor) -> None:
    record = {"text": TEXT, "given_clusters": [[IDA], [TOM]], "mentions": [HER, IDA, HER_AT_LAST]}
    (result,) = predictor.predict_many([record], link_threshold=LINKS_ALL)
    found = clusters_at(result)
    assert set.union(*found) == {IDA, HER, TOM, HER_AT_LAST}
    assert len(found) == 2


def test_given_clusters_of_words_of_a_spacy_document_and_in_windows(predictor) -> None:
    words = TEXT.replace(".", " .").split()
    result = predictor.predict(words=words, given_clusters=[[(0, 0), (11, 11)], [(5, 5)]])
    by_words = [{tuple(m["words"]) for m in cluster} for cluster in result["clusters"]]
    assert any({(0, 0), (11, 11)} <= c and (5, 5) not in c for c in by_words)
    doc = spacy.blank("en")(TEXT)
    result = predictor.predict(doc, given_clusters=[[doc[0:1], (43, 46)], [doc[5:6]]])
    assert any({IDA, HER_AT_LAST} <= c and SHE not in c for c in clusters_at(result))
    text = " ".join([TEXT] * 6)
    last = 5 * (len(TEXT) + 1)
    given = [[IDA, (last, last + 3)], [TOM, (last + 35, last + 38)]]
    found = clusters_at(
        spanbert_allen.load(
            places.FIXTURES / "archives" / "coref.tar.gz", windows={"length": 30, "overlap": 5}
        ).predict(text, given_clusters=given, link_threshold=LINKS_ALL)
    )
    assert len(found) == 2 and all(any(set(some) <= c for c in found) for some in given)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("Ida", r"given_clusters is 'Ida'; it must be a list of lists of \[start, end\]"),
        ([[IDA], 3], r"given_clusters\[1\] is 3; it must be a list of mentions"),
        ([[IDA], [SHE, (0, 99)]], r"given_clusters\[1\]\[1\] is characters 0 to 99"),
        ([[IDA], [IDA]], r"given_clusters\[1\]\[0\], .*, is the mention that given_clusters\[0\]"),
    ],
)
def test_bad_given_clusters_are_named(predictor, given, said) -> None:
    with pytest.raises(DataError, match=said):
        predictor.predict(TEXT, given_clusters=given)
    (marked, good) = predictor.predict_many([{"text": TEXT, "given_clusters": given}, TEXT])
    assert "given_clusters" in marked["error"] and "error" not in good


def test_a_bad_mention_beside_given_clusters_keeps_its_own_number(predictor) -> None:
    with pytest.raises(DataError, match=r"mentions\[1\] is characters 0 to 99"):
        predictor.predict(TEXT, mentions=[IDA, (0, 99)], given_clusters=[[IDA], [TOM]])
