# `make demo` and `make test` are all the set-up there is: each makes its own environment first.

PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/installed
LOWEST ?= .venv-lowest
NEWEST ?= .venv-newest
NEWEST_PYTHON ?= $(BIN)/python
PIP_AUDIT := pip-audit==2.10.1
FUZZ_SECONDS ?= 600
# The tests that compare with golden files.
GOLDENS := tests/forms tests/report tests/commands/template/test_template.py tests/house/test_wording.py
# The tests of the code that uses typer, rich, packaging and urllib3, tomlkit and dockerfile-parse, and pyyaml.
USERS := tests/cli tests/terminal tests/report/test_tables.py tests/index tests/releases tests/audit \
	tests/editing/test_second_opinion.py tests/formats/test_yaml.py tests/formats/test_dockerfile.py

.PHONY: demo test coverage fast goldens network lint types check docs lowest lowest-quick newest audit fuzz bench release clean

$(STAMP): pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	touch $@

demo: $(STAMP)
	@sh examples/demo.sh $(abspath $(BIN)/fi-bump)

test: $(STAMP)
	$(BIN)/python -m pytest -n auto --dist loadfile

# The same with coverage, which takes a quarter longer.
coverage: $(STAMP)
	$(BIN)/python -m coverage erase
	$(BIN)/python -m pytest -n auto --dist loadfile --cov --cov-report=term --cov-fail-under=95

# The inner loop: everything that `test` runs except the slow tests.
fast: $(STAMP)
	$(BIN)/python -m pytest -n auto --dist loadfile -m 'not network and not gpu and not slow' --durations=5 --durations-min=1

# Writes every golden file and transcript as the code makes it now; review what changed before you commit it.
goldens: $(STAMP)
	FI_BUMP_WRITE_GOLDENS=1 $(BIN)/python -m pytest tests/forms tests/report tests/commands/template/test_template.py tests/house/test_wording.py
	$(BIN)/python tools/docs.py
	$(BIN)/python tools/pictures.py
	git status --short

# The file that takes longest begins, so that no worker is left with it alone.
network: $(STAMP)
	$(BIN)/python -m pytest -n auto --dist loadfile --no-loadscope-reorder -m 'network and not slow' \
		tests/smoke/test_real_sweep.py tests

lint: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(STAMP)
	$(BIN)/mypy

check: $(STAMP)
	$(BIN)/fi-bump check

docs: $(STAMP)
	$(BIN)/python tools/formats.py --check
	$(BIN)/python tools/docs.py --check
	$(BIN)/python tools/pictures.py --check
	# Not --quiet: with it mkdocs counts no warnings, so that nothing fails.
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --site-dir .site

# The tests with the lowest versions that the bounds in pyproject.toml allow.
lowest: $(STAMP)
	$(BIN)/uv --quiet venv --clear --seed --python $(BIN)/python $(LOWEST)
	$(BIN)/uv --quiet pip install --python $(LOWEST)/bin/python --resolution lowest-direct --editable '.[dev]'
	FI_BUMP_ROUNDS=200 $(LOWEST)/bin/python -m pytest -n auto --dist loadfile

# The fast tests of the code that uses these dependencies, with their lowest versions before those of $(VENV): for `.ci/run`.
lowest-quick: $(STAMP)
	rm -rf $(VENV)/lowest
	$(BIN)/uv --quiet pip install --python $(BIN)/python --target $(VENV)/lowest --resolution lowest-direct \
		--requirement pyproject.toml
	PYTHONPATH=$(abspath $(VENV)/lowest) $(BIN)/python -m pytest -m 'not network and not gpu and not slow' $(USERS)

# The tests with the newest versions that the bounds allow, in an environment that is made now; on another Python with
# NEWEST_PYTHON.
newest: $(STAMP)
	$(BIN)/uv --quiet venv --clear --seed --python $(NEWEST_PYTHON) $(NEWEST)
	$(BIN)/uv --quiet pip install --refresh --python $(NEWEST)/bin/python --resolution highest --editable '.[dev]'
	FI_BUMP_ROUNDS=200 $(NEWEST)/bin/python -m pytest -n auto --dist loadfile

# What a database of advisories knows of each installed package. A package that it cannot answer for fails too (--strict).
# PIP_AUDIT_FLAGS names another database: --vulnerability-service osv --osv-url URL.
audit: $(STAMP)
	$(BIN)/uv --quiet pip freeze --python $(BIN)/python --exclude-editable > $(VENV)/audited.txt
	$(BIN)/uv --quiet tool run --from $(PIP_AUDIT) pip-audit --strict --disable-pip --no-deps \
		--progress-spinner off --requirement $(VENV)/audited.txt $(PIP_AUDIT_FLAGS)

# Looks for input that makes a reader fail without a sentence, or hang. A failing input belongs into tests/fuzz/corpus.
fuzz: $(STAMP)
	$(BIN)/python -m tests.fuzz $(if $(FUZZ_INPUTS),--inputs $(FUZZ_INPUTS),--seconds $(FUZZ_SECONDS)) $(if $(FUZZ_SEED),--seed $(FUZZ_SEED))

bench: $(STAMP)
	PYTHONPATH=. $(BIN)/python benchmarks/bench.py
	PYTHONPATH=. $(BIN)/python benchmarks/index.py
	PYTHONPATH=. $(BIN)/python benchmarks/large.py

# The sdist and the wheel of the commit that is checked out, and their checksums. It publishes nothing.
release: $(STAMP)
	$(BIN)/python tools/release.py dist
	sh tools/wheel_smoke.sh dist/*.whl

clean:
	rm -rf $(VENV) $(LOWEST) $(NEWEST) .site .coverage .coverage.* .mypy_cache .ruff_cache .pytest_cache .hypothesis
