"""
Measure `spanbert-allen serve`: requests one by one against batches, latencies and memory.

The service is started twice, once with `--max-pieces 1`, so that every request goes through the
model alone, and once as it is. Each is asked by one client, then by many at once.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import re
import signal
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

EXAMPLES = {
    "coref": {"text": "Ida lost her keys. She looked for them in the garden. Tom found them."},
    "qa": {"question": "Who found the keys?", "context": "Ida lost her keys. Tom found them."},
    "relation": {
        "text": "Anna Bell founded Ringers Ltd.",
        "subject": [18, 29],
        "object": [0, 9],
        "subject_type": "ORGANIZATION",
        "object_type": "PERSON",
    },
    "sequence": {"text": "Ida was in Oslo.", "text_pair": "Ida has never been in Oslo."},
}


def main() -> None:
    """Run both services and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("archive", help="a model.tar.gz")
    parser.add_argument("--clients", type=int, default=32, help="how many ask at once")
    parser.add_argument("--requests", type=int, default=640, help="requests of all of them")
    parser.add_argument("--record", help="the record, as JSON, if not the one built in")
    arguments = parser.parse_args()
    print(f"load before: {os.getloadavg()[0]:.1f} on {os.cpu_count()} processors")
    print("service      clients  a second   p50 ms   p95 ms   p99 ms    MiB")
    for name, options in (("one by one", ["--max-pieces", "1"]), ("batches", [])):
        with service([arguments.archive], options) as (port, process):
            path, record = asked(port, arguments.record)
            ask(port, path, record, clients=arguments.clients, number=2 * arguments.clients)
            for clients in (1, arguments.clients):
                number = arguments.requests if clients > 1 else max(20, arguments.requests // 10)
                seconds, latencies = ask(port, path, record, clients=clients, number=number)
                cuts = statistics.quantiles(latencies, n=100)
                print(
                    f"{name:<12}{clients:>8}{number / seconds:>10.1f}"
                    + "".join(f"{1000 * cuts[part - 1]:>9.1f}" for part in (50, 95, 99))
                    + f"{resident(process.pid):>7.0f}",
                    flush=True,
                )


@contextmanager
def service(
    archives: Sequence[str], options: Sequence[str]
) -> Iterator[tuple[int, subprocess.Popen[str]]]:
    """Run a service for as long as it is measured, and give its port and process."""
    command = [sys.executable, "-W", "ignore", "-m", "spanbert_allen", "serve", *archives]
    process = subprocess.Popen(
        [*command, "--port", "0", "--max-queue", "10000", *options],
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    try:
        said = ""
        while not (found := re.search(r"http://[^ ]+:(\d+)", said)):
            line = process.stderr.readline()
            if not line:
                sys.exit(f"the service ended: {said}")
            said += line
        yield int(found[1]), process
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait()


def asked(port: int, record: str | None) -> tuple[str, bytes]:
    """Return the path of the model that is served, and the body of each request."""
    connection = http.client.HTTPConnection("127.0.0.1", port)
    connection.request("GET", "/models")
    (model,) = json.loads(connection.getresponse().read())
    connection.close()
    return model["path"], (record or json.dumps(EXAMPLES[model["task"]])).encode()


def ask(
    port: int, path: str, record: bytes, *, clients: int, number: int
) -> tuple[float, list[float]]:
    """Return the seconds that all requests took, and those of each."""
    latencies: list[float] = []

    def client(share: int) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port)
        for _ in range(share):
            started = time.perf_counter()
            connection.request("POST", path, record, {"Content-Type": "application/json"})
            answer = connection.getresponse()
            answer.read()
            if answer.status != 200:
                raise RuntimeError(f"status {answer.status}")
            latencies.append(time.perf_counter() - started)
        connection.close()

    threads = [
        threading.Thread(target=client, args=(len(range(first, number, clients)),))
        for first in range(clients)
    ]
    started = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return time.perf_counter() - started, latencies


def resident(process: int) -> float:
    """Return the memory that a process holds, in MiB."""
    status = Path(f"/proc/{process}/status").read_text(encoding="utf-8")
    return int(status.partition("VmRSS:")[2].split()[0]) / 1024


if __name__ == "__main__":
    main()
