"""The service over HTTP, in this process: what goes in, what comes out, and each refusal."""

from __future__ import annotations

import asyncio
import json
import random
from concurrent.futures import ThreadPoolExecutor

import pytest
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from spanbert_allen.common.errors import ConfigError, DataError
from spanbert_allen.predictors.prepared import PreparedRecord
from spanbert_allen.predictors.record import Record
from spanbert_allen.serving.app import make_app
from spanbert_allen.serving.models import ServedModel, ServedModels, load_models
from spanbert_allen.serving.schemas import TASKS
from spanbert_allen.serving.settings import ServiceSettings
from tests.alike import assert_alike
from tests.hostile.archives import TASKS as ARCHIVES
from tests.places import FIXTURES

ENTITIES = {"text": "Ida sold Oslo.", "entities": [[0, 3, "PERSON"], [9, 13, "TITLE"]]}
RECORDS = {
    "coref": {"text": "Ida lost her keys.", "options": {"probabilities": True}},
    "qa": {"question": "Who?", "context": "Ida left.", "options": {"top_k": 2}},
    "relation": ENTITIES | {"options": {"probabilities": True}},
    "sequence": {"text": "It was.", "text_pair": "It was not."},
    "document": {"text": "Ida lost her keys.", "questions": ["Who?"]},
}


@pytest.fixture(scope="module")
def models():
    return load_models([str(FIXTURES / "archives" / f"{task}.tar.gz") for task in ARCHIVES])


@pytest.fixture(scope="module")
def client(models):
    with TestClient(make_app(models, ServiceSettings(max_wait_ms=1.0))) as client:
        yield client


class Predictor:
    """Returns a record's text and options, or, for a text that says so, an error record."""

    schema = "spanbert_allen.sequence/1"

    def __init__(self, options=None):
        self.options = options or {}

    def option_in(self, record):
        return "depth" if "depth" in record else None

    def with_options(self, options):
        if "no_option" in options:
            raise ConfigError("`no_option` is no option; choose among depth")
        return Predictor(options)

    def prepare(self, record):
        problem = DataError("`text` is bad") if record["text"] == "bad" else None
        return PreparedRecord(Record(record), pieces=1, problem=problem)

    def predict_prepared(self, prepared):
        if any(one.record["text"] == "raise" for one in prepared):
            raise RuntimeError("all of the batch")
        return [
            one.record | self.options if one.problem is None else {"error": one.problem.problem}
            for one in prepared
        ]


def fake_app(**changes):
    models = ServedModels([ServedModel("fake", "sequence", Predictor())])
    return make_app(models, ServiceSettings(**{"max_wait_ms": 0.0} | changes))


@pytest.mark.parametrize("task", RECORDS)
def test_a_record_gets_its_result_as_the_description_says(client, models, task):
    record = dict(RECORDS[task], mine=1)
    options = record.pop("options", {})
    answer = client.post(f"/{task}", json=RECORDS[task] | {"mine": 1})
    assert answer.status_code == 200, answer.text
    predictor = models.by_name[task].predictor.with_options(options)
    assert answer.json() == json.loads(json.dumps(predictor.predict_json(record)))
    assert answer.json()["mine"] == 1
    shown = TASKS[task].result.model_validate(answer.json(), strict=False)
    assert set(shown.model_extra) == {"mine"}
    TASKS[task].record.model_validate(RECORDS[task])


@pytest.mark.parametrize("task", ["coref", "qa", "relation", "sequence"])
def test_a_result_is_a_record_as_the_description_says(client, task):
    result = client.post(f"/{task}", json=RECORDS[task]).json()
    assert client.post(f"/{task}", json=result).status_code == 200
    TASKS[task].record.model_validate(result)


def pieces_so_far(client) -> int:
    counts = client.get("/metrics").text.splitlines()
    (line,) = (line for line in counts if line.startswith("spanbert_pieces_total"))
    return int(float(line.split()[1]))


def pair_record(subject, object_):
    """Return a record of a single pair of entities of `ENTITIES`."""
    record = {"text": ENTITIES["text"]}
    for name, (start, end, type_) in (("subject", subject), ("object", object_)):
        record |= {name: [start, end], f"{name}_type": type_}
    return record


