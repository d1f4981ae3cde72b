import json
import math
import pickle
from pathlib import Path

import pytest
from spacy.tokens import Doc
from spacy.vocab import Vocab

from spanbert_allen.common.errors import ConfigError, DataError
from spanbert_allen.common.spans import WordSpan
from spanbert_allen.formats.coref.document import CorefDocument
from spanbert_allen.modules.coref.decoder import CorefDecoding, DecodedClusters
from spanbert_allen.predictors.coref.options import CorefOptions
from spanbert_allen.predictors.coref.output import coref_json
from spanbert_allen.predictors.record import Record
from spanbert_allen.predictors.result import Result
from tests.predictors.coref.fakes import fake_predictor

TEXT = "Ann saw  it.\nThen ann left."


def strings(result: dict) -> list[list[str]]:
    return [[mention["text"] for mention in cluster] for cluster in result["clusters"]]


def test_raw_text_gives_offsets_into_it() -> None:
    result = fake_predictor().predict(TEXT, doc_key="d")
    assert (result["schema"], result["doc_key"]) == ("spanbert_allen.coref/1", "d")
    assert result["text"] == TEXT
    assert result["clusters"][0] == [
        {
            "start": 0,
            "end": 3,
            "words": [0, 0],
            "sentence": 0,
            "text": "Ann",
            "mention_score": 1.2346,
            "link_score": None,
        },
        {
            "start": 18,
            "end": 21,
            "words": [5, 5],
            "sentence": 1,
            "text": "ann",
            "mention_score": 1.2346,
            "link_score": 0.5,
        },
    ]
    for cluster in result["clusters"]:
        for mention in cluster:
            assert TEXT[mention["start"] : mention["end"]] == mention["text"]


def test_results_are_predicted_anew_in_their_own_words(tmp_path) -> None:
    """Of another prediction nothing comes back but the text, its words and the user's fields."""
    predictor = fake_predictor(sentences=True)
    results = [
        predictor.predict(TEXT, doc_key="t"),
        predictor.predict(sentences=[["Ann", "New York"], ["ann"]], speakers=["A", "B"]),
    ]
    old = [
        {**one, "clusters": [], "heads": [7], "resolved_text": "old", "mine": 3} for one in results
    ]
    (tmp_path / "old.jsonl").write_text("".join(json.dumps(one) + "\n" for one in old))
    records = list(predictor.records(str(tmp_path / "old.jsonl")))
    assert predictor.predict_batch_json(records) == [{**one, "mine": 3} for one in results]
    assert predictor.predict_many(old) == [{**one, "mine": 3} for one in results]
    given = predictor.predict_json(old[0] | {"mentions": [[0, 3]]})
    assert "give exactly one of text, tokens, sentences" in given["error"]
    moved = predictor.predict_json(old[0] | {"sentences": [["Bo"]]})
    assert "the word 'Bo' of sentences is not where it should be in text" in moved["error"]


def test_a_language_that_is_none_is_refused_before_anything_is_predicted() -> None:
    with pytest.raises(ConfigError, match=r"language 'klingon': .* choose among af, am"):
        fake_predictor(language="klingon")


def test_words_and_sentences_stay_as_they_are() -> None:
    predictor = fake_predictor()
    words = ["can't", "New York", "CAN'T"]
    assert strings(predictor.predict(words=words)) == [["can't", "CAN'T"]]
    result = predictor.predict(sentences=[["a.", "b"], ["A."]], speakers=["Ann", "Bo"], genre="bc")
    (cluster,) = result["clusters"]
    assert [(m["words"], m["sentence"]) for m in cluster] == [([0, 0], 0), ([2, 2], 1)]
    assert result["text"] == "a. b A."


def test_speakers_reach_the_model() -> None:
    predictor = fake_predictor()
    record = Record({"tokens": ["I", "know"], "speakers": ["Ann", "Bo"], "genre": "bc"})
    instance = predictor.record_to_instance(record)
    document = instance["metadata"].metadata["document"]
    assert (list(document.speakers), document.genre) == (["Ann", "Bo"], "bc")


