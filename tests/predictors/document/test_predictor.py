"""One text, and all that several models find in it."""

from __future__ import annotations

import json

import pytest
import spacy

import spanbert_allen
from spanbert_allen.common.errors import ConfigError, DataError
from spanbert_allen.formats.relation.example import UNTYPED
from spanbert_allen.predictors import DocumentPredictor
from spanbert_allen.results.html.page import render_html
from tests.alike import assert_alike
from tests.places import FIXTURES

ARCHIVES = FIXTURES / "archives"
TEXT = "Ida lost her keys in Oslo. She found them near Bergen."
IDA, OSLO, BERGEN = [0, 3], [21, 25], [47, 53]
QUESTION = "Who lost the keys?"


@pytest.fixture(scope="module")
def predictor(trained_multitask):
    return spanbert_allen.load(trained_multitask, predictor="spanbert_document")


@pytest.fixture(scope="module")
def several(trained_multitask):
    return spanbert_allen.load(trained_multitask)


def test_each_part_is_what_its_own_predictor_gives(predictor, several):
    result = predictor.predict(TEXT, questions=[QUESTION], entities=[IDA, OSLO, BERGEN])
    assert result["schema"] == "spanbert_allen.document/1"
    assert result["parts"] == ["coref", "relation", "qa"]
    coref = several.predict(TEXT, task="coref")
    assert (result["clusters"], result["heads"]) == (coref["clusters"], coref["heads"])
    (answer,) = result["answers"]
    qa = several.predict(QUESTION, TEXT, task="qa")
    assert answer == {key: qa[key] for key in qa if key not in ("schema", "context")}
    assert [TEXT[one["start"] : one["end"]] for one in result["entities"]] == [
        "Ida",
        "Oslo",
        "Bergen",
    ]


def test_relations_are_those_within_sentences(trained_multitask, several):
    kept = {"relation": {"without_negative": False, "by_probability": False}}
    predictor = spanbert_allen.load(trained_multitask, predictor="spanbert_document", options=kept)
    result = predictor.predict(TEXT, entities=[BERGEN, OSLO, IDA])
    pairs = [(one["subject"], one["object"]) for one in result["relations"]]
    assert pairs == [(0, 1), (1, 0)]  # Bergen is alone in its sentence
    doc = spacy.blank("en")(TEXT)
    doc.set_ents([doc.char_span(*place, label=UNTYPED) for place in (IDA, OSLO)])
    own = several.predict(doc, task="relation", without_negative=False)
    assert result["relations"] == own["relations"]


def test_what_is_asked_of_all_texts_and_what_of_one(trained_multitask):
    predictor = spanbert_allen.load(
        trained_multitask,
        predictor="spanbert_document",
        questions=[QUESTION],
        options={"qa": {"top_k": 1}},
    )
    records = [{"text": TEXT}, {"text": TEXT, "questions": ["Where?", "When?"]}]
    one, two = predictor.predict_batch_json(records)
    assert [answer["question"] for answer in one["answers"]] == [QUESTION]
    assert [answer["question"] for answer in two["answers"]] == ["Where?", "When?"]
    assert len(one["answers"][0]["answers"]) == 1


def test_entities_of_a_pipeline_with_the_models_names_for_their_types():
    pipeline = spacy.blank("en")
    ruler = pipeline.add_pipe("entity_ruler")
    ruler.add_patterns(
        [
            {"label": "PER", "pattern": "Ida"},
            {"label": "GPE", "pattern": "Oslo"},
            {"label": "ANIMAL", "pattern": "keys"},
        ]
    )
    relation = spanbert_allen.load(ARCHIVES / "relation.tar.gz")
    known = relation.entity_types[0]
    predictor = spanbert_allen.load(
        ARCHIVES / "coref.tar.gz",
        predictor="spanbert_document",
        relation=relation,
        options={"relation": {"without_negative": False}},
        spacy=pipeline,
        types={"PER": known, "GPE": known},
    )
    result = predictor.predict(TEXT)
    assert result["parts"] == ["coref", "relation"]
    assert [one["type"] for one in result["entities"]] == [known, "ANIMAL", known]
    assert {(one["subject"], one["object"]) for one in result["relations"]} <= {(0, 2), (2, 0)}
    assert "answers" not in result
    cluster_of = {
        (mention["start"], mention["end"]): number
        for number, cluster in enumerate(result["clusters"])
        for mention in cluster
    }
    for entity in result["entities"]:
        assert entity["cluster"] == cluster_of.get((entity["start"], entity["end"]))


