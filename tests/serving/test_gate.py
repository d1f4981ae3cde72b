"""What every request passes: keys, and methods."""

from __future__ import annotations

from fastapi.testclient import TestClient

from tests.serving.test_app import fake_app


def test_a_key_is_needed_where_there_are_keys():
    with TestClient(fake_app(keys=frozenset({"one", "two", "voilà"}))) as client:
        for headers, status in [
            ({}, 401),
            ({"Authorization": "Bearer three"}, 401),
            ({"Authorization": "Basic two"}, 401),
            ({"Authorization": "Bearer two"}, 200),
            ({"Authorization": "Bearer voilà".encode()}, 200),
        ]:
            answer = client.post("/sequence", json={"text": "x"}, headers=headers)
            assert answer.status_code == status
        assert client.get("/metrics").status_code == 401
        assert client.get("/health").status_code == client.get("/ready").status_code == 200


def test_head_tells_the_status_that_get_has():
    with TestClient(fake_app()) as client:
        for path, status in [("/", 200), ("/health", 200), ("/models", 200), ("/sequence", 405)]:
            assert client.head(path).status_code == client.get(path).status_code == status