def test_the_budget_counts_the_pieces_that_the_models_read(client, models):
    asked = {task: dict(RECORDS[task]) for task in ("coref", "qa", "relation", "sequence")}
    # In windows, with the question in each.
    asked["qa"]["context"] = "Ida left Oslo on a tram. " * 80
    counted = {}
    for task, record in asked.items():
        before = pieces_so_far(client)
        assert client.post(f"/{task}", json=record).status_code == 200
        counted[task] = pieces_so_far(client) - before
        bad = {"text": 3, "question": 3, "entities": 3}
        assert client.post(f"/{task}", json=bad).status_code == 422
        assert pieces_so_far(client) == before + counted[task]
    one = {"question": "Who?", "context": asked["qa"]["context"]}
    predictor = models.by_name["qa"].predictor
    assert counted["qa"] == len(predictor._json_to_instance(one)["token_ids"]) > 600
    assert counted["sequence"] == 10  # [CLS] it was . [SEP] it was not . [SEP]
    relation, (one, other) = models.by_name["relation"].predictor, ENTITIES["entities"]
    pairs = [relation.prepare(pair_record(*ends)).pieces for ends in ((one, other), (other, one))]
    assert counted["relation"] == sum(pairs) > 10
    assert 5 < counted["coref"] < 20
    document = {"text": "Ida lost her keys.", "questions": ["Who?"]}
    before = pieces_so_far(client)
    assert client.post("/document", json=document).status_code == 200
    alone = predictor.prepare({"question": "Who?", "context": document["text"]}).pieces
    assert pieces_so_far(client) - before == counted["coref"] + alone


@pytest.mark.parametrize("task", RECORDS)
def test_a_result_does_not_depend_on_the_records_that_go_along(models, task):
    own = {name: value for name, value in RECORDS[task].items() if name != "options"}
    mates = [{name: value for name, value in own.items() if name != "text"}, own, own]
    if "context" in own:
        mates.append(own | {"context": "A boy of ten found them on the old tram. " * 9})
    else:
        mates.append(own | {"text": own["text"] * 30})
    group = models.group(task, None, {})
    together = models.predict(group, [models.prepare(group, record) for record in mates])
    for record, result in zip(mates, together, strict=True):
        assert_alike(result, *models.predict(group, [models.prepare(group, record)]))
    # A question needs no `text`, of which the first is without.
    assert ["error" in one for one in together] == [task != "qa", False, False, False]


@pytest.mark.parametrize("task", RECORDS)
def test_a_text_with_half_of_a_surrogate_pair_comes_back(client, task):
    """A program that cuts texts between its bytes makes such; JSON can hold them, UTF-8 cannot."""
    key = "context" if task == "qa" else "text"
    record = RECORDS[task] | {key: RECORDS[task][key] + " \ud83d"}
    body, headers = json.dumps(record), {"Content-Type": "application/json"}
    answer = client.post(f"/{task}", content=body, headers=headers)
    assert answer.status_code == 200, answer.text
    assert answer.json()[key] == record[key]
    shown = client.post("/format?to=html", content=answer.content, headers=headers)
    assert shown.status_code == 200


@pytest.mark.parametrize("task", ["coref", "qa", "sequence", "document"])
def test_the_example_of_a_path_works(client, task):
    described = client.get("/openapi.json").json()["paths"][f"/{task}"]["post"]
    example = described["requestBody"]["content"]["application/json"]["example"]
    assert client.post(f"/{task}", json=example).status_code == 200


def test_every_reference_of_the_description_is_there(client):
    described = client.get("/openapi.json").json()
    text = json.dumps(described)
    names = {part.partition('"')[0] for part in text.split("#/components/schemas/")[1:]}
    assert {"CorefRecord", "CorefOptions", "QAResult", "ErrorBody"} <= names
    assert names <= set(described["components"]["schemas"])
    page = client.get("/docs").text
    assert "POST /coref" in page
    assert "https://" not in page and "src=" not in page


def test_what_is_served_is_listed(client):
    served = client.get("/models").json()
    types = [model.pop("entity_types", None) for model in served]
    assert served == [{"name": task, "task": task, "path": f"/{task}"} for task in RECORDS]
    seen = list(RECORDS).index("relation")
    assert {"PERSON", "TITLE"} <= set(types.pop(seen))
    assert set(types) == {None}
    assert client.get("/health").json() == {"status": "alive"}
    assert client.get("/ready").status_code == 200


def test_documents_are_predicted_by_the_first_models_of_their_parts(client, models):
    record = {"text": "Ida lost her keys.", "options": {"questions": ["Who?", "What?"]}}
    result = client.post("/document", json=record).json()
    assert result["parts"] == ["coref", "relation", "qa"]
    assert len(result["answers"]) == 2
    named = {"text": "Ida sold Oslo.", "entities": ENTITIES["entities"]}
    labels = {one["label"] for one in client.post("/document", json=named).json()["relations"]}
    alone = {one["label"] for one in client.post("/relation", json=named).json()["relations"]}
    assert labels == alone - {"no_relation"}
    own = client.post("/coref", json={"text": record["text"]}).json()
    assert result["clusters"] == own["clusters"]
    one = ServedModels([models.by_name["coref"]])
    with TestClient(make_app(one)) as alone:
        assert alone.post("/document", json=record).status_code == 404


