"""Relations in a user's own texts, and the official file, from a tiny model that has learned."""

from __future__ import annotations

import json
import math
import re
from dataclasses import replace
from pathlib import Path

import pytest
import spacy
from allennlp.predictors import Predictor
from spacy.tokens import Doc

import spanbert_allen
from spanbert_allen.common.errors import ConfigError, DataError
from spanbert_allen.predictors.record import Record
from spanbert_allen.predictors.relation.requests import KnownTypes
from spanbert_allen.results.html.page import render_html
from spanbert_allen.results.terminal.render import render_terminal
from tests import places
from tests.predictors.command import run_predict, trained_archive

FIXTURES = places.FIXTURES / "relation"
READER = {"type": "spanbert_tacred", "indexer": {"type": "spanbert", "model_name": "tiny"}}
READER |= {"mode": "text_ner", "max_length": 60}
CONFIG = {
    "dataset_reader": READER,
    "train_data_path": str(FIXTURES / "tacred.json"),
    "vocabulary": {"type": "spanbert_relation"},
    "model": {
        "type": "spanbert_relation",
        "embedder": {"type": "spanbert", "model_name": "tiny", "pooler": True},
    },
    "data_loader": {"batch_size": 4, "shuffle": True},
    "trainer": {
        "num_epochs": 40,
        "optimizer": {"type": "adam", "lr": 0.01},
        "cuda_device": -1,
        "checkpointer": None,
    },
}
TEXT = "The driver Ida lost her keys."
DRIVER, IDA, KEYS = (4, 10), (11, 14), (24, 28)


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return trained_archive(CONFIG, tmp_path_factory.mktemp("run") / "model")


@pytest.fixture(scope="module")
def predictor(archive: Path) -> Predictor:
    return Predictor.from_path(str(archive))


def test_what_was_learnt_is_found_with_its_characters(predictor):
    """Train, save, load, predict: the archive is all there is."""
    types = {"subject_type": "PERSON", "object_type": "TITLE"}
    result = predictor.predict(TEXT, IDA, DRIVER, **types)
    assert result["schema"] == "spanbert_allen.relation/1"
    assert (result["label"], result["id"], result["text"]) == ("per:title", "text", TEXT)
    assert 0.5 < result["probability"] <= 1
    ida, driver = result["entities"]
    assert (ida["text"], ida["start"], ida["end"], ida["words"]) == ("Ida", 11, 14, [2, 2])
    assert (driver["text"], driver["type"]) == ("driver", "TITLE")
    (relation,) = result["relations"]
    assert (relation["subject"], relation["object"], relation["is_cut"]) == (0, 1, False)
    assert "probabilities" not in relation
    tokens = predictor.predict(
        tokens=["The", "driver", "Ida", "lost", "her", "keys", "."],
        subject=[2, 2],
        object=[1, 1],
        **types,
    )
    assert tokens["probability"] == result["probability"]
    assert tokens["text"] == "The driver Ida lost her keys ."


def test_results_are_predicted_anew(predictor, tmp_path):
    """Of another prediction nothing comes back but the text, its entities and the user's fields."""
    entities = [[*DRIVER, "TITLE"], [*IDA, "PERSON"], [*KEYS, "TITLE"]]
    types = {"subject_type": "PERSON", "object_type": "TITLE"}
    tokens = ["The", "driver", "Ida", "slept", "."]
    results = [
        predictor.predict(TEXT, IDA, DRIVER, **types, id="one"),
        predictor.predict(TEXT, entities=entities, id="all"),
        predictor.predict(tokens=tokens, subject=[2, 2], object=[1, 1], **types),
    ]
    old = [json.loads(json.dumps(one)) | {"relations": [], "mine": 3} for one in results]
    old[0] |= {"label": "old", "probability": 0.0}
    (tmp_path / "old.jsonl").write_text("".join(json.dumps(one) + "\n" for one in old))
    records = list(predictor.records(str(tmp_path / "old.jsonl")))
    expected = [{**one, "mine": 3} for one in results]
    assert predictor.predict_batch_json(records) == expected
    for changed, sentence in (
        ([{"start": 4}, old[0]["entities"][0]], "`subject` is \\[4, None\\]"),
        ([3, 4], r"`entities\[0\]` is 3; give"),
        (["driver"], r"`entities\[0\]` is 'driver'; give"),
    ):
        bad = predictor.predict_json(old[0] | {"entities": changed})
        assert re.search(sentence, bad["error"])
        assert "relations" not in bad


