"""Answer records over HTTP with trained models."""

from __future__ import annotations

import argparse
import sys

from spanbert_allen.common.engines import ENGINE_HELP, ENGINES, TORCH

HELP = "answer records over HTTP with trained models"
EXAMPLE = "spanbert-allen serve out/coref/model.tar.gz answers=out/qa/model.tar.gz --port 8000"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    add = parser.add_argument
    add(
        "archives",
        nargs="+",
        metavar="ARCHIVE",
        help="a model.tar.gz or the folder of a training; NAME=ARCHIVE gives it a name",
    )
    add("--host", default="127.0.0.1", help="the address to listen on (%(default)s)")
    add("--port", type=int, default=8000, help="the port, 0 for any free one (%(default)s)")
    add("--device", default="cpu", help="cpu or, e.g., cuda:0 (%(default)s)")
    add("--engine", choices=ENGINES, default=TORCH, help=f"{ENGINE_HELP} (%(default)s)")
    add("--api-key-file", metavar="FILE", help="keys, one a line; each request must have one")
    add(
        "--max-wait-ms",
        type=float,
        default=5.0,
        help="how long a request waits for others to go with (%(default)s)",
    )
    add(
        "--max-pieces",
        type=int,
        default=8192,
        help="most word pieces that go through a model together (%(default)s)",
    )
    add("--max-queue", type=int, default=256, help="how many requests may wait (%(default)s)")
    add("--max-body", type=int, default=4 * 2**20, help="most bytes of a record (%(default)s)")
    add(
        "--timeout",
        type=float,
        default=60.0,
        help="seconds after which a request is given up (%(default)s)",
    )


def run(arguments: argparse.Namespace) -> int:
    """Serve until the process is told to end, and return the exit status."""
    from spanbert_allen.common.errors import ConfigError
    from spanbert_allen.loading import register

    register()
    try:
        import fastapi  # noqa: F401
        import prometheus_client  # noqa: F401
        import uvicorn  # noqa: F401
    except ImportError as error:
        raise ConfigError(
            f"`serve` needs {error.name}; install it: pip install fastapi uvicorn prometheus-client"
        ) from error
    from spanbert_allen.serving.app import make_app
    from spanbert_allen.serving.models import keep_records_out_of_logs, load_models
    from spanbert_allen.serving.running import (
        is_loopback,
        listen,
        read_keys,
        run_until_stopped,
        url_of,
    )
    from spanbert_allen.serving.settings import ServiceSettings

    settings = ServiceSettings(
        max_pieces=arguments.max_pieces,
        max_wait_ms=arguments.max_wait_ms,
        max_queue=arguments.max_queue,
        timeout=arguments.timeout,
        max_body=arguments.max_body,
        keys=read_keys(arguments.api_key_file) if arguments.api_key_file else frozenset(),
    )
    keep_records_out_of_logs()
    models = load_models(arguments.archives, device=arguments.device, engine=arguments.engine)
    with listen(arguments.host, arguments.port) as listening:
        if not settings.keys and not is_loopback(listening):
            sys.stderr.write("whoever reaches this machine can ask: --api-key-file asks for keys\n")
        names = ", ".join(f"{model.name} ({model.task})" for model in models.by_name.values())
        sys.stderr.write(f"serving {names} on {url_of(listening)} (open it in a browser)\n")
        run_until_stopped(make_app(models, settings), listening, timeout=settings.timeout)
    return 0