@pytest.mark.parametrize("text", ["", " \n", "Ann", "Ann left", "\x01\x02", "gone gone"])
def test_short_or_empty_documents_have_no_clusters(text: str) -> None:
    result = fake_predictor().predict(text)
    assert (result["text"], result["clusters"]) == (text, [])


def test_predict_refuses_what_is_no_document() -> None:
    predictor = fake_predictor()
    with pytest.raises(DataError, match="exactly one of text, tokens, sentences"):
        predictor.predict()
    with pytest.raises(DataError, match="exactly one of text, tokens, sentences"):
        predictor.predict("a", words=["a"])


def test_input_forms() -> None:
    predictor = fake_predictor()
    lines = ['"A a"', '{"document": "A a"}', '{"text": "A a"}', '{"tokens": ["A", "a"]}']
    for line in lines:
        result = predictor.predict_json(predictor.load_line(line, number=3))
        assert strings(result) == [["A", "a"]]
        assert result["doc_key"] == "input:3"
        assert json.loads(predictor.dump_line(result)) == result


def test_clusters_of_a_record_are_passed_over() -> None:
    result = fake_predictor().predict_json({"text": "A a", "clusters": [[[0, 99]]]})
    assert strings(result) == [["A", "a"]]


@pytest.mark.parametrize(
    ("line", "part"),
    [
        ("{nonsense", "not JSON"),
        ('"no end', "not JSON"),
        ("[1]", "not an object"),
        ("{}", "exactly one of text, tokens, sentences"),
        ('{"text": 3}', "must be a string"),
        ('{"tokens": ["a", 1]}', "tokens"),
        ("\udcff", "not UTF-8"),
    ],
)
def test_a_bad_record_is_marked_counted_and_stops_nothing(line: str, part: str) -> None:
    predictor = fake_predictor()
    records = [predictor.load_line('"A a"', number=1), predictor.load_line(line, number=2)]
    records.append(predictor.load_line('{"text": "B b", "doc_key": "last"}', number=3))
    first, bad, last = predictor.predict_batch_json(records)
    assert (strings(first), strings(last)) == ([["A", "a"]], [["B", "b"]])
    assert {key: bad[key] for key in ("schema", "line")} == {
        "schema": "spanbert_allen.coref/1",
        "line": 2,
    }
    assert part in bad["error"]
    assert "\n" not in bad["error"]
    assert (predictor.num_records, predictor.num_failed) == (3, 1)


def test_an_error_record_bears_the_name_of_its_document() -> None:
    bad = fake_predictor().predict_json({"doc_key": "mine", "text": 3})
    assert bad["doc_key"] == "mine"
    assert "line" not in bad


def test_a_document_that_the_model_fails_on_is_the_only_one_lost() -> None:
    predictor = fake_predictor()
    texts = ["A a x", "CRASH b b", "C c x"]
    first, failed, last = predictor.predict_batch_json([{"text": text} for text in texts])
    assert (strings(first), strings(last)) == ([["A", "a"]], [["C", "c"]])
    assert failed["error"] == (
        "the model failed on this record: not enough memory: you tried to allocate 9 TB"
    )
    assert predictor.num_failed == 1
    with pytest.raises(RuntimeError, match="not enough memory"):
        predictor.predict("CRASH")


def test_documents_are_packed_by_length_and_come_back_in_order() -> None:
    predictor = fake_predictor(max_pieces_per_batch=12)
    lengths = [5, 1, 30, 6, 0, 4, 4, 3, 2]
    records = [{"tokens": ["w"] * n, "doc_key": str(n)} for n in lengths]
    results = predictor.predict_batch_json(records)
    assert [len(result["clusters"][0]) if result["clusters"] else 0 for result in results] == [
        length if length > 1 else 0 for length in lengths
    ]
    assert predictor._model.batches == [["1", "2", "3"], ["4", "4"], ["5", "6"], ["30"]]


