# Each target works in a fresh clone: what it needs is set up first, in .venv and node_modules, from the lock files.
# Needs make, Python 3.11 or newer (PYTHON=python3.12 names another) and Node 20 or newer with npm.

PYTHON ?= python3
ADDRESS ?= 127.0.0.1:8000
ITEMS ?= 2000
PYTEST_ARGS ?= -q -n 2 --dist loadfile

# Material prints a notice about its end of life (May 2027) into each build; the bounds in pyproject.toml say what we use.
export NO_MKDOCS_2_WARNING := 1
export PIP_DISABLE_PIP_VERSION_CHECK := 1
export PIP_NO_INPUT := 1

venv := .venv/bin/python
pip := $(venv) -m pip -qq

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help serve site check test runs bench lock clean

help: ## this list
	@sed -n 's/^\([a-z]*\):[^#]*## \(.*\)/  make \1#\2/p' Makefile | awk -F'#' '{printf "%-14s %s\n", $$1, $$2}'

serve: .venv/.site node_modules/.stamp ## build, watch and serve the site on 127.0.0.1:8000 (ADDRESS=host:port)
	$(venv) -m mkdocs serve --dev-addr $(ADDRESS)

site: .venv/.site node_modules/.stamp ## the site as files, strictly checked, in site/
	$(venv) -m mkdocs build --strict

check: .venv/.site node_modules/.stamp ## the content only: every mistake with file, line and column
	@$(venv) -m digest check

test: .venv/.test node_modules/.stamp ## lint, types and all tests, with a real browser
	$(venv) -m ruff check .
	$(venv) -m ruff format --check .
	$(venv) -m mypy
	CHROMIUM="$$(.ci/chromium)" && export CHROMIUM && $(venv) -m pytest $(PYTEST_ARGS)

runs: .venv/.test ## every example run of CPU size anew, with its record in content/runs
	$(venv) -m calculators.runs all --preset cpu

bench: .venv/.test node_modules/.stamp ## time, memory and bytes of a build, beside plain Material; the time to an answer
	CHROMIUM="$$(.ci/chromium)" && export CHROMIUM && $(venv) -m tests.bench_runs && $(venv) -m tests.bench --items $(ITEMS)

lock: ## choose versions anew: requirements/*.txt and package-lock.json
	$(PYTHON) -m venv .cache/lock
	.cache/lock/bin/python -m pip -qq install uv
	$(call compile,requirements/site.txt,)
	$(call compile,requirements/test.txt,--extra test --extra runs --constraint requirements/site.txt)
	npm install --package-lock-only --loglevel=error

# No header and no index: a lock file names packages and hashes, never a host or a folder.
compile = .cache/lock/bin/uv pip compile --quiet --system-certs --upgrade --universal --generate-hashes --no-header \
	--no-annotate --python-version 3.11 $(2) pyproject.toml requirements/build.in --output-file $(1)

clean: ## remove everything that was made here, the two set-ups as well
	rm -rf .venv node_modules site build dist .cache .mypy_cache .pytest_cache .ruff_cache .hypothesis *.egg-info
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# --- set-up -----------------------------------------------------------------------------------------------------

.venv/.site: requirements/site.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || \
	  { echo "Theory Digest needs Python 3.11 or newer; '$(PYTHON)' is not. Try: make PYTHON=python3.12 …" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || \
	  { echo "'$(PYTHON)' cannot make virtual environments: on Debian or Ubuntu, apt install python3-venv" >&2; exit 1; }
	@echo "Setting up .venv for the site"
	@$(PYTHON) -m venv .venv
	@$(pip) install --require-hashes -r requirements/site.txt
	@$(pip) install --no-deps --no-build-isolation --editable .
	@touch $@

.venv/.test: requirements/test.txt .venv/.site
	@echo "Setting up .venv for the tests"
	@$(pip) install --require-hashes -r requirements/test.txt
	@touch $@

node_modules/.stamp: package-lock.json package.json .npmrc
	@node -e 'process.exit(parseInt(process.versions.node) < 20 ? 1 : 0)' 2>/dev/null || \
	  { echo "Theory Digest needs Node 20 or newer: 'node' is missing or older" >&2; exit 1; }
	@command -v npm >/dev/null || { echo "Theory Digest needs npm, which comes with Node" >&2; exit 1; }
	@echo "Setting up node_modules"
	@npm ci --loglevel=error >/dev/null
	@touch $@
