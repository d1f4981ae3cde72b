"""What the page of the service consists of, and results in the formats that it shows and copies."""

from __future__ import annotations

import ast
import copy
import json
import re
import shutil
import subprocess
from importlib.resources import files

import pytest
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from spanbert_allen.serving.page import PAGE_PATHS
from tests.hostile.results import RESULTS
from tests.serving.test_app import anything, fake_app


@pytest.fixture(scope="module")
def client():
    with TestClient(fake_app()) as client:
        yield client


def test_the_page_and_all_that_it_loads_are_served(client):
    own = {path.name for path in (files("spanbert_allen.serving") / "page").iterdir()}
    assert {f"/page/{name}" for name in own - {"index.html"}} < PAGE_PATHS
    for path in PAGE_PATHS:
        answer = client.get(path)
        assert answer.status_code == 200
        folder = path.rpartition("/")[0]
        named = re.findall(r'(?:href|src)="([\w/.-]+)"|from "\./([\w.]+)"', answer.text)
        for of_page, module in named:
            asked = f"/{of_page}" if of_page else f"{folder}/{module}"
            assert asked in PAGE_PATHS | {"/docs"}, (path, asked)
        assert not re.search(r"https?://(?!www\.w3\.org/2000/svg)", answer.text)


def test_a_browser_lets_the_page_do_nothing_but_ask_this_service(client):
    for path in PAGE_PATHS:
        headers = client.get(path).headers
        policy = headers["Content-Security-Policy"]
        assert "default-src 'none'; script-src 'self'; style-src 'self'" in policy
        assert "connect-src 'self'" in policy and "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Referrer-Policy"] == "no-referrer"
    kinds = {
        path: client.get(path).headers["Content-Type"].partition(";")[0] for path in PAGE_PATHS
    }
    assert kinds["/"] == "text/html" and kinds["/page/app.js"] == "text/javascript"


def test_the_page_needs_no_key_and_what_it_asks_for_does():
    with TestClient(fake_app(keys=frozenset({"one"}))) as client:
        assert {client.get(path).status_code for path in PAGE_PATHS} == {200}
        assert client.get("/models").status_code == 401
        assert client.post("/format?to=html", json=RESULTS["coref"]).status_code == 401


@pytest.mark.parametrize("kind", RESULTS)
def test_a_result_is_written_as_the_element_of_a_page(client, kind):
    answer = client.post("/format?to=html", json=RESULTS[kind])
    assert answer.status_code == 200
    assert answer.text.startswith(f'<article data-kind="{kind}">')
    assert answer.text.endswith("</article>")
    assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_a_result_is_written_as_conll_if_it_is_one_of_coreference(client):
    answer = client.post("/format?to=conll", json=RESULTS["coref"])
    assert answer.text.startswith("#begin document")
    for result, status, sentence in [
        (RESULTS["qa"], 422, "formats of coreference"),
        (RESULTS["coref"] | {"sentences": None}, 422, "does not hold the words"),
        ({}, 422, "no prediction"),
    ]:
        refused = client.post("/format?to=conll", json=result)
        assert (refused.status_code, list(refused.json())) == (status, ["error"])
        assert sentence in refused.json()["error"]
    assert client.post("/format?to=pdf", json=RESULTS["coref"]).status_code == 422
    assert client.post("/format?to=html", content=b"{}").status_code == 415


def test_nothing_in_a_result_becomes_an_element_or_an_attribute(client):
    text = "\"><img src=x onerror=alert(1)>'&"

    def hostile(value):
        if isinstance(value, dict):
            return {text if key == "yes" else key: hostile(one) for key, one in value.items()}
        if isinstance(value, list):
            return [hostile(one) for one in value]
        return text if isinstance(value, str) else value

    for result in RESULTS.values():
        answer = client.post("/format?to=html", json=hostile(result))
        assert answer.status_code == 200, answer.text
        assert "&lt;img" in answer.text and "<img" not in answer.text


@given(st.sampled_from(sorted(RESULTS)), st.data())
@settings(max_examples=40, suppress_health_check=list(HealthCheck), deadline=None)
def test_no_result_makes_a_format_fail(client, kind, data):
    result = copy.deepcopy(RESULTS[kind])
    part = result
    while True:
        key = data.draw(
            st.sampled_from(sorted(part) if isinstance(part, dict) else range(len(part)))
        )
        if not (isinstance(part[key], dict | list) and part[key]) or data.draw(st.booleans()):
            break
        part = part[key]
    part[key] = data.draw(anything)
    body, headers = json.dumps(result), {"Content-Type": "application/json"}
    for to in ("html", "conll"):
        answer = client.post(f"/format?to={to}", content=body, headers=headers)
        assert answer.status_code in (200, 422), (body, answer.text)


def test_a_number_whose_result_names_no_probabilities_is_shown(client):
    result = {"schema": "spanbert_allen.sequence/1", "id": "a", "text": "A", "is_cut": False}
    shown = client.post("/format?to=html", json=result | {"score": -2.0, "probabilities": None})
    assert shown.status_code == 200 and "-2.000" in shown.text


def copied_python(folder, model, record) -> str:
    """Return what the page copies as Python, by its own function."""
    if (node := shutil.which("node")) is None:
        pytest.skip("node is not installed, which runs the page's functions")
    page = files("spanbert_allen.serving") / "page"
    for name in ("client.js", "snippets.js"):
        (folder / name).write_text((page / name).read_text(encoding="utf-8"), encoding="utf-8")
    (folder / "package.json").write_text('{"type": "module"}')
    given = f"{json.dumps(model)}, {json.dumps(record)}"
    imported = 'import { asPython } from "./snippets.js";'
    script = f"{imported} console.log(asPython({given}));"
    (folder / "main.js").write_text(script)
    done = subprocess.run([node, folder / "main.js"], capture_output=True, text=True, check=True)
    return done.stdout


def test_python_that_is_copied_loads_the_task_of_a_model_of_several(tmp_path):
    model = {"name": "all-keys", "task": "qa", "path": "/qa", "part": "keys"}
    record = {"question": "Who?", "context": "Ida.", "options": {"top_k": 2}}
    called = ast.unparse(ast.parse(copied_python(tmp_path, model, record)))
    assert "spanbert_allen.load(path, task='keys')" in called
    assert "predict(question='Who?', context='Ida.', top_k=2)" in called
    del model["part"]
    assert "load(path)" in copied_python(tmp_path, model, record)
