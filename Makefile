# What the house does from a shell. Every target begins with an installed .venv.
PYTHON ?= python3
BIN := .venv/bin

.PHONY: install demo test check test-slow bench format docs lock clean

install: .venv/installed

# The stamp is younger than what it was made from, so a second run does nothing.
.venv/installed: requirements/dev.txt pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed")'
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	touch $@

demo: install
	$(BIN)/allocator demo

check: install
	$(BIN)/ruff format --check --quiet .
	$(BIN)/ruff check --quiet .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache

test: check
	$(BIN)/pytest -n 2 --dist worksteal -m "not slow"

test-slow: install
	$(BIN)/pytest -m slow

bench: install
	$(BIN)/python benchmarks/bench.py

format: install
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

# The reference of the command line, from the commands themselves; a test says when it is out of date.
docs: install
	$(BIN)/python docs/reference/make_cli.py

# Pins are made anew with uv; the files carry hashes and no index addresses.
lock:
	uv pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes --no-header --no-annotate -o requirements/runtime.txt
	uv pip compile pyproject.toml --group dev --universal --python-version 3.11 --generate-hashes --no-header --no-annotate -o requirements/dev.txt

clean:
	rm -rf .venv out .mypy_cache .ruff_cache .hypothesis
