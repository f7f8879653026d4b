"""How guard is used: options, formats, colours, where it is run from and what it is given."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import jsonschema  # type: ignore[import-untyped]
import pytest
from command_line import PROJECT, STEP, VERSIONS, Content, chain, guard, write
from roundtrip_project import revision

import guard as guard_package
from guard.cli.main import main

DROP = ("op.drop_table('old')", "op.create_table('old', sa.Column('id', sa.Integer()))")
UPDATE = ("op.execute('UPDATE big SET n = 1')", "op.execute('DELETE FROM big WHERE n = 1')")
DROPPING = chain(STEP, DROP)
WARNED = chain(STEP, UPDATE)
SQL: dict[str, Content] = {
    "db/V1__users.sql": "CREATE TABLE users (id integer);\n",
    "db/V2__old.sql": "-- the old ones\nDROP TABLE old;\n",
    "queries/report.sql": "DELETE FROM report;\n",
}


def rules_of(folder: Path, *arguments: str, stdin: str | None = None) -> list[str]:
    done = guard(folder, "lint", *arguments, "--output-format", "json", stdin=stdin)
    return [finding["rule"] for finding in json.loads(done.output)["findings"]]


# Which rules


@pytest.mark.parametrize(
    ("arguments", "rules"),
    [
        ((), ["drop-table"]),
        (("--select", "drop-table"), ["drop-table"]),
        (("--select", "drop-column, drop-table"), ["drop-table"]),
        (("--select", "destructive"), ["drop-table"]),
        (("--select", "history,source"), []),
        (("--ignore", "drop-table"), []),
        (("--ignore", "drop-column", "--ignore", "drop-table,truncate"), []),
        (("--ignore", "destructive"), []),
        (("--ignore", "destructive", "--select", "drop-table"), ["drop-table"]),
    ],
    ids=" ".join,
)
def test_select_and_ignore(arguments: tuple[str, ...], rules: list[str], tmp_path: Path) -> None:
    assert rules_of(write(tmp_path, DROPPING), *arguments) == rules


# What the exit code is


@pytest.mark.parametrize(
    ("files", "arguments", "code"),
    [
        (chain(STEP), (), 0),
        (DROPPING, (), 1),
        (DROPPING, ("--exit-zero",), 0),
        (WARNED, (), 0),
        (WARNED, ("--strict",), 1),
        (WARNED, ("--strict", "--exit-zero"), 0),
        ({**WARNED, "guard.toml": 'fail-on = "warning"'}, (), 1),
        ({**WARNED, "guard.toml": 'severity = { update-without-where = "error" }'}, (), 1),
        ({**DROPPING, "guard.toml": 'severity = { drop-table = "warning" }'}, (), 0),
    ],
)
def test_exit_code(
    files: dict[str, Content], arguments: tuple[str, ...], code: int, tmp_path: Path
) -> None:
    assert guard(write(tmp_path, files), "lint", *arguments).code == code


# What is printed

SCHEMA = json.loads((Path(guard_package.__file__).parent / "report.schema.json").read_text())


def test_json_is_a_contract(tmp_path: Path) -> None:
    upgrade = "op.drop_table('old')\n# guard: ignore[update-without-where] few\n" + UPDATE[0]
    files = chain(STEP, (upgrade, DROP[1]))
    done = guard(write(tmp_path, files), "lint", "--output-format", "json")
    report = json.loads(done.output)
    jsonschema.validate(report, SCHEMA)
    assert not any(Path(finding["path"]).is_absolute() for finding in report["findings"])
    told = [(f["rule"], f["status"], f.get("reason")) for f in report["findings"]]
    assert told == [("drop-table", "open", None), ("update-without-where", "ignored", "few")]
    first = report["findings"][0]
    assert first["path"] == f"{VERSIONS}/r2.py"
    assert (first["line"], first["column"], first["end_column"]) == (9, 5, 25)


def test_github_annotates_the_lines(tmp_path: Path) -> None:
    done = guard(write(tmp_path, DROPPING), "lint", "--output-format", "github")
    assert f"::error file={VERSIONS}/r2.py,line=9,endLine=9,col=5" in done.output


def test_the_report_goes_into_a_file(tmp_path: Path) -> None:
    done = guard(write(tmp_path, DROPPING), "lint", "--output-file", "report.txt")
    assert (done.code, done.output) == (1, "")
    written = (tmp_path / "report.txt").read_text()
    assert "Dropping table old" in written
    assert "\x1b[" not in written


@pytest.mark.parametrize(
    ("arguments", "environ", "colored"),
    [
        ((), {}, False),  # no terminal
        ((), {"FORCE_COLOR": "1"}, True),
        ((), {"FORCE_COLOR": "1", "NO_COLOR": "1"}, False),
        (("--color", "always"), {"NO_COLOR": "1"}, True),
        (("--color", "never"), {"FORCE_COLOR": "1"}, False),
    ],
)
def test_color(
    arguments: tuple[str, ...], environ: dict[str, str], colored: bool, tmp_path: Path
) -> None:
    done = guard(write(tmp_path, DROPPING), "lint", *arguments, **environ)
    assert ("\x1b[" in done.output) is colored


def test_quiet_leaves_only_what_is_wrong(tmp_path: Path) -> None:
    assert guard(write(tmp_path / "good", chain(STEP)), "lint", "-q").output == ""
    loud = guard(write(tmp_path / "bad", DROPPING), "lint", "-q").output
    assert "drop-table" in loud
    assert "Checked" not in loud


def test_verbose_shows_what_was_silenced(tmp_path: Path) -> None:
    silenced = f"# guard: ignore[update-without-where] a hundred rows\n{UPDATE[0]}"
    write(tmp_path, chain(STEP, (silenced, "pass")))
    arguments = ("lint", "--ignore", "missing-downgrade")
    assert "a hundred rows" not in guard(tmp_path, *arguments).output
    assert guard(tmp_path, *arguments, "-v").says("a hundred rows")


# Which server


def test_the_dialect_decides_what_a_message_says(tmp_path: Path) -> None:
    add = "op.add_column('old', sa.Column('n', sa.Integer(), nullable=False))"
    write(tmp_path, chain((add, "op.drop_column('old', 'n')")))
    assert guard(tmp_path, "lint", "--dialect", "postgres").says("fails as soon as old has one row")
    assert guard(tmp_path, "lint", "--dialect", "mysql").says("fills existing rows of old with 0")


# Where it is run, and on what


def test_from_a_subfolder_the_paths_stay_those_of_the_project(tmp_path: Path) -> None:
    write(tmp_path, DROPPING)
    for folder in ("migrations", VERSIONS):
        assert f"{VERSIONS}/r2.py:9:5" in guard(tmp_path / folder, "lint").output
    assert (
        f"{VERSIONS}/r2.py:9:5" in guard(tmp_path / "migrations", "lint", "versions/r2.py").output
    )


def test_a_named_revision_is_judged_alone(tmp_path: Path) -> None:
    write(tmp_path, chain(DROP, (DROP[0].replace("old", "other"), "pass")))
    done = guard(tmp_path, "lint", f"{VERSIONS}/r1.py")
    assert "table old" in done.output
    assert "table other" not in done.output


def test_two_environments_by_path(tmp_path: Path) -> None:
    for name in ("one", "two"):
        step = (DROP[0].replace("old", name), DROP[1])
        write(tmp_path / name, {**PROJECT, f"{VERSIONS}/r1.py": revision("r1", None, step)})
    both = guard(tmp_path, "lint", f"one/{VERSIONS}/r1.py", f"two/{VERSIONS}/r1.py")
    assert both.says("table one", "table two", "2 revisions")
    assert "table two" not in guard(tmp_path, "lint", "one").output


def test_files_that_are_not_ours_pass(tmp_path: Path) -> None:
    """As pre-commit calls it: with whatever was changed."""
    write(tmp_path, {**DROPPING, "app/main.py": "print('sqlite:///x.db')\n", "notes.ini": "[a]\n"})
    done = guard(tmp_path, "lint", "app/main.py", "notes.ini")
    assert done.says("Checked 2 source files", "Passed.")
    assert done.code == 0
    nothing = guard(write(tmp_path, {"notes.txt": "x"}), "lint", "notes.txt")
    assert nothing.says("there was nothing to check")
    assert nothing.code == 0


def test_a_database_that_a_revision_names(tmp_path: Path) -> None:
    other = f"url = 'sqlite:///other.db'\n{STEP[0]}"
    done = guard(write(tmp_path, chain((other, STEP[1]))), "lint")
    assert done.says("error[hardcoded-database]", "r1.py", "sqlite:///other.db", "revision: r1")
    assert done.code == 1


def test_without_a_base_each_revision_is_a_deployment_of_its_own(tmp_path: Path) -> None:
    write(tmp_path, chain(STEP, (STEP[1], STEP[0])))
    assert rules_of(tmp_path) == ["drop-table"]


# .sql files


def test_folders_of_sql_files_are_found(tmp_path: Path) -> None:
    write(tmp_path, SQL)
    done = guard(tmp_path, "check")
    assert done.says("db/V2__old.sql:2:1", "table old", "2 revisions, 2 statements")
    assert done.code == 1


@pytest.mark.parametrize(
    ("paths", "rules"),
    [
        (("db",), ["drop-table"]),
        (("db/V1__users.sql",), []),
        (("db/V2__old.sql",), ["drop-table"]),
        (("queries/report.sql",), ["delete-without-where"]),
        (("queries/report.sql", "db/V2__old.sql"), ["drop-table", "delete-without-where"]),
    ],
    ids=" ".join,
)
def test_sql_files_by_path(paths: tuple[str, ...], rules: list[str], tmp_path: Path) -> None:
    assert rules_of(write(tmp_path, SQL), *paths) == rules


def test_a_drop_in_a_sql_file_is_approved_by_its_path(tmp_path: Path) -> None:
    write(tmp_path, SQL)
    approve = ("--reason", "nobody reads it", "--approver", "Ann")
    assert guard(tmp_path, "approve", "db/V2__old.sql", *approve).code == 0
    done = guard(tmp_path, "lint", "db")
    assert done.says("1 approved")
    assert done.code == 0


# Standard input


@pytest.mark.parametrize(
    ("text", "arguments", "rules"),
    [
        ("DROP TABLE a; DELETE FROM b;", (), ["drop-table", "delete-without-where"]),
        ("SELECT 1", (), []),
        ("", (), []),
        ("DROP TABEL a", (), ["unparsable-sql"]),
        ("DROP TABLE a", ("--stdin-filename", "db/V9__x.sql"), ["drop-table"]),
        ("-- migrate:up\nDROP TABLE a;", ("--stdin-filename", "db/2_x.sql"), ["drop-table"]),
        (revision("r9", "r8", DROP), ("--stdin-filename", "new/r9.py"), ["drop-table"]),
        ("def f(:", ("--stdin-filename", "app/models.py"), ["unreadable-source"]),
        (
            "from sqlalchemy import create_engine\ne = create_engine('sqlite:///d.db')\n",
            ("--stdin-filename", "app/models.py"),
            ["hardcoded-database"],
        ),
        ("sqlalchemy.url = sqlite:///d.db", ("--stdin-filename", "a.ini"), ["hardcoded-database"]),
    ],
)
def test_standard_input(
    text: str, arguments: tuple[str, ...], rules: list[str], tmp_path: Path
) -> None:
    assert rules_of(tmp_path, "-", *arguments, stdin=text) == rules


def test_standard_input_stands_in_for_a_revision_of_the_project(tmp_path: Path) -> None:
    write(tmp_path, chain(STEP, STEP))
    new = revision("r2", "r1", ("op.drop_table('a')\nop.drop_table('old')", "pass"))
    path = f"{VERSIONS}/r2.py"
    rules = rules_of(
        tmp_path, "-", "--stdin-filename", path, "--ignore", "missing-downgrade", stdin=new
    )
    assert rules == ["drop-table", "drop-table"]  # r1 is another deployment
    assert "op.create_table" in (tmp_path / path).read_text()


# Rules


def test_rules_are_listed_and_explained(tmp_path: Path) -> None:
    listed = guard(tmp_path, "rules")
    assert listed.says("drop-table error, approval A dropped table takes its rows with it.")
    rules = json.loads(guard(tmp_path, "rules", "--output-format=json").output)
    one_of_each = {rule["group"]: rule["name"] for rule in rules}  # docs/rules has them all
    for name in one_of_each.values():
        page = guard(tmp_path, "explain", name)
        assert page.code == 0
        assert page.output.startswith(f"{name} (")


# The program itself


def test_version_and_help(tmp_path: Path) -> None:
    assert guard(tmp_path, "--version").says("guard, version")
    assert guard(tmp_path, "-h").says("check", "lint", "history", "roundtrip", "approve", "explain")


def test_a_shell_completes_commands(tmp_path: Path) -> None:
    run = subprocess.run(
        [sys.executable, "-m", "guard"],
        cwd=tmp_path,
        env={
            **os.environ,
            "_GUARD_COMPLETE": "bash_complete",
            "COMP_WORDS": "guard li",
            "COMP_CWORD": "1",
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.stdout == "plain,lint\n", run.stderr


def test_what_breaks_inside_is_an_error(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken(**_: object) -> None:
        raise KeyError("t")

    monkeypatch.setattr("guard.cli.main.cli", broken)
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 2
    assert "guard itself failed: KeyError: 't'. This is a bug" in capsys.readouterr().err
    monkeypatch.setenv("GUARD_DEBUG", "1")
    with pytest.raises(KeyError):
        main()
