"""
A browser on the page of a service that runs in a thread of the test process.

It takes playwright and Debian's chromium, which nothing else here needs: see CONTRIBUTING.md.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import threading
from pathlib import Path

import pytest
import uvicorn
from pytest_socket import enable_socket

from spanbert_allen.serving.app import make_app
from spanbert_allen.serving.models import ServedModel, ServedModels
from spanbert_allen.serving.running import listen, url_of
from spanbert_allen.serving.settings import ServiceSettings
from tests.serving.browser.predictors import PREDICTORS

CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")
KEY = "open sesame"


def _axe():
    """The script of axe-core, which looks for what people with disabilities cannot use."""
    given = os.environ.get("AXE_JS")
    if given:
        return Path(given)
    found = importlib.util.find_spec("axe_playwright_python")
    return Path(found.origin).parent / "axe.min.js" if found and found.origin else None


@pytest.fixture(scope="session")
def chromium():
    sync_api = pytest.importorskip(
        "playwright.sync_api", reason="pip install playwright to test the page in a browser"
    )
    if CHROMIUM is None:
        pytest.skip("apt-get install chromium to test the page in a browser")
    enable_socket()
    arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=arguments)
        yield browser
        browser.close()


def _served(settings):
    models = [ServedModel(name, one.schema[15:-2], one) for name, one in PREDICTORS.items()]
    app = make_app(ServedModels(models), settings)
    return uvicorn.Server(uvicorn.Config(app, log_level="warning"))


@pytest.fixture(scope="session")
def service():
    yield from _running(ServiceSettings(max_wait_ms=0.0))


@pytest.fixture
def locked_service(socket_enabled):
    yield from _running(ServiceSettings(max_wait_ms=0.0, keys=frozenset({KEY})))


def _running(settings):
    enable_socket()
    server = _served(settings)
    with listen("127.0.0.1", 0) as listening:
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        yield url_of(listening)
        server.should_exit = True
        thread.join(30)


@pytest.fixture
def open_page(chromium, socket_enabled):
    """Open pages; at the end none may have logged an error or asked another server."""
    problems = []
    contexts = []

    def opened(url, *, allowed=(), **options):
        context = chromium.new_context(**options)
        contexts.append(context)
        if url.startswith("http"):
            context.grant_permissions(["clipboard-read", "clipboard-write"])
        page = context.new_page()
        page.set_default_timeout(20_000)
        origin = "/".join(url.split("/")[:3])
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.on("console", lambda message: _note(problems, message, allowed))
        page.on("request", lambda asked: _same_origin(problems, asked.url, origin))
        page.goto(url)
        return page

    yield opened
    for context in contexts:
        context.close()
    assert problems == []


def _note(problems, message, allowed):
    if message.type in ("error", "warning") and not any(part in message.text for part in allowed):
        problems.append(message.text)


def _same_origin(problems, url, origin):
    if not url.startswith((origin, "data:")):
        problems.append(url)


@pytest.fixture(scope="session")
def violations():
    """Return what axe-core finds on a page, each with the elements."""
    script = _axe()
    if script is None:
        pytest.skip("set AXE_JS to axe-core's axe.min.js, or pip install axe-playwright-python")

    def found(page):
        page.evaluate(script.read_text(encoding="utf-8"))  # the page's policy lets no tag in
        result = page.evaluate("axe.run()")
        return [
            (one["id"], [node["html"] for node in one["nodes"]]) for one in result["violations"]
        ]

    return found