def test_mentions_as_entities_and_archives_by_their_paths():
    predictor = spanbert_allen.load(
        ARCHIVES / "qa.tar.gz",
        predictor="spanbert_document",
        coref=str(ARCHIVES / "coref.tar.gz"),
        mentions_as_entities=True,
    )
    coref = spanbert_allen.load(ARCHIVES / "coref.tar.gz")
    text = max(
        (TEXT, "The keeper lit her lamp. She saw it."), key=lambda one: len(found(coref, one))
    )
    result = predictor.predict(text, questions=[QUESTION])
    assert result["parts"] == ["coref", "qa"]
    assert found(coref, text)
    for entity in result["entities"]:
        mention = result["clusters"][entity["cluster"]]
        assert (entity["start"], entity["end"]) in {(one["start"], one["end"]) for one in mention}
        assert entity["type"] == UNTYPED
    assert result["entities"]


def found(coref, text):
    return [mention for cluster in coref.predict(text)["clusters"] for mention in cluster]


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"text": 3}, "`text` is 3; it must be a text"),
        ({"doc_key": [None]}, "`doc_key` is \\[None\\]; it must be a string in one line"),
        ({"entities": 3}, "`entities` is 3; it must be a list of"),
        ({"entities": [[0, 3, ""]]}, r"`entities\[0\]` is ''; it must be a string"),
        ({"entities": [[0]]}, r"`entities\[0\]` is \[0\]; give \[start, end\]"),
        ({"entities": [[0, 99]]}, r"`entities\[0\]` is from 0 to 99, which is not within"),
        ({"entities": [[0, 8], [4, 12]]}, "'Ida lost' and 'lost her' overlap"),
        ({"questions": "Who?"}, "`questions` is 'Who\\?'; it must be a list of questions"),
        ({"spacy": "en"}, "`spacy` is an option of the predictor"),
    ],
)
def test_a_bad_record_is_marked_and_the_others_go_on(predictor, fields, sentence):
    good = {"text": TEXT, "doc_key": "good"}
    first, second = predictor.predict_batch_json([{"text": TEXT, **fields, "mine": 1}, good])
    with pytest.raises(DataError, match=sentence):
        raise DataError(first["error"])
    assert first["mine"] == 1
    assert second["doc_key"] == "good" and "error" not in second


def test_what_a_record_calls_as_results_call_a_part_is_not_taken_for_one():
    predictor = spanbert_allen.load(ARCHIVES / "coref.tar.gz", predictor="spanbert_document")
    named = {"relations": ["annotated"], "answers": {"text": ["Ida"]}, "clusters": [[[0, 3]]]}
    (result,) = predictor.predict_batch_json([{"text": TEXT, **named, "mine": 1}])
    assert (result["parts"], result["mine"]) == (["coref"], 1)
    assert "relations" not in result and "answers" not in result
    assert "Ida" in render_html([result])


def test_texts_that_come_together_go_through_each_model_together(predictor, monkeypatch):
    """And each gets what it gets alone, whatever becomes of the others."""
    texts = ["He slept.", TEXT, "Bo saw Ida in Oslo. Then Bo left her.", "It rained in Oslo."]
    records = [
        {"text": text, "doc_key": str(number), "questions": [QUESTION] * (number % 3)}
        for number, text in enumerate(texts)
    ]
    records[2]["entities"] = [[0, 2], [7, 10], [14, 18]]
    alone = [predictor.predict_json(record) for record in records]
    bad = [{"text": 3}, *records]
    calls = {part: watch(monkeypatch, one) for part, one in predictor.parts.items()}
    first, *together = predictor.predict_batch_json(bad)
    assert "error" in first
    assert {part: len(sizes) for part, sizes in calls.items()} == {
        "coref": 1,
        "relation": 1,
        "qa": 1,
    }
    assert calls["coref"] == [4] and calls["qa"] == [3]
    for one, other in zip(together, alone, strict=True):
        assert_alike(one, other)


def test_a_text_that_one_part_fails_on_is_the_only_one_lost(predictor, monkeypatch):
    qa = predictor.parts["qa"]
    result = qa.result

    def failing(instance, outputs):
        if "rain" in instance["question"].metadata.passage.text:
            raise DataError("too wet")
        return result(instance, outputs)

    monkeypatch.setattr(qa, "result", failing)
    asked = {"questions": [QUESTION, "When?"]}
    records = [{"text": TEXT, **asked}, {"text": "It rained.", **asked}, {"text": TEXT, **asked}]
    first, wet, last = predictor.predict_batch_json(records)
    assert wet["error"] == "too wet" and "clusters" not in wet
    assert len(first["answers"]) == len(last["answers"]) == 2


