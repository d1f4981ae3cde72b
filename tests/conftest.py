"""Every test runs offline, on one torch thread, from the same seeds."""

from __future__ import annotations

import os
import random
import signal
import sys
from pathlib import Path

import numpy
import pytest
from hypothesis import settings
from pytest_socket import disable_socket, enable_socket

TESTS = Path(__file__).parent

os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["TRANSFORMERS_OFFLINE"] = "1"
os.environ["TOKENIZERS_PARALLELISM"] = "false"
os.environ.setdefault("OMP_NUM_THREADS", "1")

# A shell that starts a command in the background lets it ignore Ctrl-C, and its children inherit
# that; tests send that signal.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# A property is looked for anew in every run, but in CI the same examples come each time. No example
# is timed: a loaded machine would fail it.
settings.register_profile("here", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True)
settings.load_profile("ci" if os.environ.get("CI") else "here")


def pytest_collection_modifyitems(items):
    """
    Run the tests of the whole first: they start processes, and the longest take a minute.

    At the end of a run one of two workers would wait for them.
    """
    items.sort(key=lambda item: item.path.parent != TESTS)


@pytest.fixture(autouse=True)
def _no_network():
    """Unix sockets stay open: several processes on one machine talk through them."""
    disable_socket(allow_unix_socket=True)
    yield
    enable_socket()


@pytest.fixture(autouse=True)
def _same_start():
    """Torch is set only where a test has imported it: most tests are quick because they do not."""
    random.seed(20)
    numpy.random.seed(20)  # noqa: NPY002  AllenNLP draws from the global generator
    if (torch := sys.modules.get("torch")) is not None and hasattr(torch, "set_num_threads"):
        torch.set_num_threads(1)
        torch.manual_seed(20)


@pytest.fixture(scope="session")
def trained_coref(tmp_path_factory):
    """The serialization folder of a tiny coreference model that has learned some texts."""
    from tests.predictors.coref.trained import train

    return train(tmp_path_factory.mktemp("coref"))


@pytest.fixture(scope="session")
def trained_multitask(tmp_path_factory):
    """The serialization folder of a tiny model of three tasks, trained for a moment."""
    from tests.models.multitask_training import config, train

    folder = tmp_path_factory.mktemp("multitask")
    return train(config(folder), folder / "model")
