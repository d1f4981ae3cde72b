"""The description of the service: OpenAPI, and a page of it that loads nothing from elsewhere."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from html import escape
from typing import Any

from fastapi import FastAPI
from pydantic.json_schema import models_json_schema

from spanbert_allen.serving.schemas import TASKS

_REFERENCE = "#/components/schemas/{model}"
_PAGE = """<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>spanbert-allen serve</title>
<style>
:root {{ color-scheme: light dark }}
body {{ font: 1rem/1.5 system-ui, sans-serif; max-width: 50rem; margin: auto; padding: 1rem }}
pre {{ overflow-x: auto; padding: .6rem; border: 1px solid #8888; border-radius: .3rem }}
</style>
<h1>spanbert-allen serve</h1>
<p>The whole description is <a href="openapi.json">openapi.json</a> (OpenAPI).</p>
{sections}
</html>
"""


def describe(app: FastAPI, tasks: Sequence[str]) -> None:
    """
    Say in a service's OpenAPI description what the bodies of requests hold.

    # Parameters

    app : `FastAPI`
        The service, whose paths read their bodies themselves, so that FastAPI cannot know.
    tasks : `Sequence[str]`
        Its tasks.
    """
    without_bodies = app.openapi

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            described = without_bodies()
            records = [(TASKS[task].record, "validation") for task in tasks]
            _, schemas = models_json_schema(records, ref_template=_REFERENCE)  # type: ignore[arg-type]
            described.setdefault("components", {}).setdefault("schemas", {}).update(
                schemas.get("$defs", {})
            )
            for task in tasks:
                described["paths"][f"/{task}"]["post"]["requestBody"] = _body(task)
        assert app.openapi_schema is not None
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]


def docs_page(described: dict[str, Any]) -> str:
    """Return a page with the paths of a service, their schemas and an example of each."""
    return _PAGE.format(sections="\n".join(_sections(described)))


def _body(task: str) -> dict[str, Any]:
    schema = {"$ref": _REFERENCE.format(model=TASKS[task].record.__name__)}
    content = {"application/json": {"schema": schema, "example": TASKS[task].example}}
    return {"required": True, "content": content}


def _sections(described: dict[str, Any]) -> Iterator[str]:
    schemas = described.get("components", {}).get("schemas", {})
    for path, methods in described["paths"].items():
        for method, operation in methods.items():
            yield f"<h2>{method.upper()} {escape(path)}</h2><p>{escape(operation['summary'])}</p>"
            body = operation.get("requestBody")
            if body is None:
                continue
            content = body["content"]["application/json"]
            example = json.dumps(content["example"])
            yield f"<pre>{escape(_curl(path, example))}</pre>"
            results = operation["responses"]["200"]["content"]["application/json"]
            for title, schema in (("The record", content), ("The result", results)):
                named = schemas[schema["schema"]["$ref"].rpartition("/")[2]]
                text = escape(json.dumps(named, indent=2))
                yield f"<details><summary>{title}</summary><pre>{text}</pre></details>"


def _curl(path: str, example: str) -> str:
    quoted = example.replace("'", "'\\''")
    return (
        f"curl http://localhost:8000{path} -H 'Content-Type: application/json' \\\n  -d '{quoted}'"
    )
