# make install | run | test | check | bench | clean | lock
SHELL := /bin/bash
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help
.PHONY: help install run test check types style collected bench clean lock browser broker

SCENARIO ?= bad-canary
ARGS ?=
LOCK ?=
# One more than a small machine has cores: much of its time a test waits for servers of its own.
TEST_PROCESSES ?= 3
VENV := .venv
BIN := $(VENV)/bin
# The first of these that is Python 3.11 or later; override with make PYTHON=...
ifndef PYTHON
PYTHON := $(shell for p in python3.11 python3 python3.12 python3.13; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1 && command -v $$p && break; done)
endif
# With pip in the venv use that; a venv made without pip is served by the pip of the system.
PIP = $$(if [ -x $(BIN)/pip ]; then echo $(BIN)/pip; else echo '$(PYTHON) -m pip --python $(BIN)/python'; fi)
PIP_INSTALL = $(PIP) install --quiet --disable-pip-version-check --no-compile
# What pip does file by file, on every core; the test data of some packages is no Python.
COMPILE = $(BIN)/python -m compileall -q -j 0 $(VENV)/lib >/dev/null 2>&1 || true
MADE_VENV := $(VENV)/.made
MADE_RUNTIME := $(VENV)/.runtime
MADE_DEV := $(VENV)/.dev
STYLE_TESTS := tests/test_architecture.py tests/test_tidy.py tests/unit/house
# make check test runs them once.
IGNORED = $(if $(filter check,$(MAKECMDGOALS)),$(STYLE_TESTS:%=--ignore=%))
# And the processes of make test find compiled by one what each of them would compile.
COLLECTED = $(if $(filter test,$(MAKECMDGOALS)),collected)

help:
	@echo 'make run       the whole system on this machine, scenario $(SCENARIO) (SCENARIO=name, ARGS="--for 60s")'
	@echo 'make install   what make run needs, in $(VENV)'
	@echo 'make test      every test, in $(TEST_PROCESSES) processes (TEST_PROCESSES=4, ARGS="-k name")'
	@echo 'make check     ruff, mypy, style and architecture'
	@echo 'make bench     every bench; rewrites bench/RESULTS.md'
	@echo 'make lock      resolve the requirement files again (needs uv; LOCK=--upgrade for newer versions)'
	@echo 'make clean     remove what make made; data/ stays, it holds journal and ledger'

install: $(MADE_RUNTIME)

run: $(MADE_RUNTIME)
	@exec $(BIN)/tillwatch up --scenario $(SCENARIO) $(ARGS)

# Bytecode is kept even where the machine says otherwise: the tests start our programs hundreds of times.
test: $(MADE_DEV) browser broker
	PYTHONDONTWRITEBYTECODE= $(BIN)/python -m pytest --numprocesses=$(TEST_PROCESSES) --dist=worksteal --durations=10 $(IGNORED) $(ARGS)

check: $(MADE_DEV)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	@$(MAKE) --no-print-directory --jobs=3 --output-sync=target types style $(COLLECTED)

types: $(MADE_DEV)
	$(BIN)/mypy

style: $(MADE_DEV)
	$(BIN)/python -m pytest -q $(STYLE_TESTS)

collected: $(MADE_DEV)
	@said=$$(PYTHONDONTWRITEBYTECODE= $(BIN)/python -m pytest -qq --collect-only 2>&1) || { tail -n 50 <<<"$$said"; exit 1; }

bench: $(MADE_DEV)
	$(BIN)/python -m bench $(ARGS)

$(MADE_VENV):
	@if [ -z '$(PYTHON)' ] || ! $(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then \
		echo 'tillwatch needs Python 3.11 or later: apt-get install python3, or make PYTHON=/path/to/python3.11' >&2; exit 1; fi
	@$(PYTHON) -m venv $(VENV) >/dev/null 2>&1 || { \
		rm -rf $(VENV); \
		if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
			apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq python3-venv >/dev/null; \
		fi; \
		$(PYTHON) -m venv $(VENV) >/dev/null 2>&1; \
	} || { \
		rm -rf $(VENV); \
		$(PYTHON) -m pip --version >/dev/null 2>&1 && $(PYTHON) -m venv --without-pip $(VENV); \
	} || { \
		rm -rf $(VENV); \
		echo 'no way to make $(VENV): install the package python3-venv (apt-get install python3-venv) and run make again' >&2; exit 1; }
	@touch $@

$(MADE_RUNTIME): $(MADE_VENV) requirements-build.txt requirements-embedded.txt pyproject.toml
	@echo 'installing requirements-embedded.txt into $(VENV)'
	@$(PIP_INSTALL) --require-hashes -r requirements-build.txt -r requirements-embedded.txt
	@$(PIP_INSTALL) --no-deps --no-build-isolation -e .
	@$(COMPILE)
	@touch $@

$(MADE_DEV): $(MADE_RUNTIME) requirements-dev.txt
	@echo 'installing requirements-dev.txt into $(VENV)'
	@$(PIP_INSTALL) --require-hashes -r requirements-dev.txt
	@$(COMPILE)
	@touch $@

# Browser tests skip by name without chromium; with CI=true they fail.
browser:
	@if ! command -v chromium >/dev/null && [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
		apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium >/dev/null \
		|| echo 'no chromium: browser tests will be skipped (apt-get install chromium)' >&2; fi

# Tests against a real MQTT broker skip by name without mosquitto; with CI=true they fail.
broker:
	@if [ ! -x /usr/sbin/mosquitto ] && [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
		apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends mosquitto >/dev/null \
		|| echo 'no mosquitto: tests against a broker will be skipped (apt-get install mosquitto)' >&2; fi

# Each file is resolved under the one above it, so that all of them agree on every version.
UV_COMPILE = uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-emit-find-links --no-header --no-annotate $(LOCK)
lock:
	@command -v uv >/dev/null || { echo 'make lock needs uv (pip install uv)' >&2; exit 1; }
	$(UV_COMPILE) pyproject.toml --extra dev --extra valkey --extra embedded -o requirements-dev.txt
	$(UV_COMPILE) pyproject.toml --extra embedded --constraint requirements-dev.txt -o requirements-embedded.txt
	$(UV_COMPILE) pyproject.toml --constraint requirements-embedded.txt -o requirements.txt
	$(PYTHON) -c 'import tomllib; print(*tomllib.load(open("pyproject.toml", "rb"))["build-system"]["requires"], sep="\n")' \
		| $(UV_COMPILE) - -o requirements-build.txt

clean:
	rm -rf $(VENV) build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis
	find $(wildcard config checks payment_core remediation daemon bench tests) -name __pycache__ -type d -prune -exec rm -rf {} +
