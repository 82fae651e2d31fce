# Everything is installed into .venv from the locks; the stamp files there let a second call start at once.

# What LiteRT and TensorFlow both have wheels for.
SUITABLE := import ensurepip, sys, venv; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))
PYTHON ?= $(shell for python in python3 python3.13 python3.12 python3.11; do \
	$$python -c '$(SUITABLE)' 2>/dev/null && echo $$python && break; done)

LOCKS := docker/requirements
# Serving needs it only where it is asked for.
TENSORFLOW := $(if $(filter savedmodel,$(MT_ENGINE)),.venv/locked-savedmodel)
# Shows the progress of downloads on a terminal only.
PIP := .venv/bin/python -m pip --disable-pip-version-check $(if $(MAKE_TERMOUT),,--quiet) install
PEERS_PIP := $(subst .venv/,.venv-peers/,$(PIP))
CLIENTS_PIP := $(subst .venv/,.venv-clients/,$(PIP))
# From the oldest Python on, whichever runs it; no hosts, so that the locks hold for any registry.
COMPILE := .venv/bin/uv pip compile pyproject.toml --quiet --group build --universal --python-version 3.11 \
	--generate-hashes --no-emit-index-url --no-emit-find-links --no-header

# Where the clients from npm are installed: outside of this folder.
CLIENTS ?= $(or $(TMPDIR),/tmp)/dragoman-clients
NPM_CLIENTS := $(if $(shell command -v npm),"sh tests/clients/check_npm.sh $(CLIENTS)")

# Where axe-core from npm is installed: outside of this folder.
AXE ?= $(or $(TMPDIR),/tmp)/dragoman-axe

.PHONY: help serve test clients page-check page-pictures fuzz soak lint format lock docker-test bench-train bench-decode bench-serve low-resource ablations time-to-quality clean learn scale
.DELETE_ON_ERROR:

help: ## list what make can do here
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-15s %s\n", $$1, $$2 }' Makefile

serve: .venv/installed $(TENSORFLOW) ## serve the shipped translator at 127.0.0.1:8000; MT_* variables change how
	@exec .venv/bin/mt-serve

# In their own order the long ones, of tests/integration and tests/learning, come first: xdist would put the files of
# few tests last, where one process waits for the other.
test: .venv/locked-dev .venv/installed ## run the tests; PYTEST_FLAGS="-k search" runs some
	@.venv/bin/python -m pytest --numprocesses 2 --dist loadfile --no-loadscope-reorder $(PYTEST_FLAGS)

scale: .venv/locked-dev .venv/installed ## train on ten million made-up pairs; SCALE_FLAGS="--pairs 100000 --folder DIR"
	@.venv/bin/python -m tests.scale $(SCALE_FLAGS)

learn: .venv/locked-dev .venv/installed ## train LSTMs and a plain RNN to recall a token, and draw what they learn; LEARN_FLAGS="--seed 2"
	@.venv/bin/mt-train learn --out docs/long-range-memory.png $(LEARN_FLAGS)

bench-train: .venv/locked-dev .venv/installed .venv-peers/installed ## time training beside PyTorch and JoeyNMT; BENCH_FLAGS=--help tells how
	@.venv/bin/python -m tests.bench.train_speed $(BENCH_FLAGS)

bench-decode: .venv/locked-dev .venv/installed .venv-peers/installed ## time translating beside CTranslate2 and JoeyNMT; BENCH_FLAGS=--help tells how
	@.venv/bin/python -m tests.bench.decode_speed $(BENCH_FLAGS)

bench-serve: .venv/locked-dev .venv/installed .venv-peers/installed ## time the service beside its engine and CTranslate2; BENCH_FLAGS=--help tells how
	@.venv/bin/python -m tests.bench.serve_speed $(BENCH_FLAGS)

low-resource: .venv/locked-dev .venv/installed .venv-peers/installed ## train on 5,000 to 40,000 pairs beside JoeyNMT, for hours; BENCH_FLAGS="--data FOLDER --out FOLDER"
	@.venv/bin/python -m tests.bench.low_resource $(BENCH_FLAGS)

ablations: .venv/locked-dev .venv/installed ## train a small model once for each technique, for hours; BENCH_FLAGS="--data FOLDER --out FOLDER"
	@.venv/bin/python -m tests.bench.ablations $(BENCH_FLAGS)

time-to-quality: .venv/locked-dev .venv/installed .venv-peers/installed ## time training to 36 BLEU beside JoeyNMT; BENCH_FLAGS="--data FOLDER --out FOLDER"
	@.venv/bin/python -m tests.bench.time_to_quality $(BENCH_FLAGS)

lint: .venv/locked-dev ## check style, formatting and types
	.venv/bin/ruff check
	.venv/bin/ruff format --check
	.venv/bin/mypy