def test_a_language_that_is_none_is_refused(predictor):
    with pytest.raises(ConfigError, match=r"language 'klingon': .* choose among af, am"):
        type(predictor)(predictor._model, predictor._dataset_reader, language="klingon")


def test_probabilities_of_all_labels(predictor):
    types = {"subject_type": "PERSON", "object_type": "TITLE"}
    result = predictor.predict(TEXT, IDA, DRIVER, **types, probabilities=True)
    probabilities = result["relations"][0]["probabilities"]
    assert set(probabilities) == {"no_relation", "per:title", "org:founded_by"}
    assert list(probabilities.values()) == sorted(probabilities.values(), reverse=True)
    assert next(iter(probabilities)) == "per:title"
    assert sum(probabilities.values()) == pytest.approx(1, abs=1e-3)
    assert "probabilities" not in predictor.predict(TEXT, IDA, DRIVER, **types)["relations"][0]


def test_all_pairs_that_the_model_can_judge(predictor):
    entities = [[*DRIVER, "TITLE"], [*IDA, "PERSON"], [*KEYS, "TITLE"]]
    result = predictor.predict(TEXT, entities=entities)
    # TITLE is never a subject in the training data, and PERSON never that of another PERSON.
    pairs = [(one["subject"], one["object"]) for one in result["relations"]]
    assert pairs == [(1, 0), (1, 2)]
    firm = predictor.predict(
        TEXT, entities=[[*KEYS, "ORGANIZATION"], [*IDA, "PERSON"], [*DRIVER, "TITLE"]]
    )
    pairs = [(one["subject"], one["object"]) for one in firm["relations"]]
    assert pairs == [(0, 1), (1, 2)]  # no ORGANIZATION with a TITLE
    assert [entity["text"] for entity in result["entities"]] == ["driver", "Ida", "keys"]
    single = predictor.predict(TEXT, IDA, DRIVER, subject_type="PERSON", object_type="TITLE")
    assert result["relations"][0]["probability"] == pytest.approx(single["probability"], abs=1e-4)
    assert "label" not in result
    assert predictor.predict(TEXT, entities=[])["relations"] == []
    assert predictor.predict(TEXT, entities=[[*IDA, "PERSON"]])["relations"] == []


def test_a_model_that_knows_markers_only_or_sees_no_types():
    imported = KnownTypes(["SUBJ_START", "SUBJ=A", "OBJ=A", "OBJ=B"], ())
    assert list(imported.pairs_of(["A", "B", "A"])) == [(0, 1), (0, 2), (2, 0), (2, 1)]
    shared = KnownTypes(["SUBJ=A", "OBJ=A", "OBJ=B"], ["SUBJ=A OBJ=B"], "A")
    shared.check(["X"], "`entities`")
    assert len(list(shared.pairs_of(["A", "B", "X"]))) == 6
    assert list(shared.pairs_of(["A", "A"])) == []
    untyped = KnownTypes(None, ["SUBJ=A OBJ=B"])
    untyped.check(["X", "Y"], "`entities`")
    assert list(untyped.pairs_of(["X", "Y"])) == [(0, 1), (1, 0)]
    in_words = KnownTypes(["SUBJ=A", "OBJ=A", "OBJ=B"], ["SUBJ=A OBJ=B"], are_words=True)
    in_words.check(["X"], "`entities`")
    assert list(in_words.pairs_of(["A", "B", "A"])) == [(0, 1), (1, 0), (1, 2), (2, 1)]


def test_a_doc_with_entities(predictor):
    nlp = spacy.blank("en")
    words = ["The", "driver", "Ida", "slept", ".", " ", "Jane", "is", "a", "boy", "."]
    ents = ["O", "B-JOB", "B-PER", "O", "O", "O", "B-PER", "O", "O", "B-JOB", "O"]
    starts = [number in (0, 6) for number in range(len(words))]
    doc = Doc(nlp.vocab, words=words, ents=ents, sent_starts=starts)
    result = predictor.predict(doc, types={"JOB": "TITLE", "PER": "PERSON"})
    pairs = [(one["subject"], one["object"]) for one in result["relations"]]
    assert pairs == [(1, 0), (2, 3)]  # within a sentence
    for entity, ent in zip(result["entities"], doc.ents, strict=True):
        assert (entity["start"], entity["end"]) == (ent.start_char, ent.end_char)
        assert entity["text"] == ent.text == doc.text[entity["start"] : entity["end"]]
    with pytest.raises(DataError, match=r"type `JOB`, .* give `types={'JOB': ...}` to call it as"):
        predictor.predict(doc, types={"PER": "PERSON"})
    with pytest.raises(ConfigError, match="has its own words and entities; leave `subject` out"):
        predictor.predict(doc, subject=(0, 1))
    second = predictor.predict(
        tokens=words[6:], subject=[0, 0], object=[3, 3], subject_type="PERSON", object_type="TITLE"
    )
    assert result["relations"][1]["probability"] == second["probability"]
    with pytest.raises(
        DataError, match=r"doc.ents: the model knows no entity of type `JOB`, as number 0"
    ):
        predictor.predict(doc)


