"""The service as an ASGI application: paths, statuses and their sentences."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any

from fastapi import FastAPI, HTTPException, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException as StarletteHTTPException
from starlette.responses import HTMLResponse, Response

from spanbert_allen.common.errors import DataError, UserError
from spanbert_allen.serving.bodies import JsonAnswer, RefusedError, read_record
from spanbert_allen.serving.description import describe, docs_page
from spanbert_allen.serving.engine import Engine
from spanbert_allen.serving.formats import add_formats
from spanbert_allen.serving.gate import Gate
from spanbert_allen.serving.models import ServedModels
from spanbert_allen.serving.observing import CONTENT_TYPE, Observations
from spanbert_allen.serving.page import add_page
from spanbert_allen.serving.queue import QueueFullError, RequestQueue
from spanbert_allen.serving.schemas import TASKS, ErrorBody, ModelBody
from spanbert_allen.serving.settings import ServiceSettings
from spanbert_allen.version import VERSION

logger = logging.getLogger(__name__)

_STATUSES = {
    401: "No valid key.",
    413: "The body is too long.",
    415: "The body is not said to be JSON, or is packed.",
    422: "The record, an option or the model's name is bad.",
    429: "Too many requests wait; `Retry-After` says when to come again.",
    503: "The service ends.",
    504: "The request took too long.",
}
_OTHER_SENTENCES = {
    404: "there is nothing at this path; GET /docs shows what there is",
    405: "this path takes another method; GET /docs shows which",
}


def make_app(models: ServedModels, settings: ServiceSettings | None = None) -> FastAPI:
    """
    Return the service.

    # Parameters

    models : `ServedModels`
        The models.
    settings : `ServiceSettings`, optional (default = `ServiceSettings()`)
        The limits.

    # Returns

    `FastAPI`
        The service. `state.close()` lets it take no more requests, and answer those that wait.
    """
    settings = settings or ServiceSettings()
    observations = Observations()
    queue = RequestQueue(
        max_pieces=settings.max_pieces,
        max_wait=settings.max_wait_ms / 1000,
        max_requests=settings.max_queue,
    )
    engine = Engine(models.prepare, models.predict, queue, on_batch=observations.of_batch)
    observations.count_waiting_by(engine.num_waiting)

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        engine.start()
        yield
        if not await asyncio.to_thread(engine.drain, settings.timeout):
            logger.error("the model is still at work after %s seconds", settings.timeout)

    app = FastAPI(
        title="spanbert-allen serve",
        version=VERSION,
        docs_url=None,  # FastAPI's page loads its parts from another server
        redoc_url=None,
        lifespan=lifespan,
    )
    app.state.close = engine.close
    _add_tasks(app, models, engine, settings)
    _add_state(app, models, engine, observations)
    add_formats(app, max_body=settings.max_body)
    add_page(app)
    app.add_exception_handler(RefusedError, _refused)
    app.add_exception_handler(StarletteHTTPException, _other_error)
    app.add_exception_handler(RequestValidationError, _bad_parameter)
    describe(app, models.tasks)
    app.add_middleware(
        Gate,
        keys=settings.keys,
        observations=observations,
        paths={getattr(route, "path", "") for route in app.routes},
    )
    return app


def _add_tasks(
    app: FastAPI, models: ServedModels, engine: Engine, settings: ServiceSettings
) -> None:
    """Add a path for each task that has a model."""

    def answering(task: str) -> Callable[..., Awaitable[Response]]:
        async def answer(request: Request, model: str | None = None) -> Response:
            record = await read_record(request, max_bytes=settings.max_body)
            try:
                group = models.group(task, model, record)
            except DataError as error:
                raise RefusedError(422, error.problem) from None
            except UserError as error:
                raise RefusedError(422, str(error)) from None
            return await _answer(request, engine, (group, record), settings.timeout)

        return answer

    for task in models.tasks:
        app.add_api_route(
            f"/{task}",
            answering(task),
            methods=["POST"],
            summary=TASKS[task].summary,
            response_model=TASKS[task].result,
            responses={
                status: {"model": ErrorBody, "description": text}
                for status, text in _STATUSES.items()
            },
            operation_id=task,
        )


def _add_state(
    app: FastAPI, models: ServedModels, engine: Engine, observations: Observations
) -> None:
    """Add what is said of the service itself."""

    @app.get(
        "/models",
        summary="List the models.",
        response_model=list[ModelBody],
        response_model_exclude_none=True,
    )
    async def list_models() -> list[dict[str, Any]]:
        return [
            {"name": model.name, "task": model.task, "path": f"/{model.task}", "part": model.part}
            | {"entity_types": getattr(model.predictor, "entity_types", None)}
            for model in models.by_name.values()
        ]

    @app.get("/health", summary="Say whether the process lives.")
    async def health() -> dict[str, str]:
        return {"status": "alive"}

    @app.get(
        "/ready",
        summary="Say whether requests are answered.",
        responses={503: {"model": ErrorBody, "description": _STATUSES[503]}},
    )
    async def ready() -> dict[str, str]:
        if not engine.is_ready:
            raise RefusedError(503, "the service ends, or has not begun; try again later")
        return {"status": "ready"}

    @app.get("/metrics", summary="Return counts for Prometheus.", response_class=Response)
    async def metrics() -> Response:
        return Response(observations.text(), headers={"Content-Type": CONTENT_TYPE})

    @app.get("/docs", include_in_schema=False)
    async def docs() -> HTMLResponse:
        return HTMLResponse(docs_page(app.openapi()))


async def _answer(
    request: Request, engine: Engine, asked: tuple[Any, Any], timeout: float
) -> Response:
    """Let a record be predicted, for as long as the client waits and time allows."""
    if not engine.is_ready:
        raise RefusedError(503, "the service ends; ask another one")
    try:
        answer = asyncio.wrap_future(engine.submit(*asked))
    except QueueFullError:
        seconds = engine.seconds_to_drain()
        sentence = f"too many requests wait; try again in {seconds} s"
        raise RefusedError(429, sentence, {"Retry-After": str(seconds)}) from None
    left = asyncio.ensure_future(_until_disconnected(request))
    try:
        waited: set[asyncio.Future[Any]] = {answer, left}
        await asyncio.wait(waited, timeout=timeout, return_when=asyncio.FIRST_COMPLETED)
        if not answer.done():
            if left.done():
                return Response(status_code=499)  # nobody reads it
            sentence = f"no result within {timeout:g} s (--timeout); try a shorter text"
            raise RefusedError(504, sentence)
    finally:
        left.cancel()
        with suppress(asyncio.CancelledError):
            await left
        if not answer.done():
            answer.cancel()
    if answer.exception() is not None:
        raise RefusedError(500, "the model failed on this record; the service's log says more")
    result = answer.result()
    if "error" in result:
        raise RefusedError(422, result["error"])
    return JsonAnswer(result)


async def _until_disconnected(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass


async def _refused(_request: Request, error: Exception) -> Response:
    assert isinstance(error, RefusedError)
    return JsonAnswer({"error": error.sentence}, status_code=error.status, headers=error.headers)


async def _other_error(_request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException | StarletteHTTPException)
    sentence = _OTHER_SENTENCES.get(error.status_code, str(error.detail))
    return JsonAnswer({"error": sentence}, status_code=error.status_code, headers=error.headers)


async def _bad_parameter(_request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    first = error.errors()[0]
    name = ".".join(str(part) for part in first["loc"])
    return JsonAnswer({"error": f"{name}: {first['msg']}"}, status_code=422)
