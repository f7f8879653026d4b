"""guard fix: what it makes, what it does not, and that nothing is lost."""

from __future__ import annotations

import datetime
import os
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from command_line import PROJECT, VERSIONS, Content, guard, write
from git_repo import Repo
from msgspec.structs import replace
from roundtrip_project import revision

from guard.errors import GuardError
from guard.judge.load_rules import load_rules
from guard.run import check, fix
from guard.run.check import Result
from guard.run.fix import Fixed
from guard.run.scope import Request

TABLE = (
    "op.create_table('a', sa.Column('id', sa.Integer(), primary_key=True), "
    "sa.Column('n', sa.Text()))",
    "op.drop_table('a')",
)
INDEX = ("op.create_index('i', 'a', ['n'])", "op.drop_index('i', table_name='a')")
CHECK = ("op.create_check_constraint('c', 'a', 'id > 0')", "op.drop_constraint('c', 'a')")
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
    project(tmp_path, {R2: revision("r2", "r1", CHECK)})
    done = guard(tmp_path, "fix", "--no-roundtrip")
    assert done.code == 0, done.output
    (path,) = (p for p in (tmp_path / VERSIONS).glob("*.py") if p.name not in ("r1.py", "r2.py"))
    assert done.says(f"New {VERSIONS}/{path.name}")
    text = path.read_text()
    assert 'down_revision = "r2"' in text
    assert "VALIDATE CONSTRAINT c" in text
    assert guard(tmp_path, "lint").code == 0
    assert guard(tmp_path, "fix", "--no-roundtrip").says("Nothing to fix: nothing was found.")


NOT_NULL = (
    "op.execute(\"UPDATE a SET n = '' WHERE n IS NULL\")\n"
    "op.alter_column('a', 'n', nullable=False)",
    "op.alter_column('a', 'n', nullable=True)",
)
FOLLOWS = """
def upgrade() -> None:
    with op.get_context().autocommit_block():
        op.execute('ALTER TABLE a VALIDATE CONSTRAINT ck_a_n_not_null')
    op.alter_column('a', 'n', nullable=False)
    op.drop_constraint(op.f('ck_a_n_not_null'), 'a', type_='check')


def downgrade() -> None:
    op.create_check_constraint(op.f('ck_a_n_not_null'), 'a', 'n IS NOT NULL', \
postgresql_not_valid=True)
    op.alter_column('a', 'n', nullable=True)
"""


def test_a_column_is_made_not_null_by_a_revision_that_follows(tmp_path: Path) -> None:
    project(tmp_path, {R2: revision("r2", "r1", NOT_NULL)})
    done = guard(tmp_path, "fix", "--no-roundtrip", "--select", "set-not-null")
    assert done.code == 0, done.output
    (path,) = (p for p in (tmp_path / VERSIONS).glob("*.py") if p.name not in ("r1.py", "r2.py"))
    assert path.read_text().endswith(FOLLOWS)
    assert "ck_a_n_not_null" in (tmp_path / R2).read_text().partition("def downgrade")[2]


NAMED = (
    "file_template = %%(year)d/%%(month).2d/%%(epoch)s-%%(slug)s.%%(rev)s\n"
    "truncate_slug_length = 12\ntimezone = Asia/Kolkata\nrecursive_version_locations = true\n"
)


def test_a_revision_that_follows_is_named_as_the_project_names_its_own(tmp_path: Path) -> None:
    project(tmp_path, {R2: revision("r2", "r1", CHECK)})
    ini = tmp_path / "alembic.ini"
    ini.write_text(ini.read_text() + NAMED)
    before = snapshot(tmp_path)
    done = guard(tmp_path, "fix", "--no-roundtrip")
    assert done.code == 0, done.output
    (made,) = set(snapshot(tmp_path)) - set(before)
    text = (tmp_path / made).read_text()
    created = datetime.datetime.fromisoformat(text.partition("Create Date: ")[2].splitlines()[0])
    assert created.utcoffset() == datetime.timedelta(hours=5.5)
    folder = f"{VERSIONS}/{created:%Y/%m}"
    assert re.fullmatch(rf"{folder}/{int(created.timestamp())}-validate_c\.\w{{12}}\.py", made)
    again = text.replace('down_revision = "r2"', 'down_revision = "r1"')
    write(tmp_path, {R2: before[R2].decode(), made: again})
    assert stays(tmp_path)  # that id is taken, whatever the hour


BAD_NAMES = {
    "a word that Alembic does not know": "file_template = %%(revision)s",
    "a time zone that nobody knows": "timezone = Asia/Atlantis",
}


@pytest.mark.parametrize("setting", BAD_NAMES.values(), ids=BAD_NAMES)
def test_a_name_that_cannot_be_made_is_said(setting: str, tmp_path: Path) -> None:
    project(tmp_path, {R2: revision("r2", "r1", CHECK)})
    ini = tmp_path / "alembic.ini"
    ini.write_text(f"{ini.read_text()}{setting}\n")
    before = snapshot(tmp_path)
    done = guard(tmp_path, "fix", "--no-roundtrip")
    assert (done.code, snapshot(tmp_path)) == (2, before)
    assert done.says(setting.partition(" ")[0], setting.rpartition(" ")[2].replace("%%", "%"))