@pytest.mark.parametrize(
    ("asked", "sentence"),
    [
        ({"subject": IDA, "object": DRIVER}, "no subject of type `ENTITY`; it was trained with"),
        ({"subject": IDA}, "`object` is None"),
        (
            {"entities": [[*IDA, "PERSON"]], "subject": IDA},
            "has `entities` and `subject`, which exclude each other; give",
        ),
        ({"entities": 3}, r"`entities` is 3; it must be a list of \[start, end\]"),
        ({"entities": [[0, 3, "PERSON", 1]]}, r"`entities\[0\]` is \[0, 3, 'PERSON', 1\]"),
        ({"entities": [[0, 3, 4]]}, r"`entities\[0\]` is 4"),
        ({"entities": [[*IDA, "PERSON"], [0, 99, "TITLE"]]}, r"`entities\[1\]` is characters 0"),
        (
            {"entities": [[*IDA, "PERSON"], [*KEYS, "THING"]]},
            r"no entity of type `THING`, as number 1 is; it was trained with PERSON, T",
        ),
    ],
)
def test_bad_requests(predictor, asked, sentence):
    with pytest.raises(DataError, match=sentence):
        predictor.predict(TEXT, **asked)
    with pytest.raises(ConfigError, match="`types` renames the labels of a spaCy `Doc`"):
        predictor.predict(TEXT, IDA, DRIVER, types={})


def test_a_long_text_is_read_around_its_entities(predictor):
    """The same as the sentence alone, be there 40 before it; a gap is told."""
    filler = "Ida lost her keys. " * 40
    text = filler + TEXT
    places = [(start + len(filler), end + len(filler)) for start, end in (IDA, DRIVER)]
    types = {"subject_type": "PERSON", "object_type": "TITLE"}
    (relation,) = predictor.predict(text, *places, **types)["relations"]
    assert not relation["is_cut"]
    ((start, end),) = relation["seen"]
    assert text[start:].startswith("Ida lost her keys.") and text[:end].endswith(TEXT)
    (gap,) = predictor.predict(text, (0, 3), places[1], **types)["relations"]
    assert not gap["is_cut"] and len(gap["seen"]) == 2
    assert text[slice(*gap["seen"][0])].startswith("Ida")
    assert "seen" not in predictor.predict(TEXT, IDA, DRIVER, **types)["relations"][0]


def test_what_is_lost_is_counted(archive, predictor, monkeypatch, tmp_path, capsys):
    text = "Ida lost her keys. " * 40 + TEXT
    record = {"text": text, "subject": [0, 3], "object": [len(text) - 5, len(text) - 1]}
    record |= {"subject_type": "PERSON", "object_type": "TITLE"}
    data, out = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    data.write_text(json.dumps(record) + "\n" + json.dumps(record | {"window": "start"}) + "\n")
    run_predict(monkeypatch, archive, data, "--output-file", out, "--silent")
    gap, cut = map(json.loads, out.read_text().splitlines())
    assert (gap["relations"][0]["is_cut"], cut["relations"][0]["is_cut"]) == (False, True)
    said = capsys.readouterr().err
    assert "warning: in 1 pairs an entity, its type or a marker of it is lost" in said
    assert "warning: in 1 pairs the entities are too far apart" in said
    with pytest.raises(DataError, match="`window` is 'x'; it must be start or entities"):
        predictor.record_to_instance(Record(record | {"window": "x"}))


