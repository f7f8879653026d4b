"""guard fix: what it makes, what it does not, and that nothing is lost."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest
from command_line import PROJECT, VERSIONS, Content, guard, write
from git_repo import Repo
from roundtrip_project import revision

from guard.judge.load_rules import load_rules

TABLE = (
    "op.create_table('a', sa.Column('id', sa.Integer(), primary_key=True), "
    "sa.Column('n', sa.Text()))",
    "op.drop_table('a')",
)
INDEX = ("op.create_index('i', 'a', ['n'])", "op.drop_index('i', table_name='a')")
POSTGRESQL = '[tool.guard]\ndialect = "postgresql"\nlock-timeout = "elsewhere"\n'
SQLITE = "[tool.guard]\ndialect = 'sqlite'\n"
R2 = f"{VERSIONS}/r2.py"


def project(
    folder: Path, new: Mapping[str, Content], settings: str = POSTGRESQL, *, released: int = 1
) -> Path:
    """A repository whose first revision is released, with these files beside it."""
    repo = Repo(folder)
    files = {
        **PROJECT,
        "pyproject.toml": settings,
        f"{VERSIONS}/r1.py": revision("r1", None, TABLE),
    }
    repo.commit(files if released else None)
    write(folder, {**files, **new})
    return folder


def snapshot(folder: Path) -> dict[str, bytes]:
    files = (path for path in folder.rglob("*") if path.is_file() and ".g" not in str(path))
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


def lint_only(folder: Path, *arguments: str) -> str:
    done = guard(folder, "fix", "--no-roundtrip", *arguments)
    return done.output


def test_an_index_is_built_concurrently(tmp_path: Path) -> None:
    project(tmp_path, {R2: revision("r2", "r1", INDEX)})
    done = guard(tmp_path, "fix", "--no-roundtrip")
    assert done.code == 0
    assert done.says(
        "Fixed migrations/versions/r2.py:", "create-index: Creating index i takes SHARE"
    )
    assert done.says("no finding is left")
    assert "postgresql_concurrently=True" in (tmp_path / R2).read_text()
    assert guard(tmp_path, "lint").code == 0


def test_a_constraint_is_validated_by_a_revision_that_follows(tmp_path: Path) -> None:
    check = ("op.create_check_constraint('c', 'a', 'id > 0')", "op.drop_constraint('c', 'a')")
    project(tmp_path, {R2: revision("r2", "r1", check)})
    done = guard(tmp_path, "fix", "--no-roundtrip")
    assert done.code == 0, done.output
    (path,) = (p for p in (tmp_path / VERSIONS).glob("*.py") if p.name not in ("r1.py", "r2.py"))
    assert done.says(f"New {VERSIONS}/{path.name}")
    text = path.read_text()
    assert 'down_revision = "r2"' in text
    assert "VALIDATE CONSTRAINT c" in text
    assert guard(tmp_path, "lint").code == 0
    assert guard(tmp_path, "fix", "--no-roundtrip").says("Nothing to fix: nothing was found.")


def test_the_diff_writes_nothing(tmp_path: Path) -> None:
    project(tmp_path, {R2: revision("r2", "r1", INDEX)})
    before = snapshot(tmp_path)
    done = guard(tmp_path, "fix", "--diff")
    assert done.code == 1
    assert done.says(f"--- a/{R2}", f"+++ b/{R2}", "postgresql_concurrently=True")
    assert snapshot(tmp_path) == before
    guard(tmp_path, "fix", "--no-roundtrip")
    assert guard(tmp_path, "fix", "--diff").code == 0
    assert guard(tmp_path, "fix", "--diff").says("Nothing would change.")


def test_a_diff_can_be_applied(tmp_path: Path) -> None:
    project(tmp_path, {R2: revision("r2", "r1", INDEX)})
    patch = guard(tmp_path, "fix", "--diff").output
    subprocess.run(["git", "apply"], cwd=tmp_path, input=patch.encode(), check=True)
    assert guard(tmp_path, "fix", "--diff").code == 0


@pytest.mark.parametrize("arguments", [(), ("--all",)])
def test_a_released_revision_stays(arguments: tuple[str, ...], tmp_path: Path) -> None:
    repo = Repo(project(tmp_path, {R2: revision("r2", "r1", INDEX)}).resolve())
    repo.commit()
    before = snapshot(tmp_path)
    guard(tmp_path, "fix", *arguments)
    assert snapshot(tmp_path) == before


def test_an_edited_released_revision_stays(tmp_path: Path) -> None:
    repo = Repo(project(tmp_path, {R2: revision("r2", "r1", ("pass", "pass"))}))
    repo.commit()
    write(tmp_path, {R2: revision("r2", "r1", INDEX)})
    before = snapshot(tmp_path)
    assert guard(tmp_path, "fix").code == 1
    assert snapshot(tmp_path) == before


def test_where_nobody_knows_what_is_released_revisions_stay(tmp_path: Path) -> None:
    files = {
        **PROJECT,
        "pyproject.toml": POSTGRESQL,
        f"{VERSIONS}/r1.py": revision("r1", None, INDEX),
    }
    write(tmp_path, files)
    before = snapshot(tmp_path)
    done = guard(tmp_path, "fix", "--no-roundtrip")
    assert done.code == 1
    assert done.says("nobody knows which revisions are released")
    assert snapshot(tmp_path) == before


def test_application_code_is_mended(tmp_path: Path) -> None:
    old = "from sqlalchemy.ext.declarative import declarative_base\n\nBase = declarative_base()\n"
    project(tmp_path, {"app/models.py": old, "requirements.txt": "sqlalchemy>=2.0\n"})
    lint_only(tmp_path)
    new = old.replace("sqlalchemy.ext.declarative", "sqlalchemy.orm")
    assert (tmp_path / "app/models.py").read_text() == new


def test_two_heads_become_one(tmp_path: Path) -> None:
    project(tmp_path, {})
    repo = Repo(tmp_path)
    repo.commit({f"{VERSIONS}/r3.py": revision("r3", "r1", ("op.drop_column('a', 'n')", "pass"))})
    write(tmp_path, {R2: revision("r2", "r1", ("op.execute('SELECT 1')", "pass"))})
    lint_only(tmp_path, "--select", "multiple-heads")
    assert "down_revision = 'r3'" in (tmp_path / R2).read_text().replace('"', "'")


def test_released_heads_are_merged(tmp_path: Path) -> None:
    repo = Repo(project(tmp_path, {}))
    step = ("op.execute('SELECT 1')", "pass")
    repo.commit({f"{VERSIONS}/r{n}.py": revision(f"r{n}", "r1", step) for n in (2, 3)})
    done = guard(tmp_path, "fix", "--no-roundtrip", "--select", "multiple-heads")
    assert done.says("New migrations/versions/")
    (path,) = (p for p in (tmp_path / VERSIONS).glob("*merge*.py"))
    assert 'down_revision = ("r2", "r3")' in path.read_text()
    assert guard(tmp_path, "lint", "--select", "multiple-heads").code == 0


def test_it_is_run_and_said(tmp_path: Path) -> None:
    create = "op.create_table('b', sa.Column('id', sa.Integer(), primary_key=True))"
    project(tmp_path, {R2: revision("r2", "r1", (create, "pass"))}, SQLITE)
    done = guard(tmp_path, "fix")
    assert done.code == 0, done.output
    assert done.says("missing-downgrade", "The changed revisions were run up, down and up again.")
    assert "op.drop_table('b')" in (tmp_path / R2).read_text()


LISTENER = """\
from sqlalchemy import event
from sqlalchemy.engine import Engine


