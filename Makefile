# A fresh clone -> a running demo, or a tested tree: `make demo`, `make test`.
# Needs make and Python 3.11 or newer; everything else is fetched into .venv and .cache.

PYTHON ?= python3
UV_VERSION := 0.13.9
UV := .cache/uv/bin/uv
BIN := .venv/bin
CODE := daemon classifiers tests

# What the tests of tests/servers install on Debian when they may (as root), at one go and before
# the tests run side by side: apt-get has one lock.
SERVERS := dovecot-imapd postgresql openssl systemd procps gcc libc6-dev chromium \
  fonts-dejavu-core

# Kills of `make faults`; a full proof takes 200.
KILLS ?= 200
# Where they are; .ci/run takes the kills only.
FAULTS ?= tests/faults tests/flows/test_moves.py
# Fault tests run side by side; 0: one after the other, so that none disturbs what another measures.
FAULT_JOBS ?= 0
# Tests run side by side; a file's tests stay together, so that its server starts once.
JOBS ?= 2

export UV_PROJECT_ENVIRONMENT := $(CURDIR)/.venv
# The Python that is here, never a downloaded one.
export UV_PYTHON_DOWNLOADS := never
export UV_CACHE_DIR ?= $(CURDIR)/.cache/uv-downloads

.DEFAULT_GOAL := help
.PHONY: help demo test check lint format bench faults servers clean

help: ## say what there is
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 10

demo: .venv/.synced ## show Backdesk at work on sample mail
	@$(BIN)/backdesk demo

test: .venv/.synced servers ## run the tests (all but the long ones of `make faults`)
	$(BIN)/pytest -n $(JOBS) --dist loadfile -m "not faults"

check: lint test ## everything that must hold: format, lint, types, imports, spelling, tests

lint: .venv/.synced ## format, lint, types, imports, spelling
	$(BIN)/ruff format --check $(CODE)
	$(BIN)/ruff check $(CODE)
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/codespell

format: .venv/.synced ## format the code and mend what can be mended
	$(BIN)/ruff format $(CODE)
	$(BIN)/ruff check --fix $(CODE)

faults: .venv/.synced servers ## kill the service KILLS times at random and look for lost mail
	KILLS=$(KILLS) $(BIN)/pytest $(FAULTS) -n $(FAULT_JOBS) -m faults

bench: .venv/.synced servers ## measure, each figure beside its peer
	@set -e; for file in tests/bench/bench_*.py; do \
	  echo "== $$file"; $(BIN)/python -m "tests.bench.$$(basename "$$file" .py)"; done

servers: .venv/.synced
	@$(BIN)/python -c 'import sys; from tests.servers.apt import need; need(*sys.argv[1:])' \
	  $(SERVERS) 2>/dev/null || echo "some of these are missing: $(SERVERS);" \
	  "their tests are skipped (they fail where CI is set)"

clean: ## remove what was made here
	rm -rf .venv .cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache

.venv/.synced: pyproject.toml uv.lock $(UV)
	$(UV) sync --locked --all-extras --python "$$(command -v $(PYTHON))"
	@touch $@

# uv stands apart from .venv, which it keeps exactly as uv.lock says.
$(UV):
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "Python 3.11 or newer is needed: make PYTHON=python3.11 ..." >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || $(MAKE) --no-print-directory .venv-tools
	$(PYTHON) -m venv --clear .cache/uv
	.cache/uv/bin/pip --quiet --disable-pip-version-check install "uv==$(UV_VERSION)"

# Debian's Python comes without venv.
.PHONY: .venv-tools
.venv-tools:
	@if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	  apt-get -qq update && \
	  DEBIAN_FRONTEND=noninteractive apt-get -qq install --yes --no-install-recommends python3-venv; \
	else \
	  echo "Python's venv is missing, run: sudo apt-get install python3-venv" >&2; exit 1; \
	fi