def test_instances_of_a_reader_and_documents_are_predicted_alike() -> None:
    predictor = fake_predictor()
    documents = [CorefDocument.from_sentences(text, [text.split()]) for text in ("A a", "B b B")]
    by_document = predictor.predict_many(documents)
    reader = predictor._dataset_reader
    by_instance = predictor.predict_batch_instance([reader.text_to_instance(d) for d in documents])
    assert by_document == by_instance
    assert predictor.predict_instance(reader.text_to_instance(documents[0])) == by_document[0]
    assert [strings(result) for result in by_document] == [[["A", "a"]], [["B", "b", "B"]]]


def test_clusters_and_mentions_are_in_document_order_with_finite_scores() -> None:
    document = CorefDocument.from_sentences("d", [["a", "b", "c", "d"]])
    late = [WordSpan(3, 3), WordSpan(1, 2)]
    early = [WordSpan(0, 1), WordSpan(2, 2)]
    decoded = DecodedClusters(
        [late, early],
        [[3.0, math.nan], [1, 2]],
        [[math.inf, None], [None, -math.inf]],
        [[0.5, None], [None, math.nan]],
        [[[], []], [[], []]],
    )
    result = coref_json(document, decoded, CorefOptions(probabilities=True))
    assert strings(result) == [["a b", "c"], ["b c", "d"]]
    scores = [[(m["mention_score"], m["link_score"]) for m in c] for c in result["clusters"]]
    assert scores == [[(1.0, None), (2.0, None)], [(None, None), (3.0, None)]]
    json.dumps(result, allow_nan=False)


def test_scores_and_antecedents_are_given_on_request() -> None:
    predictor = fake_predictor(probabilities=True)
    (first, second), *_ = predictor.predict("Ann saw ann .", top_antecedents=2)["clusters"]
    assert first["mention_probability"] == second["mention_probability"] == 0.7746
    assert (first["link_probability"], second["link_probability"]) == (None, 0.25)
    none = {"start": None, "end": None, "words": None, "text": None}
    assert first["antecedents"] == [none | {"score": 0.0, "probability": 0.75}]
    ann = {"start": 0, "end": 3, "words": [0, 0], "text": "Ann"}
    assert second["antecedents"][1] == ann | {"score": 0.5, "probability": 0.25}
    slim = fake_predictor().predict("Ann saw ann .")
    assert set(slim) == {"schema", "doc_key", "text", "clusters", "heads"}
    assert not {"link_probability", "antecedents"} & set(slim["clusters"][0][0])


def test_words_and_speakers_are_given_back_as_they_came() -> None:
    predictor = fake_predictor(sentences=True)
    given = {"sentences": [["a", "b"], ["A"]], "speakers": [["Ann", "Bo"], ["Bo"]]}
    (result,) = predictor.predict_many([given])
    assert {key: result[key] for key in given} == given
    (again,) = predictor.predict_many([{key: result[key] for key in given}])
    assert again["clusters"] == result["clusters"]


def test_thresholds_reach_the_model_for_one_document_alone() -> None:
    predictor = fake_predictor(link_threshold=0.5)
    instance = predictor.record_to_instance(Record({"text": "a"}))
    assert instance["metadata"].metadata["decoding"] == CorefDecoding(None, 0.5, 0)
    changed = predictor.options.changed({"singleton_threshold": 1.0, "top_antecedents": 3})
    assert changed.decoding == CorefDecoding(1.0, 0.5, 3)
    assert predictor.options == CorefOptions(link_threshold=0.5)


def test_unknown_and_impossible_options_are_refused() -> None:
    with pytest.raises(ConfigError, match="`top` is no option; choose among encode_together"):
        fake_predictor(top=3)
    with pytest.raises(ConfigError, match="it must be 0 or more"):
        fake_predictor().predict("a", top_antecedents=-1)
    with pytest.raises(ConfigError, match="`windows` is 4000; give settings of windows"):
        fake_predictor(windows=4000)
    for wrong in ({"length": "4000"}, {"lenght": 4000}, {"joined_by": {"type": "nothing"}}):
        with pytest.raises(ConfigError, match=r"`windows` is {.*: .*(length|lenght|nothing)"):
            fake_predictor(windows=wrong)


def test_resolved_text_is_given_on_request() -> None:
    predictor = fake_predictor(resolved_text=True)
    assert predictor.predict("Ann saw ann run .")["resolved_text"] == "Ann saw ann run ."
    assert predictor.predict("")["resolved_text"] == ""


