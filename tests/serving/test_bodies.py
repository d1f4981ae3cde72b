"""Bodies of requests as clients write them."""

from __future__ import annotations

import gzip
import json
from codecs import BOM_UTF8

from fastapi.testclient import TestClient

from tests.serving.test_app import fake_app

BODY = json.dumps({"text": "Zoë"}, ensure_ascii=False).encode()
HEADERS = {"Content-Type": "application/json"}


def test_a_byte_order_mark_is_passed_over_as_in_files():
    with TestClient(fake_app()) as client:
        answer = client.post("/sequence", content=BOM_UTF8 + BODY, headers=HEADERS)
    assert (answer.status_code, answer.json()) == (200, {"text": "Zoë"})


def test_a_packed_body_is_refused_for_what_it_is():
    with TestClient(fake_app()) as client:
        for coding, body in [("gzip", gzip.compress(BODY)), ("deflate, gzip", BODY)]:
            headers = HEADERS | {"Content-Encoding": coding}
            answer = client.post("/sequence", content=body, headers=headers)
            assert (answer.status_code, "`Content-Encoding`" in answer.text) == (415, True)
        headers = HEADERS | {"Content-Encoding": "identity"}
        assert client.post("/sequence", content=BODY, headers=headers).status_code == 200
