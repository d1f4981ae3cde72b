"""The service as a process: its socket, its keys, and its end."""

from __future__ import annotations

import ipaddress
import socket
from pathlib import Path
from types import FrameType

import uvicorn
from fastapi import FastAPI

from spanbert_allen.common.errors import ConfigError, DataError


class _Server(uvicorn.Server):
    """Closes the queue when the process is told to end: uvicorn waits for what waits there."""

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        self.config.app.state.close()  # type: ignore[union-attr]
        super().handle_exit(sig, frame)


def run_until_stopped(app: FastAPI, listening: socket.socket, *, timeout: float) -> None:
    """
    Answer requests until SIGTERM or Ctrl-C; those that were taken by then are still answered.

    # Parameters

    app : `FastAPI`
        The service.
    listening : `socket.socket`
        Where requests come.
    timeout : `float`
        How many seconds the last requests may take.
    """
    config = uvicorn.Config(
        app,
        access_log=False,  # a path and what is asked of it belong to a request
        log_level="warning",
        server_header=False,
        timeout_graceful_shutdown=max(1, round(timeout)),
    )
    try:
        _Server(config).run(sockets=[listening])
    except KeyboardInterrupt:  # uvicorn raises the signal once more when all is done
        return


def listen(host: str, port: int) -> socket.socket:
    """Return a socket that listens; raises `ConfigError` where that cannot be."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=512)
    except (OSError, OverflowError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise ConfigError(
            f"nothing can listen on {host} port {port} ({reason}); choose others with --host and "
            "--port"
        ) from error


def url_of(listening: socket.socket) -> str:
    """Return where a listening socket is reached."""
    host, port = listening.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def is_loopback(listening: socket.socket) -> bool:
    """Return whether only this machine reaches a socket."""
    return ipaddress.ip_address(listening.getsockname()[0]).is_loopback


def read_keys(path: str) -> frozenset[str]:
    """
    Return the keys of a file, one a line; empty lines and those with `#` first are passed over.

    # Parameters

    path : `str`
        The file.
    """
    try:
        lines = Path(path).read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"cannot be read as a file of keys ({error}); check it", path) from error
    keys = [line.strip() for line in lines]
    found = frozenset(key for key in keys if key and not key.startswith("#"))
    if not found:
        raise DataError("holds no key; write one a line", path)
    return found
