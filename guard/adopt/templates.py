"""The texts of the files that guard init offers to CI systems and to pre-commit."""

from __future__ import annotations

LINTED = r"(^|/)(versions|migrations|alembic|models)/|(^|/)models\.py$|(^|/)alembic\.ini$|\.sql$"

PRE_COMMIT = """\
- repo: local
  hooks:
    - id: guard-lint
      name: guard lint
      entry: guard lint
      language: python
      additional_dependencies: ["{package}"]
      types_or: [python, sql, ini]
      files: '{files}'
      require_serial: true # one process for all files: each reads the whole history
    - id: guard-check
      name: guard check
      entry: guard check
      language: python
      additional_dependencies: ["{package}"]
      pass_filenames: false
      always_run: true
      stages: [pre-push, manual] # pre-commit install --hook-type pre-push
"""

GITHUB = """\
name: Migrations

on:
  pull_request:
  merge_group:

permissions:
  contents: read

jobs:
  guard:
    runs-on: ubuntu-24.04
    timeout-minutes: 20
{folder}    steps:
      - uses: actions/checkout@11bd71901bbe5b1630ceea73d27597364c9af683 # v4.2.2
        with:
          fetch-depth: 0 # guard compares with the target branch
          persist-credentials: false
      - uses: actions/setup-python@a26af69be951a213d495a4c3e4e4022e16d87065 # v5.6.0
        with:
          {python}
      # What env.py imports: the migrations run on a scratch database.
{install}
      - run: pipx run --spec '{package}' guard check --output-format github
"""

GITLAB = """\
guard:
  image: python:{version}
  rules:
    - if: $CI_PIPELINE_SOURCE == "merge_request_event"
  variables:
    GIT_DEPTH: "0" # guard compares with the target branch
  script:
    # What env.py imports: the migrations run on a scratch database.
{install}
    - pipx run --spec '{package}' guard check
"""

# How a project's packages come into .venv, by the file that tells: the first that is there counts.
INSTALL = (
    ("uv.lock", ("pipx run uv sync --frozen",)),
    (
        "poetry.lock",
        ("pipx install poetry", "POETRY_VIRTUALENVS_IN_PROJECT=true poetry install"),
    ),
    ("pdm.lock", ("pipx run pdm sync",)),
    ("Pipfile.lock", ("pipx install pipenv", "PIPENV_VENV_IN_PROJECT=1 pipenv sync")),
    ("requirements.txt", ("python -m venv .venv", ".venv/bin/pip install -r requirements.txt")),
    ("pyproject.toml", ("python -m venv .venv", ".venv/bin/pip install -e .")),
    ("setup.py", ("python -m venv .venv", ".venv/bin/pip install -e .")),
)
NO_INSTALL = ("python -m venv .venv", ".venv/bin/pip install alembic sqlalchemy # and the rest")