def watch(monkeypatch, part):
    """Return a list that gets the number of records whenever a part is asked for some."""
    sizes = []
    results_or_problems = part.results_or_problems

    def watched(prepared):
        sizes.append(len(prepared))
        return results_or_problems(prepared)

    monkeypatch.setattr(part, "results_or_problems", watched)
    return sizes


def test_a_part_is_asked_alike_however_it_is_given():
    relation = spanbert_allen.load(ARCHIVES / "relation.tar.gz", language="zh")
    ways = [
        spanbert_allen.load(
            ARCHIVES / "coref.tar.gz", predictor="spanbert_document", relation=relation
        ),
        DocumentPredictor.of({"relation": relation}),
        DocumentPredictor.of(
            {"relation": relation}, options={"relation": {"by_probability": False}}
        ),
    ]
    asked = [way.parts["relation"].options for way in ways]
    assert [one.without_negative for one in asked] == [True, True, True]
    assert [one.by_probability for one in asked] == [True, True, False]
    # Coreference says what language the text is in, or else relations do.
    assert [way.language for way in ways] == ["en", "zh", "zh"]


def test_what_the_parts_have_to_say_is_said(predictor, monkeypatch):
    for part in ("relation", "coref"):
        monkeypatch.setattr(predictor.parts[part], "remarks", lambda part=part: iter([part]))
    assert list(predictor.remarks()) == ["coref", "relation"]


def test_models_and_options_that_do_not_fit(predictor, trained_coref):
    def load(archive, **options):
        spanbert_allen.load(archive, predictor="spanbert_document", **options)

    with pytest.raises(ConfigError, match="is no part of `spanbert_document`"):
        load(ARCHIVES / "sequence.tar.gz")
    with pytest.raises(ConfigError, match=r"`qa` is .*: give the archive of a model for a QAPred"):
        load(trained_coref, qa=str(ARCHIVES / "coref.tar.gz"))
    with pytest.raises(ConfigError, match="`qa` is a DocumentPredictor; give a QAPredictor"):
        load(trained_coref, qa=predictor)
    with pytest.raises(ConfigError, match="which spaCy cannot load"):
        load(trained_coref, spacy="no_such_pipeline")
    with pytest.raises(ConfigError, match="`options` has `q`, which is no part"):
        load(trained_coref, options={"q": {}})
    with pytest.raises(ConfigError, match="`options` is 0; it must be an object"):
        load(trained_coref, options=0)
    with pytest.raises(ConfigError, match=r"`options.coref` is \[1\]; it must be an object"):
        load(trained_coref, options={"coref": [1]})
    coref = spanbert_allen.load(trained_coref)
    with pytest.raises(ConfigError, match="`top` is no option"):
        load(trained_coref, coref=coref, options={"coref": {"top": 1}})
    with pytest.raises(ConfigError, match="`options` has `qa`, but there is no model for the part"):
        load(trained_coref, options={"qa": {"top_k": 1}})
    with pytest.raises(ConfigError, match="`questions` are given, but there is no model"):
        load(trained_coref, questions=[QUESTION])
    with pytest.raises(ConfigError, match="`mentions_as_entities` is true, but there is no model"):
        load(ARCHIVES / "qa.tar.gz", mentions_as_entities=True)
    with pytest.raises(ConfigError, match="`types` is"):
        load(trained_coref, types={"PER": 3})
    alone = spanbert_allen.load(trained_coref, predictor="spanbert_document")
    assert isinstance(alone, DocumentPredictor)
    error = alone.predict_json({"text": TEXT, "questions": [QUESTION]})["error"]
    assert "there is no model that answers" in error


def test_a_page_and_the_terminal_show_each_part(predictor):
    result = predictor.predict(TEXT, questions=[QUESTION], entities=[IDA, OSLO])
    again = json.loads(json.dumps(result))
    page = render_html([again, again])
    for kind in ("coref", "relation", "qa"):
        assert page.count(f'<article data-kind="{kind}">') == 2
    ids = [part.split('"')[0] for part in page.split(' id="')[1:]]
    assert len(ids) == len(set(ids))
    assert "document: question 1" in page
    shown = repr(result)
    assert QUESTION in shown and "[Ida]" in shown
