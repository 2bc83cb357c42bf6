# The one command surface. `make run` and `make test` work on a machine that has Python 3.11 and nothing else.

BIN := .venv/bin
SETUP := for python in python3.13 python3.12 python3.11 python3 python3.14 python; do \
	  if command -v $$python >/dev/null 2>&1 \
	    && $$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then \
	    exec $$python scripts/bootstrap.py; \
	  fi; \
	done; \
	echo "Python 3.11 or newer is needed and was not found (Debian, Ubuntu: apt-get install python3 python3-venv)." >&2; \
	exit 1

.PHONY: help setup run test check e2e faults mutants bench translations lock
.DEFAULT_GOAL := help

help:
	@echo "make run           the portal on http://127.0.0.1:8000, with demo data; Ctrl-C stops all of it"
	@echo "make test          the fast suite, in parallel"
	@echo "make check         style, types, imports, templates, migrations, translations, deployment, security"
	@echo "make e2e           the journeys in a real browser"
	@echo "make faults        kills real processes and counts what was lost (nothing); FAULTS_SCALE=ci bounds it"
	@echo "make mutants       makes each condition that the law rests on wrong; a fast test must notice"
	@echo "make bench         how fast, beside a baseline measured in the same run"
	@echo "make translations  collect the texts anew and compile them (needs gettext)"
	@echo "make setup         only the set-up, which every other target does first"
	@echo "make lock          lock the packages anew (needs uv)"

setup:
	@$(SETUP)

run: setup
	@exec $(BIN)/python -m scripts.run

test: setup
	@$(BIN)/python -m pytest -n auto -m "not e2e and not faults and not proxy" $(ARGS)

check: setup
	@$(BIN)/python -m scripts.check

e2e: setup
	@$(BIN)/python -m pytest -m e2e tests/e2e/test_two_commands.py $(ARGS)
	@$(BIN)/python -m pytest -m e2e -n 2 --dist loadfile tests/e2e --ignore=tests/e2e/test_two_commands.py $(ARGS)

faults: setup
	@$(BIN)/python -m pytest tests/faults tests/simulation -m faults $(ARGS)

mutants: setup
	@$(BIN)/python -m tests.mutants $(ARGS)

bench: setup
	@$(BIN)/python -m benchmarks $(ARGS)

translations: setup
	@$(BIN)/python -m scripts.check_translations --update

lock: setup
	@$(BIN)/python -m scripts.lock
