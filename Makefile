# Closed Loop. `make run` shows it at work; `make test` proves it. See README.md.

PYTHON ?= python3
HOME_DIR = $(or $(CLOSED_LOOP_HOME),.closed_loop)
VENV = .venv
BIN = $(VENV)/bin
# What is never imported need not be compiled.
PIP = $(BIN)/python -m pip install --quiet --no-compile --disable-pip-version-check --no-input --require-hashes --no-deps

export PYTHONPATH := $(CURDIR)
export AIRFLOW__CORE__LOAD_EXAMPLES := False
export GX_ANALYTICS_ENABLED := False

.PHONY: run up models approve rebuild test campaigns lint lint-types lint-sql bench lock audit clean dictionary screenshots erase roles

run: $(VENV)/installed ## the nightly loop once, against the sandbox
	@$(BIN)/python -m include.nightly run

up: $(VENV)/installed ## the same under Airflow with its UI, until Ctrl-C
	@exec $(BIN)/python -m include.nightly up

models: $(VENV)/installed ## the attribution models on touches and deals of your own: FOLDER=<folder>
	@$(BIN)/python -m include.trial "$(FOLDER)"

rebuild: $(VENV)/installed ## the warehouse made anew from what was landed
	@$(BIN)/python -m include.rebuild

approve: $(VENV)/installed ## let be published what make run says is held
	@$(BIN)/python -m include.holds approve "$$(date -u +%Y-%m-%dT%H:%M:%S+00:00)"

test: $(VENV)/installed-dev ## every test
	@$(BIN)/python -m pytest

campaigns: $(VENV)/installed-dev ## the tests that are left to chance, as often as is promised
	@CLOSED_LOOP_FULL_CAMPAIGNS=1 $(BIN)/python -m pytest -m campaign

lint: $(VENV)/installed-dev
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(MAKE) --no-print-directory --jobs 2 lint-types lint-sql

lint-types:
	@$(BIN)/mypy

lint-sql:
	@PYTHONWARNINGS=ignore $(BIN)/sqlfluff lint --processes 0 --disable-progress-bar sql include/report/queries

bench: $(VENV)/installed-dev ## all benchmarks, or BENCH=<name>
	@$(BIN)/python -m tests.bench $(BENCH)

lock: $(VENV)/installed-dev ## remake the lock from requirements*.in
	@for name in requirements requirements-compose requirements-dev; do \
	    $(BIN)/uv pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes \
	        --no-emit-index-url --no-emit-find-links --custom-compile-command "make lock" \
	        --output-file $$name.txt $$name.in || exit 1; \
	done

dictionary: $(VENV)/installed ## write sql/DICTIONARY.md anew from the contracts, tests/README.md from the tests
	@$(BIN)/python -m include.contracts
	@$(BIN)/python -m tests.promises

screenshots: $(VENV)/installed-dev ## the README's pictures, of what the home has published (needs chromium)
	@$(BIN)/python -m tests.report.screenshots

audit: $(VENV)/installed-dev ## known weaknesses of the locked packages (needs the Python Packaging Advisory Database)
	@$(BIN)/uv tool run pip-audit==2.9.0 --strict --require-hashes --disable-pip -r requirements.txt -r requirements-compose.txt \
	    $$(sed -nE 's/^([A-Z]+-[A-Za-z0-9-]+) .*/--ignore-vuln \1/p' .ci/accepted-advisories)

erase: $(VENV)/installed ## take one person out of everything: PERSON=<e-mail address or CRM id>
	@PERSON="$(PERSON)" $(BIN)/python -m include.erase

roles: $(VENV)/installed ## loader, transformer and reader of a PostgreSQL warehouse; see the README
	@$(BIN)/python -m include.warehouse.roles

clean: ## remove all state; the virtual environment stays
	rm -rf $(HOME_DIR)

$(VENV)/bin/python:
	@command -v $(PYTHON) >/dev/null || { echo "Closed Loop needs Python 3.11, 3.12 or 3.13, and $(PYTHON) was not found; install it, or name it: make PYTHON=/path/to/python3.12 $(MAKECMDGOALS)" >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' || { echo "Closed Loop needs Python 3.11, 3.12 or 3.13, and $(PYTHON) is another; name one: make PYTHON=/path/to/python3.12 $(MAKECMDGOALS)" >&2; exit 1; }
	@$(PYTHON) -m venv $(VENV)

$(VENV)/installed: requirements.txt | $(VENV)/bin/python
	@echo "installing the locked packages into $(VENV) (a minute or two)"
	@$(PIP) -r requirements.txt
	@touch $@

$(VENV)/installed-dev: requirements-compose.txt requirements-dev.txt | $(VENV)/installed
	@echo "installing the locked tools for tests and checks"
	@$(PIP) -r requirements-compose.txt -r requirements-dev.txt
	@touch $@