def test_folders_that_were_made_go_with_the_fix(tmp_path: Path) -> None:
    path = tmp_path / "2026" / "11" / "r3.py"
    fixed = Fixed(result=None, before={path: None}, files={path: b"new"})  # type: ignore[arg-type]
    (tmp_path / "r2.py").write_bytes(b"old")
    fix.write(fixed)
    assert path.read_bytes() == b"new"
    fix.take_back(fixed, [path])
    assert [one.name for one in tmp_path.iterdir()] == ["r2.py"]


def stays(folder: Path) -> bool:
    """Return whether the CHECK is left, since no revision can follow it."""
    before = snapshot(folder)
    done = guard(folder, "fix", "--no-roundtrip", "--select", "add-check-constraint")
    return (
        done.says("add-check-constraint would still be found at migrations/versions/")
        and snapshot(folder) == before
    )


def test_where_upgrades_take_a_name_no_other_follows(tmp_path: Path) -> None:
    text = revision("r2", "r1", CHECK).replace("upgrade()", "upgrade(engine_name)")
    assert stays(project(tmp_path, {R2: text}))


def test_a_revision_that_is_there_is_not_written_over(tmp_path: Path) -> None:
    new = {R2: revision("r2", "r1", CHECK)}
    guard(project(tmp_path, new), "fix", "--no-roundtrip")
    (made,) = (tmp_path / VERSIONS).glob("*validate*.py")
    made.write_text(revision("r3", "r1", ("pass", "pass")))
    write(tmp_path, new)
    assert stays(tmp_path)


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


LAYOUTS: dict[str, tuple[tuple[str, str], ...]] = {
    "newlines of Windows": (("\n", "\r\n"),),
    "no newline at the end": (("pass\n", "pass"),),
    "form feed": (("def upgrade", "\x0cdef upgrade"),),
    "what is a line for others": (("def downgrade", "x = '\x85\u2028'\n\ndef downgrade"),),
    "latin-1": (("import", "# coding: latin-1\nimport"), ("i', 'a'", "\xef', 'a'")),
    "tabs": (("    ", "\t"),),
    "byte order mark": (("import", "\ufeffimport"),),
}  # fmt: skip


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_diff_is_what_is_written(layout: str, tmp_path: Path) -> None:
    text = f"import sqlalchemy as sa\n{revision('r2', 'r1', INDEX)}    pass\n"
    for old, new in LAYOUTS[layout]:
        text = text.replace(old, new, -1 if len(old) == 1 or not old.strip() else 1)
    data = text.encode("latin-1" if "latin" in text else "utf-8")
    project(tmp_path, {})
    (tmp_path / R2).write_bytes(data)
    patch = run_guard(tmp_path, "fix", "--diff", "--no-roundtrip")
    subprocess.run(["git", "apply"], cwd=tmp_path, input=patch, check=True)
    applied = (tmp_path / R2).read_bytes()
    (tmp_path / R2).write_bytes(data)
    guard(tmp_path, "fix", "--no-roundtrip")
    assert applied == (tmp_path / R2).read_bytes() != data


def run_guard(folder: Path, *arguments: str) -> bytes:
    """Return the bytes that guard writes for another program."""
    environment = {name: value for name, value in os.environ.items() if name != "CI"}
    command = [sys.executable, "-m", "guard", *arguments]
    return subprocess.run(
        command, cwd=folder, capture_output=True, env=environment, check=False
    ).stdout


@pytest.mark.parametrize("error", [KeyboardInterrupt, PermissionError])
def test_nothing_is_lost_where_writing_ends_early(
    error: type[BaseException], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "r2.py"
    path.write_bytes(b"old")
    fixed = Fixed(result=None, before={path: b"old"}, files={path: b"new"})  # type: ignore[arg-type]
    truly = Path.write_bytes

    def half(self: Path, data: bytes) -> int:
        monkeypatch.undo()
        truly(self, data[:1])
        raise error

    monkeypatch.setattr(Path, "write_bytes", half)
    with pytest.raises((KeyboardInterrupt, GuardError)):
        fix.write(fixed)
    assert path.read_bytes() == b"old"


def test_an_interrupted_run_keeps_no_fix(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    project(tmp_path, {R2: revision("r2", "r1", INDEX)})
    before = snapshot(tmp_path)
    truly = check.run

    def run(request: Request, *rest: Any) -> Result:
        result = truly(replace(request, roundtrip=False), *rest)
        return replace(result, interrupted=request.roundtrip)

    monkeypatch.setattr(fix, "run", run)
    assert guard(tmp_path, "fix").code == 130
    assert snapshot(tmp_path) == before


def test_what_somebody_changed_meanwhile_stays(tmp_path: Path) -> None:
    path = tmp_path / "r2.py"
    path.write_bytes(b"theirs")
    fixed = Fixed(result=None, before={path: b"old"}, files={path: b"new"})  # type: ignore[arg-type]
    with pytest.raises(GuardError, match="was changed meanwhile"):
        fix.write(fixed)
    assert path.read_bytes() == b"theirs"


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
