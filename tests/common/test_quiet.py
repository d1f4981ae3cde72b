"""A command's terminal shows what a person acts on."""

from __future__ import annotations

import logging

import pytest

from spanbert_allen.common import quiet


def record(name, level, text):
    return logging.LogRecord(name, level, __file__, 1, text, None, None)


@pytest.mark.parametrize(
    ("name", "level", "text", "wanted"),
    [
        ("allennlp.common.params", logging.INFO, "trainer.type = spanbert", False),
        ("allennlp.common.params", logging.WARNING, "this is ignored", True),
        ("spanbert_allen.training.monitoring.progress", logging.INFO, "update 1 of 9", True),
        ("spanbert_allen.training", logging.DEBUG, "inner", False),
        ("allennlp.training.callbacks.console_logger", logging.INFO, "f1 | 0.5", True),
        ("spanbert_allen.compat.repairs.archive_reading", logging.INFO, "extracting", False),
        ("allennlp.data.vocabulary", logging.WARNING, "Your label namespace was 'x'", False),
        ("allennlp.data.vocabulary", logging.WARNING, "another warning", True),
        ("allennlp.common.from_params", logging.WARNING, "Parameter local_rank for class A", False),
    ],
)
def test_what_is_wanted(name, level, text, wanted):
    assert quiet.is_wanted(record(name, level, text)) == wanted


@pytest.fixture
def handlers(monkeypatch, tmp_path):
    monkeypatch.delenv("ALLENNLP_DEBUG", raising=False)
    monkeypatch.delenv("ALLENNLP_LOG_LEVEL", raising=False)
    made = [logging.StreamHandler(), logging.FileHandler(tmp_path / "out.log")]
    monkeypatch.setattr(logging.getLogger(), "handlers", list(made))
    yield made
    made[1].close()


def test_the_terminal_is_quiet_and_the_file_whole(handlers):
    terminal, file = handlers[:2]  # pytest adds its own
    quiet.quieten_console()
    quiet.quieten_console()
    assert terminal.filters == [quiet.is_wanted]
    assert file.filters == []


def test_a_line_is_a_sentence(handlers):
    quiet.quieten_console()
    told = handlers[0].format(record("spanbert_allen.x", logging.INFO, "epoch 1 of 2"))
    warned = handlers[0].format(record("spanbert_allen.x", logging.WARNING, "a knob is idle"))
    assert (told, warned) == ("epoch 1 of 2", "warning: a knob is idle")


def test_a_command_without_log_handlers_is_quiet_too(handlers, monkeypatch, capsys):
    monkeypatch.setattr(logging.getLogger(), "handlers", [])
    monkeypatch.setattr(logging, "lastResort", type(logging.lastResort)(logging.WARNING))
    quiet.quieten_console()
    logging.getLogger("allennlp.training.optimizers").warning("When constructing parameter groups")
    logging.getLogger("spanbert_allen.x").warning("a knob is idle")
    assert capsys.readouterr().err == "warning: a knob is idle\n"


@pytest.mark.parametrize("variable", ["ALLENNLP_DEBUG", "ALLENNLP_LOG_LEVEL"])
def test_whoever_asks_for_more_sees_it(variable, handlers, monkeypatch):
    monkeypatch.setenv(variable, "INFO")
    quiet.quieten_console()
    assert handlers[0].filters == []