format: .venv/locked-dev ## put right what the linters can put right
	.venv/bin/ruff check --fix-only
	.venv/bin/ruff format

lock: .venv/created ## write the locks anew for pyproject.toml; LOCK_FLAGS=--upgrade takes the newest versions
	$(PIP) uv==0.13.8
	$(COMPILE) $(LOCK_FLAGS) --extra dev --output-file $(LOCKS)/dev.lock
	$(COMPILE) --extra serve --extra savedmodel --constraints $(LOCKS)/dev.lock --output-file $(LOCKS)/savedmodel.lock
	$(COMPILE) --extra serve --constraints $(LOCKS)/dev.lock --output-file $(LOCKS)/serve.lock

clients: .venv/locked-serve .venv/installed .venv-clients/installed ## run unmodified clients against the service; those from npm where npm is, in CLIENTS
	@.venv/bin/python -m tests.clients.run ".venv-clients/bin/python tests/clients/check.py" $(NPM_CLIENTS)

fuzz: .venv/locked-dev .venv/installed ## send 20,000 made-up requests to the service; FUZZ_FLAGS=--help tells how
	@.venv/bin/python -m tests.fuzz $(FUZZ_FLAGS)

soak: .venv/locked-dev .venv/installed ## let clients, good and bad, at the service for 30 minutes; SOAK_FLAGS=--help tells how
	@.venv/bin/python -m tests.soak $(SOAK_FLAGS)

page-check: .venv/locked-dev .venv/installed ## look for faults of accessibility on the page, with Chromium, and axe-core from npm in AXE
	@mkdir -p $(AXE) && cp tests/page/package.json $(AXE)
	@npm install --prefix $(AXE) --no-audit --no-fund --no-package-lock --ignore-scripts --loglevel=error >/dev/null
	@.venv/bin/python -m tests.page.check $(AXE)/node_modules/axe-core/axe.min.js

page-pictures: .venv/locked-dev .venv/installed ## take the pictures of the page in docs/, with Chromium
	@.venv/bin/python -m tests.page.pictures docs

docker-test: ## build the images, run them without a network, translate with them; docker/test.py tells the variables
	@$(or $(PYTHON),python3) docker/test.py

clean: ## remove what make and the tests made
	rm -rf .venv .venv-peers .venv-clients build dragoman.egg-info .hypothesis .mypy_cache .pytest_cache .ruff_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

.venv/created:
	@$(or $(PYTHON),false) -c '$(SUITABLE)' 2>/dev/null || { \
		echo "make: this needs Python 3.11, 3.12 or 3.13 with its venv module," \
			"but $(or $(PYTHON),python3) is: $$($(or $(PYTHON),python3) --version 2>&1)." >&2; \
		echo "Install one (Debian, Ubuntu: apt install python3 python3-venv)," \
			"or name the one to use: make PYTHON=/path/to/python3.12 …" >&2; \
		exit 1; }
	$(PYTHON) -m venv .venv
	@touch $@

.venv/locked-serve: $(LOCKS)/serve.lock .venv/created
	@echo "Installing what serving needs into .venv …"
	$(PIP) --require-hashes --requirement $<
	@touch $@

.venv/locked-savedmodel: $(LOCKS)/savedmodel.lock .venv/locked-serve
	@echo "Installing TensorFlow into .venv, a download of 270 MB …"
	$(PIP) --require-hashes --requirement $<
	@touch $@

# Without build isolation, what is built from source is built by the setuptools of the lock above.
.venv/locked-dev: $(LOCKS)/dev.lock .venv/locked-serve
	@echo "Installing what training and testing need into .venv; TensorFlow alone is a download of 270 MB …"
	$(PIP) --require-hashes --no-build-isolation --requirement $<
	@touch $@

.venv/installed: pyproject.toml .venv/locked-serve
	$(PIP) --no-deps --no-build-isolation --editable .
	@touch $@

.venv-peers/installed: tests/bench/requirements.txt tests/bench/requirements-joeynmt.txt $(LOCKS)/serve.lock .venv/created
	@echo "Installing PyTorch, JoeyNMT, CTranslate2 and what serving needs into .venv-peers …"
	.venv/bin/python -m venv .venv-peers
	$(PEERS_PIP) --requirement tests/bench/requirements.txt
	$(PEERS_PIP) --no-deps --requirement tests/bench/requirements-joeynmt.txt
	$(PEERS_PIP) --require-hashes --requirement $(LOCKS)/serve.lock
	@touch $@

.venv-clients/installed: tests/clients/requirements.txt tests/clients/requirements-alone.txt .venv/created
	@echo "Installing translate and argostranslate into .venv-clients …"
	.venv/bin/python -m venv .venv-clients
	$(CLIENTS_PIP) --requirement tests/clients/requirements.txt
	$(CLIENTS_PIP) --no-deps --requirement tests/clients/requirements-alone.txt
	@touch $@