def test_a_spacy_document_keeps_its_tokens_sentences_and_tags() -> None:
    words = ["New York", "sold", "it", " ", "new york"]
    doc = Doc(
        Vocab(), words=words, sent_starts=[1, 0, 0, 0, 1], pos=["PROPN", "VERB"] + ["PRON"] * 3
    )
    predictor = fake_predictor()
    result = predictor.predict(doc, resolved_text=True, doc_key="mine")
    (cluster,) = result["clusters"]
    assert [(m["words"], m["sentence"]) for m in cluster] == [([0, 0], 0), ([4, 4], 1)]
    assert (result["text"], result["doc_key"]) == (doc.text, "mine")
    assert predictor.predict_many([doc])[0]["clusters"] == result["clusters"]
    with pytest.raises(DataError, match="speakers beside a spaCy Doc"):
        predictor.predict(doc, speakers="Ann")


def test_many_documents_of_any_kind_in_order_bad_ones_marked() -> None:
    predictor = fake_predictor()
    document = CorefDocument.from_sentences("doc", [["D", "d"]])
    inputs = ["A a", {"tokens": ["B", "b"]}, 3, document, {"text": 4, "doc_key": "mine"}]
    results = predictor.predict_many(inputs)
    assert [result.get("doc_key") for result in results] == [
        "input:1", "input:2", None, "doc", "mine",
    ]  # fmt: skip
    assert ["error" in result for result in results] == [False, False, True, False, True]
    assert "3 is no document" in results[2]["error"]
    assert predictor.num_failed == 2
    for batch_size in (1, 2):
        assert list(predictor.predict_stream(iter(inputs), batch_size=batch_size)) == results


@pytest.mark.parametrize("single", ["A a", {"text": "A a"}, Doc(Vocab(), ["A", "a"])])
def test_a_single_document_is_not_taken_apart(single) -> None:
    predictor = fake_predictor()
    with pytest.raises(DataError, match=r"is one document, not several: give a list, or this to"):
        predictor.predict_many(single)
    with pytest.raises(DataError, match="is one document, not several"):
        next(predictor.predict_stream(single))


def test_options_inside_a_record_are_refused_by_whatever_takes_it() -> None:
    predictor = fake_predictor()
    record = {"text": "A a", "link_threshold": 0.5}
    good, bad = predictor.predict_many(["A a", record])
    assert good["clusters"] and "`link_threshold` is an option of the pred" in bad["error"]
    assert predictor.predict_batch_json([record]) == [bad]


def test_records_of_a_file_keep_what_is_known_of_them(tmp_path: Path) -> None:
    predictor = fake_predictor()
    path = tmp_path / "texts.jsonl"
    path.write_text('{"text": "A a"}\nno JSON\n')
    good, bad = predictor.predict_many(predictor.records(str(path)))
    assert good["clusters"] and bad["line"] == 2 and "JSON" in bad["error"]


def test_results_can_be_looked_at_and_stay_dictionaries() -> None:
    predictor = fake_predictor()
    result = predictor.predict("Ann saw <ann> .")
    assert repr(result) == "[1 Ann] saw <[1 ann]> .\n\n  1  Ann · ann"
    assert "&amp;lt;" in result._repr_html_() and "<iframe sandbox" in result._repr_html_()
    assert json.loads(json.dumps(result)) == result == dict(result)
    assert pickle.loads(pickle.dumps(result)) == result
    assert repr(predictor.predict_json({})).startswith("not predicted: the record has none")
    assert repr(Result({"a": 1})) == "{'a': 1}"
    assert Result({"a": 1})._repr_html_() is None
    assert len(repr(predictor.predict("ann and Ann " * 2000))) < 5000


def test_precision_is_the_models_unless_asked_for() -> None:
    assert fake_predictor(precision="bf16")._model.precision == "bf16"
    assert not hasattr(fake_predictor()._model, "precision")
    with pytest.raises(ConfigError, match=r"model\.precision: 'half'"):
        fake_predictor(precision="half")
