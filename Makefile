# Everything works from a fresh clone on a machine with make and Python 3.11 or newer, and nothing else.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-builtin-rules

BIN := .venv/bin
UV := .venv/uv/bin/uv
READY := .venv/.ready

.PHONY: help
help: ## List what there is
	@awk -F ' ## ' '/^[a-z]+:.* ## / { split($$1, target, ":"); printf "make %-8s %s\n", target[1], $$2 }' $(MAKEFILE_LIST)

.PHONY: setup
setup: $(READY) ## Make .venv with everything in it, pinned and hashed (every other target does this first)

.PHONY: demo
demo: $(READY) ## Build a unit in a whole plant; KAFKA=java or KAFKA=host:port for a real broker, ONCE=1 to end by itself
	$(BIN)/asbuilt demo

.PHONY: test
test: lint types layers ## Everything: lint, types, layering, then the tests; ONLY=tests/rules for some, FLAGS=-x for pytest
	$(BIN)/python -m pytest --numprocesses auto $(FLAGS) $(ONLY)

.PHONY: lint
lint: $(READY) ## Check style
	$(BIN)/ruff check .
	$(BIN)/ruff format --check --quiet .

.PHONY: format
format: $(READY) ## Put style right where a machine can
	$(BIN)/ruff check --fix-only --quiet .
	$(BIN)/ruff format --quiet .

.PHONY: types
types: $(READY) ## Check types
	$(BIN)/mypy

.PHONY: layers
layers: $(READY) ## Check who may import whom
	$(BIN)/lint-imports --no-logo

.PHONY: bench
bench: $(READY) ## Measure on real Kafka and PostgreSQL, print a table, write bench.json; ONLY=latency for one part
	$(BIN)/python -m tests.bench $(ONLY)

.PHONY: schemas
schemas: $(READY) ## Publish the JSON Schemas and AsyncAPI documents again, from the contracts
	$(BIN)/python -m shared.contracts.publish

LOCK = $(UV) pip compile --universal --python-version 3.11 --generate-hashes --no-header --no-annotate --no-emit-index-url \
	--no-emit-find-links --quiet $(UPGRADE)

.PHONY: lock
lock: $(READY) ## Pin and hash the requirements again; UPGRADE=--upgrade for newer ones
	$(LOCK) pyproject.toml --output-file requirements.txt
	$(LOCK) pyproject.toml --extra dev --constraint requirements.txt --output-file requirements-dev.txt

.PHONY: clean
clean: ## Remove what was made: .venv, caches, figures (a plant's data in .asbuilt stays)
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache bench.json
	find services shared tests -name __pycache__ -type d -prune -exec rm -rf {} +

# uv lives beside the environment, because a sync removes from the environment what is not locked.
$(UV): requirements-uv.txt
	@for python in $(PYTHON) python3 python3.13 python3.12 python3.11; do \
		if "$$python" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then found="$$python"; break; fi; \
	done; \
	if [ -z "$${found:-}" ]; then echo "Python 3.11 or newer with its venv module is needed; name it: make setup PYTHON=/path/to/python3" >&2; exit 1; fi; \
	rm -rf .venv && "$$found" -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --target .venv/uv --requirement requirements-uv.txt
	@touch $@

# Compiled once, here: a Python that may not keep what it compiles would do so again in each of a plant's processes.
$(READY): $(UV) requirements-dev.txt pyproject.toml
	$(UV) pip sync --quiet --compile-bytecode --python $(BIN)/python --require-hashes requirements-dev.txt
	$(UV) pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --offline --editable .
	$(BIN)/python -m compileall -q services shared
	@touch $@