@event.listens_for(Engine, "before_cursor_execute")
def keep_tables(connection, cursor, statement, *rest):
    if "DROP TABLE b" in statement:
        raise RuntimeError("no table is dropped here")


"""


def test_what_fails_when_it_is_run_is_taken_back(tmp_path: Path) -> None:
    """Reading alone does not see that env.py lets no table go."""
    create = "op.create_table('b', sa.Column('id', sa.Integer(), primary_key=True))"
    env = LISTENER + str(PROJECT["migrations/env.py"])
    new = {R2: revision("r2", "r1", (create, "pass")), "migrations/env.py": env}
    project(tmp_path, new, SQLITE)
    before = snapshot(tmp_path)
    done = guard(tmp_path, "fix")
    assert done.says("Left", "missing-downgrade: it would bring downgrade-fails")
    assert snapshot(tmp_path) == before


def test_what_would_bring_another_finding_is_left(tmp_path: Path) -> None:
    view = ("op.execute('CREATE VIEW v AS SELECT m FROM a')", "op.execute('DROP VIEW v')")
    column = ("op.add_column('a', sa.Column('m', sa.Text()))", "pass")
    new = {R2: revision("r2", "r1", column), f"{VERSIONS}/r3.py": revision("r3", "r2", view)}
    project(tmp_path, new, SQLITE)
    assert lint_only(tmp_path)


def test_what_cannot_be_run_is_said(tmp_path: Path) -> None:
    create = "op.create_table('b', sa.Column('id', sa.Integer(), primary_key=True))"
    project(tmp_path, {R2: revision("r2", "r1", (create, "pass"))}, SQLITE)
    done = guard(tmp_path, "fix", "--python", "no-such-python")
    assert done.says("The changed revisions were not run:", "no-such-python")
    assert "op.drop_table('b')" in (tmp_path / R2).read_text()


def test_a_file_that_cannot_be_written_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project(tmp_path, {R2: revision("r2", "r1", INDEX)})
    before = snapshot(tmp_path)

    def refuse(path: Path, data: bytes) -> int:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(Path, "write_bytes", refuse)
    done = guard(tmp_path, "fix", "--no-roundtrip", "--no-cache")
    assert done.code == 2
    assert done.says("r2.py cannot be written: Permission denied")
    assert snapshot(tmp_path) == before


def test_the_encoding_stays(tmp_path: Path) -> None:
    text = revision("r2", "r1", INDEX).replace("\n", "\r\n")
    data = b"# -*- coding: latin-1 -*-\r\n# caf\xe9\r\n" + text.encode()
    project(tmp_path, {R2: data})
    lint_only(tmp_path)
    after = (tmp_path / R2).read_bytes()
    assert b"caf\xe9" in after
    assert b"postgresql_concurrently=True" in after
    assert b"\n" not in after.replace(b"\r\n", b"")


def test_the_page_lists_every_rule_that_has_fixes() -> None:
    page = (Path(__file__).parents[2] / "docs/fixes.md").read_text()
    listed = {line.split("`")[1] for line in page.splitlines() if line.startswith("| `")}
    rules = Path(__file__).parents[2] / "rules"
    having = {
        rule.name
        for rule in load_rules()
        if any(
            word in (rules / rule.group / f"{rule.name.replace('-', '_')}.py").read_text()
            for word in ("rewrite=", "fix=use.fix")
        )
    }
    assert listed == having
