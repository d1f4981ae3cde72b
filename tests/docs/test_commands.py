"""Every command of the pages exists, with its options."""

from __future__ import annotations

import argparse
import json
import re
import sys

import pytest

from spanbert_allen.__main__ import ALLENNLP_COMMANDS
from spanbert_allen.commands import COMMANDS, load_command
from tests.docs.pages import PAGES, blocks, name
from tests.docs.shell import simple_commands
from tests.places import ROOT

OF_THE_SHELL = {"export", "echo", "cat", "cd", ".", "git", "hostname", "pip"}
SCRIPTS = [block for page in PAGES for block in blocks(page, "bash")]


def check_own(words: list[str]) -> None:
    """Parse the arguments of one of our commands."""
    parser = argparse.ArgumentParser(prog=" ".join(words[:2]))
    load_command(words[1]).add_arguments(parser)
    parser.parse_args(words[2:])


def check_allennlp(words: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Parse the arguments of one of AllenNLP's commands, and look into the JSON among them."""
    import allennlp.commands

    monkeypatch.setattr(allennlp.commands, "import_plugins", lambda: None)
    monkeypatch.setattr(sys, "argv", words)
    _, parsed = allennlp.commands.parse_args()
    for given in (getattr(parsed, "overrides", ""), getattr(parsed, "predictor_args", "")):
        assert isinstance(json.loads(given or "{}"), dict)
    if words[1] == "train" and not parsed.param_path.startswith(("RESULT", "mine", "experiment")):
        assert (ROOT / parsed.param_path).is_file(), parsed.param_path


def check_program(words: list[str]) -> None:
    """Look for a Python program's options in its source."""
    if words[1] == "-m":
        return
    source = (ROOT / words[1]).read_text(encoding="utf-8")
    for option in words[2:]:
        if option.startswith("-"):
            assert f'"{option}"' in source, f"{words[1]} has no option {option}"


def without_torchrun(words: list[str]) -> list[str]:
    """Return the command that torchrun starts, or the command as it is."""
    if "torchrun" not in words:
        return words
    return ["spanbert-allen", *words[words.index("spanbert_allen") + 1 :]]


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda block: block.page)
def test_every_command_of_the_pages_exists_with_its_options(script, monkeypatch):
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for words in map(without_torchrun, simple_commands(script.text)):
        program = words[0].removeprefix(".venv/bin/")
        if program == "make":
            targets = [word for word in words[1:] if "=" not in word]
            assert all(f"\n{target}:" in makefile for target in targets), words
        elif program == "spanbert-allen" and words[1] in COMMANDS:
            check_own(words)
        elif program in ("allennlp", "spanbert-allen"):
            assert words[1] in ALLENNLP_COMMANDS, words
            check_allennlp(words, monkeypatch)
        elif program == "python":
            check_program(words)
        elif "=" in program:
            assert program.isupper() or program.partition("=")[0].isupper(), words
        else:
            assert program in OF_THE_SHELL, words


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_commands_within_sentences_exist(page):
    text = page.read_text(encoding="utf-8")
    for program, command in re.findall(r"`(spanbert-allen|allennlp) ([a-z-]+)\b", text):
        known = ALLENNLP_COMMANDS if program == "allennlp" else (*COMMANDS, *ALLENNLP_COMMANDS)
        assert command in known, f"{program} {command}"
    for path in re.findall(r"(?<![\w./])(?:training_configs|benchmarks)/[\w/.]+\.\w+", text):
        assert (ROOT / path).is_file(), path
