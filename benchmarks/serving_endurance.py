"""
Ask `spanbert-allen serve` so much, and such things, that what seldom goes wrong does.

`fuzz` makes requests of the service's own description (OpenAPI), with mistakes in most of them, and
sends them in this process: no answer may be a failure of the service or of a model. `memory` sends
many small requests, each with another text, to a service of its own, and prints how much memory
that holds meanwhile.
"""

from __future__ import annotations

import argparse
import asyncio
import http.client
import json
import sys
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

from serving import EXAMPLES, resident, service

ROOT = Path(__file__).resolve().parent.parent
ARCHIVES = [
    str(ROOT / "tests" / "fixtures" / "archives" / f"{task}.tar.gz")
    for task in ("coref", "qa", "relation", "sequence")
]
TEXTS = (
    "Ida lost her keys. She looked for them in the garden. Tom found them.",
    "Anna Bell founded Ringers Ltd.",
    "Who?",
    "PERSON",
    "Zoë \U0001f511 saw e\u0301t\u00e9 \u202eback\u202c.",
    "",
)


class Sent(NamedTuple):
    """A request."""

    method: str
    path: str
    body: bytes
    kind: str


def main() -> None:
    """Do what is asked for; end with status 1 if something failed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=("fuzz", "memory"))
    parser.add_argument("archives", nargs="*", default=ARCHIVES, help="those of the tests")
    parser.add_argument("--number", type=int, help="requests (10000, for memory 50000)")
    parser.add_argument("--clients", type=int, default=8, help="how many ask at once (%(default)s)")
    parser.add_argument("--seed", type=int, default=0, help="other requests (%(default)s)")
    parser.add_argument(
        "--new-words", action="store_true", help="for memory: in each text a word not met before"
    )
    arguments = parser.parse_args()
    if arguments.what == "fuzz":
        number = arguments.number or 10_000
        requests = (number, arguments.seed, arguments.clients)
        sys.exit(asyncio.run(fuzz(arguments.archives, *requests)))
    number = arguments.number or 50_000
    memory(arguments.archives, number, arguments.clients, new_words=arguments.new_words)


async def fuzz(archives: list[str], number: int, seed: int, clients: int) -> int:
    """Send requests with mistakes, print how they were answered, and return how to end."""
    import httpx

    from spanbert_allen.loading import register

    register()
    from spanbert_allen.serving.app import make_app
    from spanbert_allen.serving.models import keep_records_out_of_logs, load_models
    from spanbert_allen.serving.settings import ServiceSettings

    keep_records_out_of_logs()
    app = make_app(load_models(archives), ServiceSettings(max_wait_ms=1.0, timeout=600.0))
    requests = iter(Requests(app.openapi(), Random(seed)).first(number))
    answers: Counter[tuple[str, int]] = Counter()
    failures: list[str] = []

    async def ask(client: httpx.AsyncClient) -> None:
        for one in requests:
            answer = await client.request(
                one.method, one.path, content=one.body, headers={"Content-Type": one.kind}
            )
            answers[one.path.partition("?")[0], answer.status_code] += 1
            text = "" if one.method == "HEAD" else answer.text
            if (problem := problem_of(answer.status_code, text)) is not None:
                failures.append(f"{one.method} {one.path} {one.body[:2000]!r}: {problem}")
                print(failures[-1], flush=True)

    started = time.perf_counter()
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://here", timeout=None) as client,
    ):
        await asyncio.gather(*(ask(client) for _ in range(clients)))
    statuses = sorted({status for _, status in answers})
    print(f"{'path':<16}" + "".join(f"{status:>8}" for status in statuses))
    for path in sorted({path for path, _ in answers}):
        print(f"{path:<16}" + "".join(f"{answers[path, status]:>8}" for status in statuses))
    seconds = time.perf_counter() - started
    print(f"{number} requests in {seconds:.0f} s, {len(failures)} failures")
    return 1 if failures else 0


def problem_of(status: int, text: str) -> str | None:
    """Return what is wrong with an answer, if something is."""
    if status >= 500:
        return f"status {status}: {text[:500]}"
    if "the model failed on this record" in text:
        return text[:500]
    if status >= 400 and text:
        try:
            if list(json.loads(text)) != ["error"] or "\n" in json.loads(text)["error"]:
                return f"no sentence: {text[:500]}"
        except ValueError:
            return f"no JSON: {text[:500]}"
    return None


class Requests:
    """Make requests as a description of the service has them, most with mistakes."""

    def __init__(self, described: dict[str, Any], random: Random) -> None:
        sys.path.insert(0, str(ROOT))
        from tests.hostile.mutations import dumped, mutated_text, mutated_value
        from tests.hostile.results import RESULTS

        self._mutated_text, self._mutated_value = mutated_text, mutated_value
        self._dumped = dumped
        self._random = random
        self._schemas = described["components"]["schemas"]
        self._paths = sorted(described["paths"])
        self._records = {
            path: one["post"]["requestBody"]["content"]["application/json"]
            for path, one in described["paths"].items()
            if "requestBody" in one.get("post", {})
        }
        self._results = RESULTS
        self._schemas_of_results = [
            (path[1:], one["post"]["responses"]["200"]["content"]["application/json"]["schema"])
            for path, one in described["paths"].items()
            if path in self._records
        ]

    def first(self, number: int) -> Iterator[Sent]:
        """Yield a number of requests."""
        for _ in range(number):
            yield self._other() if self._random.random() < 0.05 else self._posted()

    def _posted(self) -> Sent:
        """Return a record, or for /format a result, maybe with mistakes in it or in its text."""
        random = self._random
        path = random.choice([*self._records, "/format"])
        if path == "/format":
            task, schema = random.choice(self._schemas_of_results)
            value = self._value(schema, 0) | {"schema": f"spanbert_allen.{task}/1"}
            value = random.choice([value, *self._results.values()])
            path += random.choice(("?to=html", "?to=conll", "?to=html", "?to=conll", "?to=x", ""))
        else:
            content = self._records[path]
            is_made = random.random() < 0.5
            value = self._value(content["schema"], 0) if is_made else content["example"]
            if random.random() < 0.1:
                names = (path[1:], "", "none", "\u00e9", "%00")
                path += f"?model={random.choice(names)}"
        if random.random() < 0.6:
            value = self._mutated_value(value, random)
        body = self._dumped(value)
        if random.random() < 0.15:
            body = self._mutated_text(body, random)
        kind = "application/json" if random.random() < 0.97 else random.choice(("", "text/plain"))
        return Sent("POST", path, body, kind)

    def _other(self) -> Sent:
        """Return a request for any path by any method."""
        path = self._random.choice([*self._paths, "/", "/docs", "/openapi.json", "/page/x", "/%ff"])
        method = self._random.choice(("GET", "POST", "PUT", "DELETE", "HEAD", "OPTIONS"))
        return Sent("GET" if self._random.random() < 0.5 else method, path, b"", "")

    def _value(self, schema: dict[str, Any], depth: int) -> Any:
        """Return a value of a schema."""
        random = self._random
        if "$ref" in schema:
            schema = self._schemas[schema["$ref"].rpartition("/")[2]]
        if "anyOf" in schema:
            return self._value(random.choice(schema["anyOf"]), depth)
        kind = schema.get("type")
        if kind == "object":
            return self._object(schema, depth)
        if kind == "array":
            if "prefixItems" in schema:
                return sorted(self._value(one, depth + 1) for one in schema["prefixItems"])
            items = schema.get("items", {})
            return [self._value(items, depth + 1) for _ in range(random.choice((0, 1, 2, 3)))]
        numbers = random.randrange(12)
        made = {
            "string": random.choice(TEXTS),
            "integer": numbers,
            "number": random.choice((0.0, 0.25, 0.5, 1.5, -2.0)),
            "boolean": random.random() < 0.5,
            "null": None,
        }
        return made[kind] if kind in made else random.choice([*made.values(), [], {}])

    def _object(self, schema: dict[str, Any], depth: int) -> dict[str, Any]:
        properties = schema.get("properties", {})
        # With few of many optional fields, most records are for something.
        share = 1.5 / (1 + len(properties)) if depth else 2.5 / (1 + len(properties))
        made = {
            name: self._value(one, depth + 1)
            for name, one in properties.items()
            if name in schema.get("required", ()) or self._random.random() < share
        }
        if self._random.random() < 0.1:
            made["mine"] = self._random.choice(TEXTS)
        if "text" in properties and "text" not in made and self._random.random() < 0.5:
            made["text"] = self._random.choice(TEXTS)
        return made


def memory(archives: list[str], number: int, clients: int, *, new_words: bool) -> None:
    """Print the memory of a service before and between many requests."""
    with service(archives, []) as (port, process):
        print("requests     a second      MiB", flush=True)
        print(f"{0:>8}{'':>13}{resident(process.pid):>9.0f}", flush=True)
        step = max(1, min(10_000, number))
        for done in range(0, number, step):
            started = time.perf_counter()
            numbers = range(done, min(number, done + step))
            ask_differently(port, numbers, clients, new_words=new_words)
            speed = min(step, number - done) / (time.perf_counter() - started)
            memory_now = resident(process.pid)
            print(f"{min(number, done + step):>8}{speed:>13.1f}{memory_now:>9.0f}", flush=True)


def ask_differently(port: int, numbers: range, clients: int, *, new_words: bool) -> None:
    """Send a request for each number, by several clients, of each task in turn."""
    connection = http.client.HTTPConnection("127.0.0.1", port)
    connection.request("GET", "/models")
    tasks = [one["task"] for one in json.loads(connection.getresponse().read())]
    connection.close()
    tasks = [task for task in tasks if task in EXAMPLES]

    def client(first: int) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port)
        for number in numbers[first::clients]:
            task = tasks[number % len(tasks)]
            told = str(number) if new_words else " ".join(str(number))
            record = {
                name: f"{value} Number {told}." if name in ("text", "context") else value
                for name, value in EXAMPLES[task].items()
            }
            headers = {"Content-Type": "application/json"}
            connection.request("POST", f"/{task}", json.dumps(record), headers)
            answer = connection.getresponse()
            if answer.status != 200:
                raise RuntimeError(f"status {answer.status}: {answer.read()!r}")
            answer.read()
        connection.close()

    with ThreadPoolExecutor(clients) as pool:
        list(pool.map(client, range(clients)))


if __name__ == "__main__":
    main()
