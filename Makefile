# `make help` lists what there is. Everything runs from .venv, which the first command sets up.

SHELL := /bin/sh
PY := .venv/bin/python
TESTS ?=

# Demo and tests start dozens of programs. Without bytecode on disk each compiles every library anew, which takes longer
# than all else it does at its start; images and shells that forbid it mean other things than this checkout.
unexport PYTHONDONTWRITEBYTECODE

# PORT=, EMULATOR_PORT= and PYTHON= on the command line reach every program: make exports what it is given.

.DEFAULT_GOAL := help
.PHONY: help install demo demo-reset test walk check bench bench-large bench-emulator transcript format messages lock services-up services-down clean

help: ## List the commands
	@echo "Commands:"
	@sed -n 's/^\([a-z-]*\):.*## /  make \1|/p' Makefile | awk -F'|' '{ printf "%-22s %s\n", $$1, $$2 }'

install: ## Set up .venv from the hashed lock (finds Python 3.12 or newer, or says how to get one)
	@$(PY) dev/install.py --is-current 2>/dev/null || { python=$$(sh dev/find-python.sh) && "$$python" dev/install.py; }
	@$(PY) dev/messages.py compile

demo: install ## Start the whole marketplace with sample data; Ctrl-C stops it (PORT=8000 EMULATOR_PORT=8400)
	@exec $(PY) -m marketplace.demo

demo-reset: install ## Forget the demo's data, so that the next `make demo` starts over
	@exec $(PY) -m marketplace.demo reset

test: install ## Run every test on real servers (TESTS="tests/unit -k fee" narrows it)
	@exec $(PY) dev/test.py $(TESTS)

walk: install ## Walk through the whole marketplace in Chromium, each page at 360, 768 and 1440 px, light and dark (WALK_SHOTS=dir keeps pictures)
	@exec env WALK_ALL=1 $(PY) dev/test.py tests/browser

check: install ## Run everything that must be green: format, lint, types, imports, templates, migrations, tests
	@exec $(PY) dev/check.py

bench: install ## Measure the performance goals on small data, one line a goal
	@exec $(PY) -m bench

bench-large: install ## Measure the performance goals on large data (takes long)
	@exec $(PY) -m bench --large

bench-emulator: install ## Measure the emulator beside a bare Django view, one line a goal
	@exec $(PY) -m bench.emulated

transcript: install ## Run every test (or TESTS=...) and check each line of what the emulators wrote down
	@exec $(PY) dev/transcript.py $(TESTS)

format: install ## Format the code and sort the imports
	$(PY) -m ruff check --fix --quiet .
	$(PY) -m ruff format .

messages: install ## Bring the translations in line with the texts of the code, and list what has none
	@$(PY) dev/messages.py update
	@$(PY) dev/messages.py missing

lock: install ## Resolve pyproject.toml into requirements.lock (the only command that may change a version)
	@exec $(PY) dev/lock.py

services-up: install ## Start PostgreSQL and Valkey for the tests and print their addresses
	@exec $(PY) dev/services.py up test

services-down: ## Stop the PostgreSQL and Valkey that tests left running
	@test -x $(PY) || { echo "Nothing is installed, so nothing runs."; exit 0; }; exec $(PY) dev/services.py down test

clean: services-down ## Stop the tests' servers and remove caches and their data (keeps .venv and the demo's data)
	@echo "Removing caches and var/test"
	@rm -rf var/test .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	@find . -name __pycache__ -type d -not -path './.venv/*' -prune -exec rm -rf {} +