def test_only_labels_that_the_types_had(predictor):
    types = {"subject_type": "PERSON", "object_type": "TITLE"}
    result = predictor.predict(TEXT, IDA, DRIVER, **types, probabilities=True, allowed_types=True)
    probabilities = result["relations"][0]["probabilities"]
    assert probabilities["org:founded_by"] == 0 and sum(probabilities.values()) == pytest.approx(1)
    assert (result["label"], result["probability"]) == ("per:title", probabilities["per:title"])
    # A subject that is an ORGANIZATION never had a title in training.
    firm = predictor.predict(
        TEXT, IDA, DRIVER, subject_type="ORGANIZATION", object_type="TITLE", allowed_types=True
    )
    assert (firm["label"], firm["probability"]) == ("no_relation", 1)


def test_the_threshold_is_one_of_logits_at_every_temperature(predictor, monkeypatch):
    types = {"subject_type": "PERSON", "object_type": "TITLE"}
    options = types | {"probabilities": True, "allowed_types": True}
    shares = predictor.predict(TEXT, IDA, DRIVER, **options)["relations"][0]["probabilities"]
    none = shares.pop("no_relation")
    margin = math.log(none) - math.log(max(shares.values()))
    for temperature in (0.5, 1.0, 4.0):
        monkeypatch.setattr(predictor._relation, "temperature", temperature)
        for beside, is_negative in ((-0.1, True), (0.1, False)):
            monkeypatch.setattr(predictor._relation, "threshold", margin + beside)
            label = predictor.predict(TEXT, IDA, DRIVER, **options)["label"]
            assert (label == "no_relation") == is_negative


def test_a_type_that_another_stands_for_has_the_labels_of_that_one(predictor, monkeypatch):
    monkeypatch.setattr(predictor, "_known", replace(predictor._known, shared="PERSON"))
    pieces = replace(predictor._reader._pieces, shared_type="PERSON")
    monkeypatch.setattr(predictor._reader, "_pieces", pieces)
    known, unknown = (
        predictor.predict(
            TEXT, IDA, DRIVER, subject_type=subject, object_type="TITLE", allowed_types=True
        )
        for subject in ("PERSON", "WIZARD")
    )
    assert known["label"] == unknown["label"] == "per:title"
    assert unknown["probability"] == pytest.approx(known["probability"])


def test_an_archive_that_does_not_know_the_types_of_its_labels():
    old = places.FIXTURES / "archives" / "relation.tar.gz"
    with pytest.raises(ConfigError, match="does not say which types its labels had"):
        spanbert_allen.load(old, allowed_types=True)


def test_relations_only_and_the_most_probable_first(predictor):
    sentence = "The driver Ida lost her keys, and the boy found them."
    entities = [[*DRIVER, "TITLE"], [*IDA, "PERSON"], [*KEYS, "TITLE"], [38, 41, "PERSON"]]
    every = predictor.predict(sentence, entities=entities)["relations"]
    ordered = predictor.predict(sentence, entities=entities, by_probability=True)["relations"]
    assert sorted(every, key=lambda one: -one["probability"]) == ordered
    chosen = predictor.predict(sentence, entities=entities, without_negative=True)["relations"]
    assert chosen == [one for one in every if one["label"] != "no_relation"]
    assert len(chosen) > 0
    with pytest.raises(ConfigError, match="`order` is no option; choose among"):
        predictor.predict(sentence, entities=entities, order=True)


def test_an_official_file_has_every_id_once(archive, monkeypatch, tmp_path):
    records = json.loads((FIXTURES / "tacred.json").read_text())
    (tmp_path / "test.json").write_text(json.dumps([*records, records[0]]))
    with pytest.raises(DataError, match=r"the id 't1' is there twice.*name the output \.jsonl"):
        run_predict(
            monkeypatch, archive, tmp_path / "test.json", "--output-file", tmp_path / "p.txt"
        )
    assert not (tmp_path / "p.txt").exists()


def test_a_tacred_file_gives_the_official_file(archive, predictor, monkeypatch, tmp_path):
    records = json.loads((FIXTURES / "tacred.json").read_text())
    del records[0]["subj_end"]
    (tmp_path / "test.json").write_text(json.dumps(records))
    out = tmp_path / "predictions.txt"
    with pytest.raises(SystemExit):  # the first one is bad
        run_predict(monkeypatch, archive, tmp_path / "test.json", "--output-file", out, "--silent")
    assert out.read_text() == "t2\torg:founded_by\nt3\tno_relation\nt4\tper:title\n"
    # Whichever is read first, the markers are those of training.
    (tmp_path / "test.json").write_text(json.dumps(records[::-1]))
    with pytest.raises(SystemExit):
        run_predict(monkeypatch, archive, tmp_path / "test.json", "--output-file", out, "--silent")
    assert out.read_text() == "t4\tper:title\nt3\tno_relation\nt2\torg:founded_by\n"


