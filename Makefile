# Every command of the project; `make help` lists them.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
OURS := src tests bench tools

SETS ?=

.PHONY: help serve test spark coverage train evaluate bench chaos attack fuzz docs screenshots lock
.DEFAULT_GOAL := help

help: ## this list
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /  make \1|/' | column -t -s '|'

serve: $(VENV)/.core ## install what serving needs and serve on http://localhost:4000/uploads
	@exec $(BIN)/mnist-predict serve

test: $(VENV)/.test ## install what tests need, lint, check types, run all tests
	@$(BIN)/ruff check $(OURS)
	@$(BIN)/ruff format --check $(OURS)
	@$(BIN)/mypy
	@OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n 3 --no-loadscope-reorder --durations=10

spark: $(VENV)/.spark ## run the tests of replay and export on a Spark cluster
	@$(BIN)/python -m pytest tests/learning/test_spark_cassandra.py

coverage: $(VENV)/.test ## run all tests and measure branch coverage, which must be 95 %
	@OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n 3 --no-loadscope-reorder --cov --cov-report=term

train: $(VENV)/.test ## train a model version from scratch into runs/
	@$(BIN)/mnist-predict train new

evaluate: $(VENV)/.test ## measure the reader on all sets, and on those in SETS=folder, into docs/accuracy.md
	@$(BIN)/python tools/evaluate.py $(SETS)

bench: $(VENV)/.test ## measure speed on this machine and print the table
	@$(BIN)/python -m bench

chaos: $(VENV)/.test ## kill services and Cassandra nodes under load and count what is lost
	@PYTHONPATH=tests/support $(BIN)/python tests/chaos/chaos.py

attack: $(VENV)/.test ## try to take the service down, each way in turn, and print what it did to another client
	@PYTHONPATH=tests/support $(BIN)/python tests/chaos/attack.py

fuzz: $(VENV)/.test ## upload a million files that are nearly pictures, or FUZZ of them, and count the answers
	@PYTHONPATH=tests/support $(BIN)/python tests/chaos/fuzz.py

docs: $(VENV)/.test ## write what documents repeat of the code: settings, commands, the drawing of the parts
	@$(BIN)/python tools/generate.py
	@$(BIN)/python tools/architecture.py

screenshots: $(VENV)/.test ## pictures of all pages, light and dark, into docs/screens
	@$(BIN)/python tools/screenshots.py

lock: $(VENV)/.test ## pin the newest versions of all dependencies, with hashes
	@$(BIN)/uv pip compile -q --universal --no-header --generate-hashes --no-emit-index-url --upgrade \
	  --python-version 3.11 pyproject.toml --extra cassandra -o requirements/core.txt
	@$(BIN)/uv pip compile -q --universal --no-header --generate-hashes --no-emit-index-url --upgrade \
	  --python-version 3.11 pyproject.toml --extra cassandra --extra parquet --extra train --extra dev \
	  -c requirements/core.txt -o requirements/test.txt
	@$(BIN)/uv pip compile -q --universal --no-header --generate-hashes --no-emit-index-url \
	  --python-version 3.11 pyproject.toml --extra cassandra --extra train -c requirements/test.txt -o requirements/train.txt
	@$(BIN)/uv pip compile -q --universal --no-header --generate-hashes --no-emit-index-url \
	  --python-version 3.11 pyproject.toml --extra cassandra --extra spark -c requirements/test.txt -o requirements/spark.txt

$(VENV)/bin/python:
	@echo "Making $(VENV) ..."
	@$(PYTHON) -m venv $(VENV)

$(VENV)/.core: requirements/core.txt pyproject.toml | $(VENV)/bin/python
	@echo "Installing what serving needs (about a minute the first time) ..."
	@$(PIP) install --no-deps --require-hashes -r requirements/core.txt
	@$(PIP) install --no-deps -e .
	@touch $@

$(VENV)/.test: requirements/test.txt pyproject.toml | $(VENV)/bin/python
	@echo "Installing what training and tests need (some minutes the first time) ..."
	@$(PIP) install --no-deps --require-hashes -r requirements/test.txt
	@$(PIP) install --no-deps -e .
	@touch $@ $(VENV)/.core

$(VENV)/.spark: requirements/spark.txt $(VENV)/.test
	@echo "Installing Spark (five minutes the first time) ..."
	@$(PIP) install --no-deps --require-hashes -r requirements/spark.txt
	@touch $@
