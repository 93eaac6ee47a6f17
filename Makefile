# Every target works as the first command in a fresh clone: Python 3.11 or newer and make are enough.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet

.DEFAULT_GOAL := help
.PHONY: help install demo serve test e2e bench docs durability load fuzz fuzz-guided screenshots lint lock clean

help:
	@echo "make demo     install, serve, and show the cards for the seed patient"
	@echo "make serve    serve with the MAGNESIA_* settings of the environment"
	@echo "make test     run the test suite, all but make e2e"
	@echo "make e2e      test beside HAPI FHIR and in a browser (needs a JDK 17, Maven, Chromium)"
	@echo "make bench    measure the service beside a bare Flask view (needs wrk); FULL=1 for every case"
	@echo "make docs     write into docs/ what the program says of itself"
	@echo "make durability  kill and starve the service for half an hour, write down what is lost"
	@echo "make load     call the service 200 times a second beside a failing FHIR server, for a minute"
	@echo "make fuzz     send 200,000 hostile requests (BODIES=n SEED=n), stop at the first that breaks a rule"
	@echo "make screenshots  renew the pictures of docs/images (needs Chromium and pngquant)"
	@echo "make lint     check style and types"
	@echo "make install  install into $(VENV) what serving needs"
	@echo "make lock     pin the dependencies anew (needs a package index)"
	@echo "make clean    remove everything that the targets above made"

install: $(VENV)/.runtime

demo: $(VENV)/.runtime
	@exec $(BIN)/magnesia serve --fire fixtures/seed-mg-1.2.json

serve: $(VENV)/.runtime
	@exec $(BIN)/magnesia serve

test: $(VENV)/.dev
	$(BIN)/pytest

# -rs says of each test that was skipped what the machine lacks.
e2e: $(VENV)/.dev
	$(BIN)/pytest -rs tests/e2e

docs: $(VENV)/.dev
	$(BIN)/python -m tests.documents.settings

durability: $(VENV)/.dev
	$(BIN)/python -m tests.durability

load: $(VENV)/.dev
	$(BIN)/python -m tests.load --auth

BODIES := 200000
SEED := 1

fuzz: $(VENV)/.dev
	$(BIN)/python -m tests.fuzz --bodies $(BODIES) --seed $(SEED) --report docs/evidence/hostile.md

# Guided by coverage, until something breaks: its engine has wheels for x86-64 Linux only.
fuzz-guided: $(VENV)/.dev
	$(PIP) install -r tests/fuzz/requirements.txt
	$(BIN)/python -m tests.fuzz.guided

bench: $(VENV)/.dev
	$(BIN)/python -m bench $(if $(FULL),--full)

screenshots: $(VENV)/.dev
	SCREENSHOTS=1 $(BIN)/pytest tests/e2e/test_pictures.py

lint: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

$(VENV)/.created:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
	  echo "Magnesia needs Python 3.11 or newer, and '$(PYTHON)' is $$($(PYTHON) -V 2>&1 | tail -n 1)." \
	    "Name another one: make PYTHON=/path/to/python3.11 $(MAKECMDGOALS)" >&2; exit 1; }
	@$(PYTHON) -m venv --clear $(VENV)
	@touch $@

$(VENV)/.runtime: $(VENV)/.created requirements.lock pyproject.toml
	@echo "Installing Magnesia into $(VENV) ..."
	@$(PIP) install --require-hashes -r requirements.lock
	@$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@

# The development lock holds the runtime lock's versions too, so one installation serves both.
$(VENV)/.dev: $(VENV)/.created requirements.lock requirements-dev.lock pyproject.toml
	@echo "Installing Magnesia and its development tools into $(VENV) ..."
	@$(PIP) install --require-hashes -r requirements-dev.lock
	@$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $(VENV)/.runtime $@

# Compiled with the oldest Python served; the result holds for the newer ones too.
# Local wheel folders are left out, so that every hash is one that the public registry serves.
PIP_COMPILE = env -u PIP_FIND_LINKS CUSTOM_COMPILE_COMMAND="make lock" build/lock/bin/pip-compile \
	--quiet --generate-hashes --allow-unsafe --strip-extras \
	--no-emit-index-url --no-emit-find-links --build-deps-for editable

lock:
	@$(PYTHON) -m venv --clear build/lock
	@env -u PIP_FIND_LINKS build/lock/bin/pip --disable-pip-version-check --quiet install pip-tools==7.6.2
	$(PIP_COMPILE) --upgrade --output-file requirements.lock pyproject.toml
	$(PIP_COMPILE) --upgrade --extra dev --constraint requirements.lock \
	  --output-file requirements-dev.lock pyproject.toml

clean:
	rm -rf $(VENV) build dist magnesia.egg-info .mypy_cache .pytest_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
