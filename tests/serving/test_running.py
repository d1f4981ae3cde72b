"""The service as a process of its own, and what it is started with."""

from __future__ import annotations

import json
import os
import re
import signal
import threading
import time
import urllib.request

import pytest

from spanbert_allen.__main__ import main
from spanbert_allen.common.errors import ConfigError, DataError
from spanbert_allen.serving.running import is_loopback, listen, read_keys, url_of
from spanbert_allen.serving.settings import ServiceSettings
from tests.forks import exit_status, fork
from tests.places import FIXTURES

ARCHIVE = str(FIXTURES / "archives" / "sequence.tar.gz")


def test_sigterm_lets_the_requests_that_were_taken_have_their_answers(tmp_path, socket_enabled):
    said = tmp_path / "said.txt"
    said.touch()
    # Requests wait for others much longer than the test lasts, unless the service ends.
    child = fork(main, ["serve", ARCHIVE, "--port", "0", "--max-wait-ms", "1e6"], said=said)
    try:
        url = wait_for(lambda: re.search(r"http://\S+", said.read_text()), child)[0]
        wait_for(lambda: json.loads(get(url + "/ready"))["status"] == "ready", child)
        answers = []
        asking = [
            threading.Thread(target=lambda n=n: answers.append(post(url + "/sequence", f"It {n}.")))
            for n in range(3)
        ]
        for thread in asking:
            thread.start()
        wait_for(lambda: "spanbert_requests_waiting 3.0" in get(url + "/metrics"), child)
        os.kill(child, signal.SIGTERM)
        for thread in asking:
            thread.join(60)
        assert sorted(answer["text"] for answer in answers) == ["It 0.", "It 1.", "It 2."]
        assert exit_status(child) == 0
        child = 0
    finally:
        if child:
            os.kill(child, signal.SIGKILL)
    assert "It 1." not in said.read_text()
    assert len(said.read_text().splitlines()) == 1


def wait_for(found, child):
    """Return what is found, or fail once the service has ended."""
    while os.waitpid(child, os.WNOHANG) == (0, 0):
        try:
            if result := found():
                return result
        except OSError:
            pass  # it does not listen yet
        time.sleep(0.02)
    raise AssertionError("the service ended")


def get(url):
    with urllib.request.urlopen(url, timeout=60) as answer:
        return answer.read().decode()


def post(url, text):
    body = json.dumps({"text": text}).encode()
    request = urllib.request.Request(url, body, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=60) as answer:
        return json.loads(answer.read())


def test_a_port_that_is_taken_is_one_sentence(socket_enabled):
    with listen("127.0.0.1", 0) as listening:
        port = listening.getsockname()[1]
        assert url_of(listening) == f"http://127.0.0.1:{port}"
        assert is_loopback(listening)
        with pytest.raises(ConfigError, match=f"port {port} .*--port"):
            listen("127.0.0.1", port)
    with listen("0.0.0.0", 0) as listening:
        assert not is_loopback(listening)


def test_keys_are_the_lines_of_a_file(tmp_path):
    path = tmp_path / "keys"
    path.write_text("# of the team\none\n\n two \n")
    assert read_keys(str(path)) == {"one", "two"}
    path.write_text("one\ntwo\n", encoding="utf-8-sig")
    assert read_keys(str(path)) == {"one", "two"}
    path.write_text("\n")
    with pytest.raises(DataError, match="holds no key"):
        read_keys(str(path))
    with pytest.raises(DataError, match="check it"):
        read_keys(str(tmp_path / "none"))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("max_queue", 0),
        ("timeout", float("nan")),
        ("timeout", float("inf")),
        ("max_wait_ms", -1.0),
        ("max_wait_ms", 1e300),
        ("max_body", -1),
    ],
)
def test_a_limit_that_cannot_be_is_one_sentence(name, value):
    with pytest.raises(ConfigError, match="--" + name.replace("_", "-")):
        ServiceSettings(**{name: value})
