# What one types while working here: `just` lists it. `.ci/run` is what must hold before a merge.
# Each recipe is one line that can be typed without just (https://just.systems).

# Show the recipes.
default:
    @just --list

# Make the environment that the others use.
setup:
    python3 -m venv .venv && .venv/bin/python -m pip install -q -e '.[fast]' --group dev && .venv/bin/pre-commit install

# Run tests: all that are quick, or those that are named, as in: just test tests/sql -k truncate
test *ARGUMENTS:
    .venv/bin/pytest -q -n auto {{ ARGUMENTS }}

# Check style and types.
lint:
    .venv/bin/ruff check . && .venv/bin/ruff format --check . && .venv/bin/mypy

# Test one rule by its examples, and show its page, as in: just rule drop-table
rule NAME:
    .venv/bin/pytest -q tests/judge/test_rules.py -k {{ NAME }} && .venv/bin/guard explain {{ NAME }}

# Write the generated parts of the README anew, the pages of the rules, and what commands print in docs/.
docs:
    .venv/bin/python scripts/readme.py && .venv/bin/python scripts/rule_pages.py && .venv/bin/python scripts/walk_pages.py

# Build the documentation site into build/site.
site:
    test -d .docs || python3 -m venv .docs && .docs/bin/python -m pip install -q --group docs && .docs/bin/python scripts/docs.py

# Everything that must hold, in a clone of the last commit.
ci:
    .ci/run
