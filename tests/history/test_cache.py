"""The cache gives what reading anew gives, and is nobody's trouble when it is broken."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from guard.cli.main import cli
from guard.history.cache import stamp_of

REVISION = '''\
"""first."""
from alembic import op
from helpers import TABLE

revision = "a1"
down_revision = None


def upgrade():
    op.execute(f"DROP TABLE {TABLE}")


def downgrade():
    pass
'''


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    root = tmp_path / "project"
    (root / "migrations" / "versions").mkdir(parents=True)
    (root / "alembic.ini").write_text("[alembic]\nscript_location = %(here)s/migrations\n")
    (root / "migrations" / "versions" / "a1_first.py").write_text(REVISION)
    (root / "helpers.py").write_text('TABLE = "orders"\n')
    monkeypatch.chdir(root)
    monkeypatch.setenv("GUARD_CACHE_DIR", str(tmp_path / "cache"))
    return root


def tables(*options: str) -> list[Any]:
    done = CliRunner().invoke(cli, ["show", "--output-format", "json", *options])
    assert done.exit_code == 0, done.output
    (revision,) = json.loads(done.output)["revisions"]
    return [statement.get("table") for statement in revision["upgrade"]["statements"]]


def entries(project: Path) -> list[Path]:
    return sorted((project.parent / "cache").glob("*"))


def test_a_second_run_says_the_same(project: Path) -> None:
    assert tables() == tables() == ["orders"]
    assert len(entries(project)) == 1


def test_a_changed_revision_is_read_anew(project: Path) -> None:
    tables()
    path = project / "migrations" / "versions" / "a1_first.py"
    path.write_text(REVISION.replace("{TABLE}", "other"))
    assert tables() == ["other"]


def test_a_changed_helper_is_read_anew(project: Path) -> None:
    tables()
    (project / "helpers.py").write_text('TABLE = "invoices"\n')
    assert tables() == ["invoices"]


def test_a_helper_that_comes_later_counts(project: Path) -> None:
    (project / "helpers.py").unlink()
    assert tables() != ["orders"]
    (project / "helpers.py").write_text('TABLE = "orders"\n')
    assert tables() == ["orders"]


@pytest.mark.parametrize(
    "content", [b"", b"\x00\x01", b"\xc1" * 50, b"\x83\xa5stamp"], ids=["empty", "a", "b", "cut"]
)
def test_a_broken_cache_counts_as_empty(project: Path, content: bytes) -> None:
    tables()
    entries(project)[0].write_bytes(content)
    assert tables() == ["orders"]


def test_a_folder_that_cannot_be_written_is_no_error(project: Path) -> None:
    (project.parent / "cache").write_text("a file where the folder should be")
    assert tables() == ["orders"]


def look_first_in_lib(project: Path) -> None:
    """Have the imports found in another folder, which no file that was read tells."""
    (project / "lib").mkdir()
    (project / "lib" / "helpers.py").write_text("TABLE = 'invoices'\n")
    ini = project / "alembic.ini"
    ini.write_text(f"{ini.read_text()}prepend_sys_path = lib\n")


def test_where_imports_are_looked_for_is_part_of_the_key(project: Path) -> None:
    assert tables() == ["orders"]
    look_first_in_lib(project)
    assert tables() == tables("--no-cache") == ["invoices"]


def test_without_a_cache_nothing_is_kept(project: Path) -> None:
    assert tables("--no-cache") == ["orders"]
    assert entries(project) == []


def test_many_revisions_are_read_by_several_processes(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("guard.history.read.WORTH_A_PROCESS", 2)
    monkeypatch.setattr("guard.processes.os.cpu_count", lambda: 2)
    for number in range(2, 7):
        text = REVISION.replace('"a1"', f'"a{number}"').replace("None", f'"a{number - 1}"')
        (project / "migrations" / "versions" / f"a{number}.py").write_text(text)
    options = ["show", "--all", "--output-format", "json"]
    together = CliRunner().invoke(cli, [*options, "--no-cache"]).output
    monkeypatch.setattr("guard.processes.os.cpu_count", lambda: 1)
    assert CliRunner().invoke(cli, [*options, "--no-cache"]).output == together
    assert [revision["revision"] for revision in json.loads(together)["revisions"]] == [
        f"a{number}" for number in range(1, 7)
    ]


def test_source_files_are_kept_with_what_they_import(project: Path) -> None:
    (project / "alembic.ini").write_text("[alembic]\nscript_location = %(here)s/migrations\n")
    (project / "migrations" / "env.py").write_text(
        "from helpers import TABLE\nc.execute(f'DROP TABLE {TABLE}')\n"
    )

    def pieces() -> list[str]:
        arguments = ["lint", "--all", "--select", "source", "--output-format", "json"]
        findings = json.loads(CliRunner().invoke(cli, arguments).output)["findings"]
        return [f["message"] for f in findings if f["path"] == "migrations/env.py"]

    (first,) = pieces()
    assert "`TABLE`" in first
    assert pieces() == [first]
    (project / "helpers.py").write_text("import os\nTABLE = os.environ['T']\n")
    (changed,) = pieces()
    assert changed != first
    look_first_in_lib(project)
    (elsewhere,) = pieces()
    assert elsewhere == first != changed


@pytest.mark.parametrize(
    ("name", "counts"),
    [
        ("guard/reader/evaluate/deep/new.py", True),
        ("guard/python_source.py", True),
        ("guard/cli/new.py", False),
        ("guard/reporters/text.py", False),
        ("guard/reader/__pycache__/new.py", False),
        ("guard/reader/notes.txt", False),
    ],
)
def test_the_code_that_reads_is_part_of_the_key(tmp_path: Path, name: str, counts: bool) -> None:
    for file in ("guard/history/cache.py", "guard/python_source.py", "guard/reporters/text.py"):
        (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / file).write_text("")
    before = stamp_of(tmp_path / "guard")
    assert stamp_of(tmp_path / "guard") == before
    (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / name).write_text("new")
    assert (stamp_of(tmp_path / "guard") != before) == counts