def test_each_task_of_a_model_of_several_is_served(trained_multitask):
    several = load_models([f"all={trained_multitask / 'model.tar.gz'}"])
    assert {model.name: model.task for model in several.by_name.values()} == {
        "all-coref": "coref",
        "all-qa": "qa",
        "all-relation": "relation",
        "document": "document",
    }
    with TestClient(make_app(several)) as client:
        parts = {model["name"]: model.get("part") for model in client.get("/models").json()}
        assert parts == {"all-coref": "coref", "all-qa": "qa", "all-relation": "relation"} | {
            "document": None
        }
        assert client.post("/qa", json=RECORDS["qa"]).json()["question"] == "Who?"
        assert client.post("/document", json=RECORDS["document"]).json()["parts"]
    other = f"all-qa={FIXTURES / 'archives' / 'qa.tar.gz'}"
    with pytest.raises(ConfigError, match="two models are called all-qa"):
        load_models([other, f"all={trained_multitask / 'model.tar.gz'}"])


@pytest.mark.parametrize(
    ("path", "body", "status", "sentence"),
    [
        ("/coref", {"text": 3}, 422, "text is 3; it must be a string"),
        ("/coref", [1], 422, "a JSON list, not an object; give one object"),
        ("/coref", {}, 422, "give exactly one of text, tokens, sentences"),
        ("/coref", {"text": "A", "top_antecedents": 3}, 422, "put it into `options`"),
        ("/coref", {"text": "A", "options": {"top": 3}}, 422, "`top` is no option"),
        ("/coref", {"text": "A", "options": 3}, 422, "`options` is 3; it must be an object"),
        ("/coref", {"text": "A", "options": []}, 422, "`options` is []; it must be an object"),
        ("/qa", {"question": "Who?", "context": "I", "options": 0}, 422, "`options` is 0"),
        ("/sequence", {"text": "A", "options": ""}, 422, "`options` is ''; it must be an object"),
        ("/document", {"text": "A", "options": False}, 422, "`options` is False"),
        ("/qa", {"question": "Who?", "context": "I", "top_k": 0}, 422, "`top_k` is 0"),
        ("/document", {"text": "A", "options": {"top": 3}}, 422, "`top` is no option"),
        ("/document", {"text": "A", "options": {"types": 3}}, 422, "`types` is 3"),
        ("/document", {"text": "A", "questions": 3}, 422, "`questions` is 3"),
        ("/sequence", {"text": "A", "options": {"top": 3}}, 422, "`top` is no option"),
        ("/sequence?model=coref", {"text": "A"}, 422, "no model 'coref' is served here"),
        ("/sequence", "x" * 10, 422, None),
        ("/nowhere", {}, 404, "GET /docs"),
    ],
)
def test_a_bad_request_gets_one_sentence(client, path, body, status, sentence):
    answer = client.post(path, json=body)
    if sentence is None:  # a text alone is short for a record
        assert answer.json()["text"] == body
        return
    assert answer.status_code == status
    assert list(answer.json()) == ["error"]
    assert sentence in answer.json()["error"]


def test_a_result_can_be_asked_for_anew(client):
    asked = {"text": "Ida left. She ran.", "options": {"resolved_text": True}}
    result = client.post("/coref", json=asked).json()
    assert result["resolved_text"]
    again = client.post("/coref", json={**result, "clusters": [], "resolved_text": "old"})
    del result["resolved_text"]  # an option of the first request
    assert (again.status_code, again.json()) == (200, result)


def test_limits_are_kept():
    with TestClient(fake_app(max_body=40)) as client:
        long = client.post("/sequence", json={"text": "x" * 50})
        assert (long.status_code, "longer than 40 bytes" in long.text) == (413, True)
        parts = client.post(
            "/sequence",
            content=iter([b'{"text": "', b"x" * 50]),
            headers={"Content-Type": "application/json"},
        )
        assert parts.status_code == 413
        plain = client.post("/sequence", content=b'{"text": "x"}')
        assert plain.status_code == 415
        assert client.get("/sequence").status_code == 405


def test_a_request_that_takes_too_long_is_given_up_and_leaves_the_queue():
    with TestClient(fake_app(max_queue=1, max_wait_ms=1e9, timeout=0.01)) as client:
        for _ in range(2):
            late = client.post("/sequence", json={"text": "x"})
            assert (late.status_code, "no result within 0.01 s" in late.text) == (504, True)


