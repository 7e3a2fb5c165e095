# Two commands do all set-up: `make course` and `make test`. Needs python3 (3.11 or newer) and the package index.
PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11; do \
	command -v $$p >/dev/null 2>&1 && $$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
BIN := .venv/bin
READY := .venv/.ready
MIRROR := $(wildcard ../shared/mirror)
JOBS ?= 2
export TLCOURSE_MIRROR_DATA ?= $(if $(MIRROR),$(abspath $(MIRROR)))
export TF_CPP_MIN_LOG_LEVEL ?= 2

# Two programs of Debian's that some tests need, on Linux only: bubblewrap, the graders' sandbox, and Chromium, which opens pages and the
# lab. If this is root and apt-get is there, try once to install them: a download has a limit in seconds, the installation is never
# interrupted, and `make test` goes on if it does not work.
APT := DEBIAN_FRONTEND=noninteractive apt-get -qq -y --no-install-recommends -o DPkg::Lock::Timeout=5 install
# $(call wanted,program,package,seconds)
wanted = [ "$$(uname)" != Linux ] || command -v $(1) >/dev/null 2>&1 || { \
	[ "$$(id -u)" = 0 ] && { timeout $(3) env $(APT) --download-only $(2) && env $(APT) $(2); } </dev/null >/dev/null 2>&1 && \
	echo "Installed $(2)."; } || \
	echo "$(2) is missing: the tests that need it are skipped. To run them: apt install $(2)"

.DEFAULT_GOAL := help
.PHONY: help setup course lab test test-slow lint lesson notebooks claims bench bench-grading adaptation-table lock clean

help: ## say what each command does
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1\t\2/' | expand -t 24

setup: $(READY) ## make .venv from the lock file; repeated only when the lock file changes

$(READY): requirements.lock
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer is needed and was not found. Install it, or: make PYTHON=/path/to/python3.12 $(MAKECMDGOALS)"; exit 1; }
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || { echo "This Python comes without venv. On Debian and Ubuntu: apt install python3-venv"; exit 1; }
	@echo "Setting up .venv (a few minutes, once) ..."
	@rm -rf .venv
	@$(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

course: $(READY) ## run every lesson and solution, write pages with their outputs (one lesson: ARGS=02)
	@$(BIN)/python -m tlcourse.cli course $(ARGS)

lab: $(READY) ## open the course in JupyterLab (on a server: ARGS=--no-browser; in a container: ARGS=--allow-root)
	@$(BIN)/python -m tlcourse.cli lab $(ARGS)

# One thread a process: the processes share the cores, and more threads would only wait for each other.
test: export OMP_NUM_THREADS = 1
test: export TF_NUM_INTRAOP_THREADS = 1
test: export TF_NUM_INTEROP_THREADS = 1
test: $(READY) ## check style and types, run the tests and every notebook
	@$(call wanted,bwrap,bubblewrap,30)
	@$(call wanted,chromium,chromium,120)
	@$(MAKE) --no-print-directory lint
	@TLCOURSE_PROFILE=embedded TLCOURSE_CHECK=raise TLCOURSE_HOME="$(CURDIR)/build/test-home" \
		$(BIN)/python -m pytest --nbval-lax --nbval-cell-timeout=600 -p no:cacheprovider -p tlcourse.course.warm_kernels -p tlcourse.course.noise -q -n $(JOBS) --dist loadfile notebooks solutions
	@$(BIN)/python -m pytest -q -n $(JOBS) --dist loadfile -m "not slow and not network" tests

test-slow: $(READY) ## the tests that take minutes
	@$(BIN)/python -m pytest -q -m slow tests

lint: $(READY)
	@$(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/mypy

lesson: $(READY) ## for authors: write the five files of a new lesson, to be filled (TOPIC=17_speech)
	@$(BIN)/python -m tlcourse.cli lesson $(TOPIC)

notebooks: $(READY) ## for authors: build notebooks and generated pages from their sources
	@$(BIN)/python -m tlcourse.cli notebooks

claims: $(READY) ## run every lesson with five seeds, and name each asserted claim that failed (one lesson: ARGS=02)
	@$(BIN)/python benchmarks/claims.py $(ARGS)

bench: $(READY) ## measure speed, as ratios within one run
	@for b in benchmarks/bench_*.py; do echo "== $$b"; $(BIN)/python $$b || exit 1; done

# ADAPT and SKADA need other versions of some packages, so they get an environment of their own. Without it the table is made all the
# same, and says that they are missing.
OTHERS := build/adaptation/others
adaptation-table: export OMP_NUM_THREADS = 1
adaptation-table: export TF_NUM_INTRAOP_THREADS = 1
adaptation-table: export TF_NUM_INTEROP_THREADS = 1
adaptation-table: $(READY) ## measure every adaptation method on every shift; writes docs/adaptation.md
	@[ -x $(OTHERS)/bin/python ] || { $(PYTHON) -m venv $(OTHERS) && $(OTHERS)/bin/python -m pip install --quiet \
		--disable-pip-version-check adapt==0.4.5 skada==0.6.0; } || { rm -rf $(OTHERS); echo "ADAPT and SKADA cannot be installed here."; }
	@$(BIN)/python benchmarks/adaptation/table.py

bench-grading: $(READY) ## measure grading beside nbgrader and Otter, in environments of their own (half an hour)
	@$(BIN)/python benchmarks/bench_grading/run.py

lock: ## for maintainers: pin all versions again (needs uv)
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --no-annotate \
		--extra dev --extra course --extra cluster -o requirements.lock pyproject.toml requirements.build

clean: ## remove pages, caches and .venv
	rm -rf .venv build dist .pytest_cache .ruff_cache .mypy_cache
