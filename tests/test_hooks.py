"""The pre-commit hooks and the GitHub Action, used as a project would use them."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
INI = "[alembic]\nscript_location = migrations\n"
REVISION = '''"""{id}"""

import sqlalchemy as sa
from alembic import op

revision = "{id}"
down_revision = {down!r}


def upgrade():
    {upgrade}


def downgrade():
    {downgrade}
'''
CREATE = 'op.create_table("orders", sa.Column("id", sa.Integer(), primary_key=True))'
DROP = 'op.drop_table("orders")'
ENV = """from alembic import context
from sqlalchemy import create_engine

with create_engine("sqlite://").connect() as connection:
    context.configure(connection=connection)
    with context.begin_transaction():
        context.run_migrations()
"""
IDENTITY = ("-c", "user.name=Test", "-c", "user.email=test@example.org")


def run(*command: str | Path, cwd: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run it there; `stdout` holds all that it wrote."""
    return subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        env=os.environ | variables,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )


def git(project: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return run("git", *IDENTITY, *arguments, cwd=project)


def add_revision(project: Path, id_: str, down: str | None, upgrade: str, downgrade: str) -> None:
    path = project / "migrations" / "versions" / f"{id_}.py"
    path.parent.mkdir(parents=True, exist_ok=True)
    text = REVISION.format(id=id_, down=down, upgrade=upgrade, downgrade=downgrade)
    path.write_text(text, encoding="utf-8")
    git(project, "add", ".")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A repository with one released revision, on the branch main."""
    folder = tmp_path / "project"
    folder.mkdir()
    git(folder, "init", "-q", "-b", "main")
    (folder / "alembic.ini").write_text(INI, encoding="utf-8")
    add_revision(folder, "0001", None, CREATE, DROP)
    (folder / "migrations" / "env.py").write_text(ENV, encoding="utf-8")
    git(folder, "add", ".")
    assert git(folder, "commit", "-q", "-m", "First").returncode == 0
    return folder


# pre-commit


@pytest.fixture
def hooked(project: Path, checkout: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The project with guard's hooks installed, taken from a commit of this repository."""
    pytest.importorskip("pre_commit")
    monkeypatch.setenv("PRE_COMMIT_HOME", str(tmp_path / "pre-commit"))
    commit = git(checkout, "rev-parse", "HEAD").stdout.strip()
    config = (
        f"repos:\n- repo: {checkout.as_uri()}\n  rev: {commit}\n"
        "  hooks:\n  - id: guard-lint\n  - id: guard-check\n"
    )
    (project / ".pre-commit-config.yaml").write_text(config, encoding="utf-8")
    git(project, "add", ".")
    installed = run(sys.executable, "-m", "pre_commit", "install", cwd=project)
    assert installed.returncode == 0, installed.stdout
    return project


@pytest.mark.slow
def test_pre_commit_refuses_a_bad_revision_and_takes_a_good_one(hooked: Path) -> None:
    add_revision(hooked, "0002", "0001", DROP, CREATE)
    refused = git(hooked, "commit", "-m", "Drop orders")
    assert refused.returncode != 0
    assert "drop-table" in refused.stdout
    assert "migrations/versions/0002.py" in refused.stdout

    index = 'op.create_index("ix_orders_id", "orders", ["id"])'
    add_revision(hooked, "0002", "0001", index, 'op.drop_index("ix_orders_id", "orders")')
    # What is excluded stays so, though pre-commit names it.
    (hooked / "guard.toml").write_text("exclude = ['models/']\n", encoding="utf-8")
    (hooked / "models").mkdir()
    (hooked / "models" / "old.py").write_text("import sqlite3\nclass Broken(:\n", encoding="utf-8")
    git(hooked, "add", ".")
    taken = git(hooked, "commit", "-m", "Index orders")
    assert taken.returncode == 0, taken.stdout

    stage = ("run", "guard-check", "--hook-stage", "pre-push", "--all-files")
    checked = run(sys.executable, "-m", "pre_commit", *stage, cwd=hooked)
    assert checked.returncode == 0, checked.stdout


# GitHub Action


@pytest.fixture
def pull_request(project: Path, tmp_path: Path) -> Path:
    """The project as an action finds it: cloned, on a branch, the target branch on origin."""
    clone = tmp_path / "clone"
    run("git", "clone", "-q", project, clone, cwd=tmp_path)
    git(clone, "checkout", "-q", "-b", "change")
    return clone


def action(project: Path, **inputs: str) -> subprocess.CompletedProcess[str]:
    """Run the action's script as GitHub does for a pull request to main, with these inputs."""
    event = {
        "CI": "true",
        "GITHUB_ACTIONS": "true",
        "GITHUB_EVENT_NAME": "pull_request",
        "GITHUB_BASE_REF": "main",
        "GITHUB_HEAD_REF": "change",
        "GITHUB_REF": "refs/pull/7/merge",
        "GITHUB_WORKSPACE": str(project),
        "GITHUB_SHA": git(project, "rev-parse", "HEAD").stdout.strip(),
    }
    here = {
        "GUARD_ACTION_PATH": str(ROOT),
        "GUARD_VENV": sys.prefix,
        "RUNNER_TEMP": str(project.parent),  # one job's own, as tests run side by side
    }
    variables = {f"GUARD_{name.upper()}": value for name, value in inputs.items()}
    return run("bash", ROOT / "action" / "run.sh", cwd=project, **event, **here, **variables)


def test_the_action_annotates_a_bad_revision(pull_request: Path) -> None:
    add_revision(pull_request, "0002", "0001", DROP, CREATE)
    git(pull_request, "commit", "-q", "-m", "Drop orders")
    refused = action(pull_request)
    assert refused.returncode == 1, refused.stdout
    assert re.search(r"^::error file=migrations/versions/0002\.py,line=\d+", refused.stdout, re.M)


def test_the_action_adds_to_the_summary_of_the_job(
    pull_request: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_revision(pull_request, "0002", "0001", DROP, CREATE)
    git(pull_request, "commit", "-q", "-m", "Drop orders")
    summary = tmp_path / "summary.md"
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(summary))
    refused = action(pull_request, command="lint")
    assert "::error file=" in refused.stdout
    assert summary.read_text(encoding="utf-8").startswith("### ❌ guard: Refused: 1 error.")


def test_the_action_passes_a_good_revision(pull_request: Path) -> None:
    add_revision(
        pull_request,
        "0002",
        "0001",
        'op.create_index("ix_orders_id", "orders", ["id"])',
        'op.drop_index("ix_orders_id", "orders")',
    )
    git(pull_request, "commit", "-q", "-m", "Index orders")
    passed = action(pull_request)
    assert passed.returncode == 0, passed.stdout
    assert "::error" not in passed.stdout


def test_the_action_sees_an_edited_released_revision(pull_request: Path) -> None:
    edited = CREATE.replace('"orders"', '"order"')
    add_revision(pull_request, "0001", None, edited, DROP.replace("orders", "order"))
    git(pull_request, "commit", "-q", "-m", "Rename orders")
    refused = action(pull_request, command="lint", args="--all")
    assert refused.returncode == 1, refused.stdout
    assert "edited-revision" in refused.stdout


def test_the_action_tells_later_steps(
    pull_request: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_revision(pull_request, "0002", "0001", DROP, CREATE)
    git(pull_request, "commit", "-q", "-m", "Drop orders")
    told = tmp_path / "told"
    monkeypatch.setenv("GITHUB_OUTPUT", str(told))
    refused = action(pull_request, command="lint", reports=f"junit:{tmp_path}/guard.xml")
    assert refused.returncode == 1
    outputs = dict(line.split("=", 1) for line in told.read_text().splitlines())
    assert {k: outputs[k] for k in ("failed", "errors")} == {"failed": "true", "errors": "1"}
    assert json.loads(Path(outputs["sarif"]).read_text())["version"] == "2.1.0"
    assert json.loads(Path(outputs["json"]).read_text())["summary"]["errors"] == 1
    assert Path(outputs["markdown"]).read_text().startswith("<!-- migration-guard: report -->")
    assert (tmp_path / "guard.xml").exists()


def test_the_action_has_failed_where_it_could_not_begin(
    pull_request: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = tmp_path / "told"
    monkeypatch.setenv("GITHUB_OUTPUT", str(told))
    refused = action(pull_request, command="lint", settings="no-such.toml")
    assert refused.returncode == 2
    outputs = dict(line.split("=", 1) for line in told.read_text().splitlines())
    counts = dict.fromkeys(("errors", "warnings", "infos"), "0")
    assert {name: outputs[name] for name in ("failed", *counts)} == {"failed": "true", **counts}
    assert "no-such.toml" in json.loads(Path(outputs["json"]).read_text())["errors"][0]


# Says what it was called with; knows one comment of a bot, or none; refuses to write if told so.
GH = """\
#!/usr/bin/env bash
printf '%s\\n' "$*" >>"$CALLS"
case "$*" in
    *--paginate*) printf '%s' "${KNOWN:-}" ;;
    *) [ -z "${REFUSES:-}" ] || { echo "HTTP 403: ::error::not yours" >&2; exit 1; } ;;
esac
"""


def comment(folder: Path, **variables: str) -> tuple[str, str]:
    """Run the action's comment step; return what it said, and what it called gh with."""
    (folder / "bin").mkdir()
    (folder / "bin" / "gh").write_text(GH)
    (folder / "bin" / "gh").chmod(0o755)
    (folder / "guard.md").write_text("<!-- migration-guard: report -->\n\nfound\n")
    (folder / "calls").touch()
    done = run(
        "bash",
        ROOT / "action" / "comment.sh",
        cwd=folder,
        PATH=f"{folder / 'bin'}{os.pathsep}{os.environ['PATH']}",
        CALLS=str(folder / "calls"),
        GUARD_MARKDOWN=str(folder / "guard.md"),
        GUARD_PULL_REQUEST="7",
        GITHUB_REPOSITORY="o/r",
        **variables,
    )
    assert done.returncode == 0, done.stdout
    return done.stdout, (folder / "calls").read_text()


def test_the_first_comment_is_written(tmp_path: Path) -> None:
    said, calls = comment(tmp_path)
    assert said == ""
    assert f"\napi repos/o/r/issues/7/comments -F body=@{tmp_path}/guard.md\n" in calls


def test_the_comment_is_replaced_and_none_is_added(tmp_path: Path) -> None:
    _, calls = comment(tmp_path, KNOWN="42\n43")
    assert f"\napi -X PATCH repos/o/r/issues/comments/42 -F body=@{tmp_path}/guard.md\n" in calls
    assert calls.count("body=@") == 1


def test_a_fork_that_may_not_write_is_no_failure(tmp_path: Path) -> None:
    said, _ = comment(tmp_path, REFUSES="1")
    assert said.startswith("::notice::guard could not write its comment")
    assert "::error::" not in said


@pytest.mark.parametrize(
    "name",
    [
        "paths",
        "base",
        "args",
        "python",
        "command",
        "settings",
        "server_kind",
        "reports",
        "wanted_version",
    ],
)
def test_an_input_never_becomes_shell(pull_request: Path, name: str) -> None:
    refused = action(pull_request, **{name: "$(touch${IFS}planted);`touch planted`"})
    assert refused.returncode == 2, refused.stdout
    assert not (pull_request / "planted").exists()


def test_the_action_hands_inputs_over_as_variables_only() -> None:
    steps = (ROOT / "action.yml").read_text(encoding="utf-8").partition("runs:")[2]
    scripts = re.findall(r"^ *(?:- )?run: (.*)$", steps, re.M)
    assert scripts
    assert not [script for script in scripts if "${{" in script]


@pytest.mark.slow
def test_the_action_installs_guard_itself(pull_request: Path, checkout: Path) -> None:
    scratch = pull_request.parent / "runner"
    scratch.mkdir()
    run_it = {"GUARD_ACTION_PATH": str(checkout), "RUNNER_TEMP": str(scratch)}
    passed = run("bash", checkout / "action/run.sh", cwd=pull_request, **run_it)
    assert passed.returncode == 0, passed.stdout
    assert (scratch / "guard-action").is_dir()