def test_a_file_of_an_annotation_tool_is_read_as_in_training(predictor, tmp_path):
    """The sentences of the two entities, and not the text from its beginning."""
    text = "It rained. Jane left Oslo. It rained."
    entities = [
        {"id": number, "start_offset": start, "end_offset": start + 4, "label": "PERSON"}
        for number, start in enumerate((11, 21))
    ]
    path = tmp_path / "doccano.jsonl"
    path.write_text(json.dumps({"text": text, "entities": entities, "relations": []}))
    first, second = predictor.records(str(path))
    assert first["text"] == second["text"] == "Jane left Oslo."
    assert (first["subject"], first["object"]) == ([0, 4], [10, 14])


def test_a_file_of_semeval_keeps_its_text(predictor):
    first, *_ = predictor.records(str(FIXTURES / "semeval.txt"))
    assert first["text"] == "Jane has lost the keys of the tram." and "label" not in first
    assert first["text"][slice(*first["subject"])] == "keys"
    assert first["text"][slice(*first["object"])] == "tram"
    again = predictor.load_line(json.dumps(first))
    assert {**again, "id": "1"} == json.loads(json.dumps(first))


def test_lines_and_bad_records(archive, monkeypatch, tmp_path, capsys):
    lines = [
        {"text": TEXT, "entities": [[*IDA, "PERSON"], [*DRIVER, "TITLE"]]},
        {"text": TEXT, "subject": IDA, "object": [0, 99], "id": "mine"},
        {"text": TEXT, "subject": IDA, "object": KEYS, "subject_type": "X", "object_type": "Y"},
        {
            "text": TEXT,
            "subject": IDA,
            "object": DRIVER,
            "subject_type": "PERSON",
            "object_type": "TITLE",
            "label": "unknown and passed over",
        },
    ]
    data, out = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    data.write_text("".join(json.dumps(line) + "\n" for line in lines) + "{\n")
    with pytest.raises(SystemExit) as stop:
        run_predict(monkeypatch, archive, data, "--output-file", out, "--silent")
    assert stop.value.code == 1
    pairs, bad, unknown, good, broken = map(json.loads, out.read_text().splitlines())
    assert pairs["id"] == "in:1" and len(pairs["relations"]) == 1
    assert (bad["line"], bad["id"]) == (2, "mine")
    assert "no subject of type `X`" in unknown["error"]
    assert (good["id"], good["label"]) == ("in:4", "per:title")
    assert "not JSON" in broken["error"]
    assert "3 of 5 records" in capsys.readouterr().err
    with pytest.raises(DataError, match=r"name the output \.jsonl"):
        run_predict(monkeypatch, archive, data, "--output-file", tmp_path / "x.txt", "--silent")
    assert not (tmp_path / "x.txt").exists()


def test_how_results_are_shown(predictor):
    entities = [[*DRIVER, "TITLE"], [*IDA, "PERSON"]]
    result = predictor.predict(TEXT, entities=entities)
    lines = render_terminal(result, colour=False).splitlines()
    assert lines[0] == "The [driver] [Ida] lost her keys."
    probability = result["relations"][0]["probability"]
    assert lines[2] == f"  {probability:.3f}  Ida - per:title - driver"
    assert repr(result).startswith("The [driver]")
    page = render_html([result])
    assert '<a href="#r0-1" dir="auto">Ida</a></td><td><b>per:title</b>' in page
    assert 'id="r0-0" class="mention' in page
    assert 'title="TITLE">driver<sub>TITLE</sub></span>' in page
    empty = predictor.predict(TEXT, entities=[])
    assert "no pair of entities" in render_terminal(empty, colour=False)
    assert "No pair of entities" in render_html([empty])


@pytest.mark.parametrize("value", ["yes", 1])
def test_probabilities_are_asked_for_or_not(predictor, value):
    with pytest.raises(ConfigError, match=r"`probabilities` is .*; it must be true or false"):
        predictor.predict(TEXT, IDA, DRIVER, probabilities=value)
    with pytest.raises(ConfigError, match=r"`probabilities` is .*; it must be true or false"):
        type(predictor)(predictor._model, predictor._dataset_reader, probabilities=value)