def test_a_full_queue_is_said_and_what_waits_is_answered_at_the_end():
    app = fake_app(max_queue=1, max_wait_ms=1e9)
    with ThreadPoolExecutor(1) as one, TestClient(app) as client:
        first = one.submit(client.post, "/sequence", json={"text": "x"})
        while "spanbert_requests_waiting 1.0" not in client.get("/metrics").text:
            assert not first.done()
        full = client.post("/sequence", json={"text": "x"})
        assert (full.status_code, full.headers["Retry-After"]) == (429, "1")
        app.state.close()
        assert first.result().json() == {"text": "x"}
        assert client.get("/ready").status_code == 503
        assert client.post("/sequence", json={"text": "x"}).status_code == 503


def test_a_thousand_mixed_requests_get_their_own_results(caplog):
    draw = random.Random(3)
    asked = []
    for number in range(1000):
        record = {"text": draw.choice(["bad", "raise", f"secret {number}", f"secret {number}"])}
        if draw.random() < 0.3:
            record["options"] = {"depth": draw.randrange(3)}
        asked.append(record)
    with TestClient(fake_app(max_wait_ms=2.0, max_queue=1000)) as client:
        with ThreadPoolExecutor(8) as eight:
            answers = list(eight.map(lambda one: client.post("/sequence", json=one), asked))
        counts = client.get("/metrics").text
    for record, answer in zip(asked, answers, strict=True):
        if record["text"] == "bad":
            assert (answer.status_code, answer.json()) == (422, {"error": "`text` is bad"})
        elif record["text"] == "raise":
            assert answer.status_code == 500
        else:
            assert answer.json() == {"text": record["text"]} | record.get("options", {})
    good = sum(answer.status_code == 200 for answer in answers)
    assert f'spanbert_requests_total{{path="/sequence",status="200"}} {good}.0' in counts
    assert "secret" not in caplog.text + counts


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=8,
)
NAMES = sorted({name for task in TASKS.values() for name in task.record.model_fields})
records = st.dictionaries(st.sampled_from(NAMES), anything, max_size=5) | st.sampled_from(
    list(RECORDS.values())
).flatmap(
    lambda record: st.tuples(st.sampled_from(sorted(record)), anything).map(
        lambda change: record | {change[0]: change[1]}
    )
)


@given(st.sampled_from(ARCHIVES), records)
@settings(max_examples=40, suppress_health_check=list(HealthCheck))
def test_no_record_makes_the_service_fail(client, task, record):
    body = json.dumps(record)
    answer = client.post(f"/{task}", content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code in (200, 422), (body, answer.text)
    assert "the model failed" not in answer.text, (body, answer.text)


@given(st.binary(max_size=60))
@settings(max_examples=20, suppress_health_check=list(HealthCheck))
def test_no_body_makes_the_service_fail(client, body):
    answer = client.post("/coref", content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code in (200, 422)


def test_models_are_named_by_their_archives_or_as_is_asked(tmp_path):
    archive = FIXTURES / "archives" / "sequence.tar.gz"
    served = load_models([f"mine={archive}", str(archive)])
    assert list(served.by_name) == ["mine", "sequence"]
    with pytest.raises(ConfigError, match="two models are called sequence"):
        load_models([str(archive), str(archive)])
    with pytest.raises(DataError, match="no such file or folder"):
        load_models([str(tmp_path / "none.tar.gz")])


def test_a_client_that_leaves_amid_its_upload_is_no_failure():
    app = fake_app()
    coming = iter(
        [
            {"type": "http.request", "body": b'{"te', "more_body": True},
            {"type": "http.disconnect"},
        ]
    )
    answered = []

    async def receive():
        return next(coming)

    async def send(message):
        answered.append(message)

    headers = [(b"content-type", b"application/json")]
    scope = {"type": "http", "method": "POST", "path": "/sequence", "headers": headers}
    asyncio.run(app(scope | {"query_string": b""}, receive, send))
    assert answered[0]["status"] == 499


@pytest.mark.parametrize("task", ["relation", "document"])
def test_too_many_pairs_of_entities_are_refused_before_they_are_made(client, task):
    entities = [[2 * place, 2 * place + 1, "PERSON"] for place in range(102)]
    answer = client.post(f"/{task}", json={"text": "I " * 102, "entities": entities})
    assert answer.status_code == 422
    sentence = "the 102 entities have 10302 pairs, and 10000 are judged at once here; send parts"
    assert sentence in answer.json()["error"]
