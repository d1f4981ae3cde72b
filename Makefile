# `make quickstart` shows the project at work; `make test` is what CI runs. Both install what they need.

# The first of these that is Python 3.11 or newer; `make install PYTHON=...` takes another.
PYTHON ?= $(shell for python in python3.11 python3.12 python3.13 python3.14 python3; do \
	if $$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; \
	then echo $$python; exit; fi; done; echo python3)
VENV ?= .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed
DOCS_INSTALLED := $(VENV)/.docs_installed

TASK ?= coref
TEXT ?=
QUESTION ?=
TEXT_FILE ?=
# As given: a `$` in them is no variable of make's.
override TEXT := $(value TEXT)
override QUESTION := $(value QUESTION)
override TEXT_FILE := $(value TEXT_FILE)

# One thread a test process, two processes: the same on every machine, and nothing from a hub.
TEST_ENVIRONMENT := OMP_NUM_THREADS=1 HF_HUB_OFFLINE=1 TRANSFORMERS_OFFLINE=1 TOKENIZERS_PARALLELISM=false
PYTEST := $(TEST_ENVIRONMENT) $(BIN)/python -m pytest -n 2 --dist worksteal

.PHONY: help install lock quickstart test test-fast test-matrix check fuzz lint format docs clean

help:
	@echo 'make quickstart  train, evaluate and predict on the sample corpus (TASK=coref, qa, relation or pretraining, TEXT="...", QUESTION="...", TEXT_FILE=...)'
	@echo 'make install     .venv with every pinned version of requirements/lock.txt'
	@echo 'make test        linter, types, layers and all tests; make check is the same'
	@echo 'make test-fast   the tests that take less than five seconds'
	@echo 'make fuzz        10,000 mistakes in files, records, results and archives (CASES=..., SEED=...)'
	@echo 'make test-matrix the quick tests on each Python from 3.11 to 3.14 that is found'
	@echo 'make format      format and mend what the linter can'
	@echo 'make docs        build the documentation into build/site'
	@echo 'make lock        choose the newest versions anew and write requirements/lock.txt and docs.txt'
	@echo 'make clean       remove .venv and what tools left behind'

install: $(INSTALLED)

$(INSTALLED): requirements/lock.txt requirements/preflight.py setup.py pyproject.toml spanbert_allen/tested_versions.py
	@command -v $(PYTHON) >/dev/null || { echo 'error: $(PYTHON) was not found: install Python 3.11 or newer' >&2; exit 1; }
	@$(PYTHON) requirements/preflight.py
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip --version >/dev/null 2>&1 || $(BIN)/python -m ensurepip
	@echo 'Installing the pinned versions into $(VENV): two to ten minutes, 6.5 GB.'
	$(BIN)/python -m pip install --disable-pip-version-check --no-deps -r requirements/lock.txt
	$(BIN)/python -m pip install --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

lock: install
	$(BIN)/python requirements/make_lock.py

quickstart: install
	@$(BIN)/spanbert-allen quickstart --task '$(TASK)' $(if $(TEXT),--text "$$TEXT") $(if $(QUESTION),--question "$$QUESTION") $(if $(TEXT_FILE),--text-file "$$TEXT_FILE")

export TEXT QUESTION TEXT_FILE

check: test

test: lint
	$(PYTEST)

test-fast: install
	$(PYTEST) -m 'not slow'

CASES ?= 10000
SEED ?= 0

fuzz: install
	$(TEST_ENVIRONMENT) $(BIN)/python -W ignore -m tests.hostile --cases $(CASES) --seed $(SEED)

# An environment for each Python, beside .venv; a Python that is not found is said and passed over.
MATRIX ?= 3.11 3.12 3.13 3.14
test-matrix:
	@for version in $(MATRIX); do \
		python=$$(command -v python$$version) && $$python -c '' 2>/dev/null \
			|| { echo "Python $$version was not found: passed over"; continue; }; \
		echo "== Python $$version"; \
		$(MAKE) test-fast PYTHON=$$python VENV=.venv-$$version || exit 1; \
	done

lint: install
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache

format: install
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

docs: $(DOCS_INSTALLED)
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet
	@echo 'The documentation is in build/site: open build/site/index.html.'

$(DOCS_INSTALLED): $(INSTALLED) requirements/docs.txt
	$(BIN)/python -m pip install --disable-pip-version-check --no-deps -r requirements/docs.txt
	@touch $@

clean:
	rm -rf .venv .venv-* build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
