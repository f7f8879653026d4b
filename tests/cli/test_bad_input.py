"""Bad input through the command line: one clear message each, and the documented exit code."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from command_line import INI, PROJECT, STEP, VERSIONS, Content, chain, guard, write
from git_repo import Repo, clone
from roundtrip_project import revision

R1 = f"{VERSIONS}/r1.py"
ONE = chain(STEP)
GOOD = revision("r1", None, STEP)
LATIN = GOOD.replace("'a'", "'größe'").encode("latin-1")
OTHER_STEP = (STEP[0].replace("'a'", "'b'"), STEP[1].replace("'a'", "'b'"))


# What makes the chain unreadable is a finding (1); what keeps guard from its work is an error (2).
FILES: dict[str, tuple[dict[str, Content], int, tuple[str, ...]]] = {
    "no project": ({}, 2, ("no Alembic environment", "name the migrations folder")),
    "empty versions folder": (PROJECT, 0, ("migrations/versions holds no revisions",)),
    "no versions folder": (
        {"alembic.ini": INI, "migrations/env.py": ""},
        2,
        ("has no versions folder", "mkdir migrations/versions"),
    ),
    "no script location": (
        {"alembic.ini": INI.replace("/migrations", "/elsewhere")},
        2,
        ("script_location", "is not a folder here"),
    ),
    "syntax error": (
        {**PROJECT, R1: GOOD + "def oops(:\n"},
        1,
        ("error[broken-chain]", "it is not valid Python", "the round trip was skipped"),
    ),
    "byte-order mark": ({**PROJECT, R1: b"\xef\xbb\xbf" + GOOD.encode()}, 0, ("no problems",)),
    "declared latin-1": (
        {**PROJECT, R1: b"# -*- coding: latin-1 -*-\n" + LATIN},
        0,
        ("no problems",),
    ),
    "a codec of other things": (
        {**PROJECT, R1: b"# coding: rot13\n" + GOOD.encode()},
        1,
        ("its coding comment names no text encoding",),
    ),
    "a lone surrogate": (
        {**PROJECT, R1: revision("r1", None, ("op.drop_table('\\udcff')", "pass"))},
        1,
        ("error[drop-table]",),
    ),
    "undeclared latin-1": ({**PROJECT, R1: LATIN}, 1, ("is not utf-8", "save it as UTF-8")),
    "binary": ({**PROJECT, R1: bytes(range(256))}, 1, ("NUL bytes",)),
    "empty revision": ({**PROJECT, R1: ""}, 1, ("declares no revision id",)),
    "5 MB": ({**PROJECT, R1: GOOD + "# padding\n" * 500_000}, 1, ("5.0 MB long",)),
    "5 MB of SQL": (
        {"db/V1__a.sql": "CREATE TABLE a (id int);\n", "db/V2__b.sql": "-- padding\n" * 500_000},
        2,
        ("V2__b.sql: cannot be read: it is 5.5 MB long", "or exclude the file"),
    ),
    "5 MB of SQL that a revision reads": (
        {
            **ONE,
            f"{VERSIONS}/r2.py": revision("r2", "r1", ("op.execute(open('b.sql').read())", "pass")),
            "b.sql": "SELECT 1;\n" * 600_000,
        },
        1,
        ("what it executes is not known",),
    ),
    "5 MB of models": (
        {**ONE, "app/models.py": "# padding\n" * 600_000},
        1,
        ("error[unreadable-source]", "app/models.py could not be read", "6.0 MB long"),
    ),
    "compiled revision": (
        {
            **ONE,
            "alembic.ini": INI + "sourceless = true\n",
            f"{VERSIONS}/__pycache__/r1.cpython-312.pyc": b"",
            f"{VERSIONS}/r2.pyc": b"",
        },
        2,
        ("r2.pyc: [alembic] says sourceless", "keep its .py file here"),
    ),
    "compiled beside its source": (
        {
            **ONE,
            "alembic.ini": INI + "sourceless = true\n",
            f"{VERSIONS}/__pycache__/r1.cpython-312.pyc": b"",
        },
        0,
        ("no problems",),
    ),
    "duplicate ids": ({**ONE, f"{VERSIONS}/again.py": GOOD}, 1, ("r1 stands in", "again.py")),
    "cycle": (
        {
            **PROJECT,
            R1: revision("r1", "r2", STEP),
            f"{VERSIONS}/r2.py": revision("r2", "r1", OTHER_STEP),
        },
        1,
        ("r1 -> r2 -> r1 form a cycle",),
    ),
    "missing parent": (
        {**PROJECT, R1: revision("r1", "r0", STEP)},
        1,
        ("down_revision of r1 names r0, which is not a revision here",),
    ),
    "two heads": (
        {**ONE, f"{VERSIONS}/r2.py": revision("r2", None, OTHER_STEP)},
        1,
        ("error[multiple-heads]", "2 heads"),
    ),
    "rule in the configuration": (
        {**ONE, "guard.toml": 'ignore = ["drop-tabel"]'},
        2,
        ("no rule or group is called 'drop-tabel'", "did you mean 'drop-table'?"),
    ),
    "unknown key": (
        {**ONE, "guard.toml": 'dialekt = "sqlite"'},
        2,
        ("unknown key 'dialekt'", "did you mean 'dialect'?"),
    ),
    "a header of pyproject.toml": (
        {**ONE, "guard.toml": '\n[tool.guard]\ndialect = "sqlite"'},
        2,
        ("guard.toml:2: [tool.guard] is for pyproject.toml", "the same keys without it"),
    ),
    "an unknown table in a header": (
        {**ONE, "guard.toml": "[severiti.drop-table]\na = 1"},
        2,
        ("guard.toml:1: unknown key 'severiti' in the guard settings", "did you mean 'severity'"),
    ),
    "wrong type": (
        {**ONE, "guard.toml": "heads = 'two'"},
        2,
        ("guard.toml:1: heads: 'two' is not a whole number",),
    ),
    "a text for a list": (
        {**ONE, "guard.toml": "ignore = 'x'"},
        2,
        ("guard.toml:1: ignore: 'x' is not a list, each a string",),
    ),
    "broken configuration": ({**ONE, "pyproject.toml": "[tool.guard"}, 2, ("not valid TOML",)),
    "tools that are no table": ({**ONE, "pyproject.toml": "tool = 1"}, 2, ("not valid TOML",)),
    "settings that are no table": (
        {**ONE, "pyproject.toml": "[tool]\nguard = 1"},
        2,
        ("pyproject.toml: [tool.guard] is 1, and must be a table",),
    ),
    "settings that are a folder": ({**ONE, "guard.toml/x": ""}, 0, ("no problems",)),
    "approvals in another encoding": (
        {**ONE, "guard-approvals.toml": b"# \xe9\n"},
        2,
        ("guard-approvals.toml cannot be read",),
    ),
    "SQL in another encoding": (
        {"db/V1__a.sql": b"-- \xe9\nSELECT 1;\n"},
        2,
        ("V1__a.sql", "not UTF-8 text: save it as UTF-8"),
    ),
    "unknown dialect": (
        {**ONE, "guard.toml": 'dialect = "db2"'},
        2,
        ("unknown dialect 'db2'", "postgresql, mysql, mariadb, sqlite"),
    ),
    "rule in a comment": (
        {
            **PROJECT,
            R1: GOOD.replace("    op.create", "    # guard: ignore[nope] why\n    op.create"),
        },
        1,
        ("error[unknown-rule]", "nope"),
    ),
    "comment without a reason": (
        {
            **PROJECT,
            R1: GOOD.replace("    op.create", "    # guard: ignore[opaque-sql]\n    op.create"),
        },
        1,
        ("error[suppression-without-reason]",),
    ),
    "rule in an approval": (
        {
            **ONE,
            "guard-approvals.toml": "[[approval]]\nrevision = 'r1'\nrule = 'drop-tables'\n"
            "object = 'a'\nreason = 'x'\napprover = 'y'\n",
        },
        1,
        ("error[unknown-rule]", "drop-tables", "drop-table"),
    ),
    "broken approvals": (
        {**ONE, "guard-approvals.toml": "[[approval]\n"},
        2,
        ("guard-approvals.toml", "not valid TOML"),
    ),
    "source that does not parse": (
        {**ONE, "app/models.py": "class User(:\n"},
        1,
        ("error[unreadable-source]", "app/models.py could not be read"),
    ),
}


@pytest.mark.parametrize("case", FILES)
@pytest.mark.parametrize("command", ["check", "lint"])
def test_files(command: str, case: str, tmp_path: Path) -> None:
    files, code, texts = FILES[case]
    if command == "lint":
        texts = tuple(text for text in texts if "round trip" not in text)
    done = guard(write(tmp_path, files), command)
    assert done.says(*texts)
    assert done.code == code, done.output


def test_migrations_that_no_configuration_points_at(tmp_path: Path) -> None:
    folder = write(tmp_path, {name: text for name, text in ONE.items() if name != "alembic.ini"})
    done = guard(folder, "check")
    assert done.says("migrations: no alembic.ini points at it", "--no-roundtrip")
    assert done.code == 2
    assert guard(folder, "check", "--no-roundtrip").code == 0


ARGUMENTS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "no such path": (("lint", "nowhere"), ("nowhere", "no such file or folder")),
    "unknown rule to select": (("lint", "--select", "drop-tabel"), ("did you mean 'drop-table'?",)),
    "unknown rule to ignore": (("lint", "--ignore", "x,y"), ("'x'", "`guard rules` lists them")),
    "unknown rule to explain": (("explain", "drop-tabel"), ("did you mean 'drop-table'?",)),
    "unknown dialect": (("lint", "--dialect", "oracle"), ("unknown dialect 'oracle'",)),
    "unknown version": (("lint", "--server-version", "new"), ("'new' is not a version",)),
    "unknown format": (("lint", "--output-format", "xml"), ("'xml' is not one of",)),
    "unknown option": (("lint", "--al"), ("--al", "--all")),
    "no folder for the report": (("lint", "--output-file", "no/x"), ("there is no folder no",)),
    "a folder as report": (("lint", "--output-file", "migrations"), ("cannot be written",)),
    "no such interpreter": (("check", "--python", "nopython"), ("nopython was not found",)),
    "an interpreter that runs nothing": (
        ("check", "--python", "true"),
        ("cannot run the migrations: the process ended with exit code 0 before anything ran.",),
    ),
    "a report to merge that is not there": (("merge", "nope.json"), ("wrote, the file of each",)),
    "an interpreter that is none": (("check", "--python", "alembic.ini"), ("cannot be run",)),
    "base without git": (("lint", "--base", "main"), ("--base main", "not a git repository")),
    "approvals without git": (("lint", "--approvals-from", "main"), ("no such ref",)),
    "approve without a reason": (("approve", "r1"), ("--reason: say why this is right",)),
    "approve with an empty one": (("approve", "r1", "--reason", " "), ("say why",)),
    "approve what is not there": (
        ("approve", "r7", "--reason", "x", "--approver", "y"),
        ("no revision is called r7",),
    ),
    "approve what needs none": (
        ("approve", "r1", "--reason", "x", "--approver", "y"),
        ("nothing in revision r1 needs an approval",),
    ),
    "standard input in another encoding": (
        ("lint", "-"),
        ("standard input (stdin.sql)", "save it as UTF-8"),
    ),
    "approve by an unknown rule": (
        ("approve", "r1", "--reason", "x", "--rule", "drop-tabel"),
        ("did you mean 'drop-table'?",),
    ),
    "show an unknown revision": (("show", "r9"), ("no revision is called r9",)),
    "schema at an unknown revision": (("schema", "--at", "r9"), ("no revision is called r9",)),
    "standard input and a path": (("lint", "-", "migrations"), ("must be the only path",)),
    "a name for no standard input": (
        ("lint", "--stdin-filename", "x.sql"),
        ("give - as the path",),
    ),
}


@pytest.mark.parametrize("case", ARGUMENTS)
def test_arguments(case: str, tmp_path: Path) -> None:
    arguments, texts = ARGUMENTS[case]
    done = guard(write(tmp_path, ONE), *arguments, stdin=b"-- \xe9")
    assert done.says(*texts)
    assert done.code == 2, done.output


# Files that cannot be opened


def test_a_folder_and_a_dangling_link_named_like_revisions(tmp_path: Path) -> None:
    write(tmp_path, {**ONE, f"{VERSIONS}/folder.py/.keep": ""})
    (tmp_path / VERSIONS / "gone.py").symlink_to("nowhere")
    done = guard(tmp_path, "lint")
    assert done.says("error[broken-chain]", "gone.py", "cannot be read: No such file")
    assert done.code == 1


def test_a_loop_of_links(tmp_path: Path) -> None:
    write(tmp_path, ONE)
    (tmp_path / VERSIONS / "again").symlink_to(tmp_path, target_is_directory=True)
    (tmp_path / VERSIONS / "loop.py").symlink_to("loop.py")
    done = guard(tmp_path, "lint")
    assert done.says("loop.py", "cannot be read")
    assert done.code == 1


@pytest.mark.parametrize("name", ["guard.toml", "pyproject.toml", "migrations/guard.toml"])
@pytest.mark.parametrize("target", ["nowhere", "guard.toml", "pyproject.toml"])
def test_settings_that_are_a_link_to_nothing(name: str, target: str, tmp_path: Path) -> None:
    folder = write(tmp_path, {**PROJECT, R1: GOOD})
    (folder / name).symlink_to(target)
    done = guard(folder, "lint")
    assert done.code == 2
    assert done.says(f"{name}: a link that leads to no file")


def test_a_named_link_that_leads_nowhere(tmp_path: Path) -> None:
    write(tmp_path, ONE)
    (tmp_path / "gone.py").symlink_to("nowhere")
    done = guard(tmp_path, "lint", "gone.py")
    assert done.says("gone.py", "no such file or folder")
    assert done.code == 2


def as_nobody(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run guard without the rights of root, where the tests have them."""
    nobody = 65534 if os.getuid() == 0 else None
    try:
        return subprocess.run(
            [sys.executable, "-m", "guard", *arguments],
            cwd=folder,
            env={**os.environ, "HOME": "/nonexistent"},
            capture_output=True,
            text=True,
            check=False,
            user=nobody,
            group=nobody,
        )
    except PermissionError:
        pytest.skip("this interpreter is for root alone")


@pytest.mark.skipif(not hasattr(os, "getuid"), reason="needs POSIX permissions")
@pytest.mark.parametrize("command", ["lint", "check"])
def test_a_folder_that_cannot_be_written(command: str, tmp_path: Path) -> None:
    project = write(tmp_path / "project", ONE)
    for parent in (project, *project.parents[:3]):
        parent.chmod(0o755)
    for folder in (project, project / "migrations", project / VERSIONS):
        folder.chmod(0o555)
    done = as_nobody(project, command)
    assert "no problems" in done.stdout, done.stdout + done.stderr
    assert done.returncode == 0
    refused = as_nobody(project, command, "--output-file", "report.txt")
    assert "cannot be written: Permission denied" in refused.stderr
    assert refused.returncode == 2


@pytest.mark.skipif(not hasattr(os, "getuid"), reason="needs POSIX permissions")
def test_a_file_that_may_not_be_read(tmp_path: Path) -> None:
    project = write(tmp_path / "project", ONE)
    for parent in (project, *project.parents[:3]):
        parent.chmod(0o755)
    (project / R1).chmod(0)
    done = as_nobody(project, "lint")
    assert "cannot be read: Permission denied" in " ".join(done.stdout.split())
    assert done.returncode == 1


# Migrations that misbehave while they run

RUNNING: dict[str, tuple[str, int, tuple[str, ...]]] = {
    "exits": ("raise SystemExit(3)", 1, ("upgrade of r1 fails", "ended the process", "r1.py")),
    "leaves at once": ("import os; os._exit(0)", 1, ("upgrade of r1 does not finish", "r1.py")),
    "kills its process": (
        "import os, signal; os.kill(os.getpid(), signal.SIGKILL)",
        1,
        ("upgrade of r1 does not finish: the process was killed by SIGKILL", "r1.py"),
    ),
    "sleeps for ever": (
        "import time; time.sleep(3600)",
        1,
        ("still running when the 10 s", "r1.py", "timeout = in guard.toml"),
    ),
}


@pytest.mark.slow
@pytest.mark.parametrize("case", RUNNING)
def test_a_migration_that(case: str, tmp_path: Path) -> None:
    body, code, texts = RUNNING[case]
    files = chain((f"{STEP[0]}\n{body}", STEP[1]))
    done = guard(write(tmp_path, {**files, "guard.toml": "timeout = 10"}), "check")
    assert done.says(*texts)
    assert done.code == code
    assert not list(tmp_path.glob("*.sqlite*"))


def test_a_migration_that_prints_does_not_disturb_the_report(tmp_path: Path) -> None:
    loud = "import sys; print('{\"event\": 1}'); print('noise', file=sys.stderr)\n" + STEP[0]
    done = guard(
        write(tmp_path, chain((loud, STEP[1]))), "check", "--output-format", "json", "--exit-zero"
    )
    assert json.loads(done.output)["summary"]["failed"] is False, done.output


# Git


def history(tmp_path: Path) -> Repo:
    repo = Repo(tmp_path / "repo")
    repo.commit(ONE)
    return repo


def test_no_git_repository_is_said(tmp_path: Path) -> None:
    done = guard(write(tmp_path, ONE), "lint")
    assert done.says("History was not judged: not a git repository. Every revision counts as new.")
    assert done.code == 0


def test_no_commit_yet_is_said(tmp_path: Path) -> None:
    repo = Repo(tmp_path)
    repo.write(ONE)
    assert guard(tmp_path, "lint").says("There is no commit yet: every revision counts as new.")


def test_a_base_that_is_not_here(tmp_path: Path) -> None:
    done = guard(history(tmp_path).root, "lint", "--base", "release")
    assert done.says("--base names release as the base, and it is not in this clone", "fetch it")
    assert done.code == 2


def test_a_detached_head(tmp_path: Path) -> None:
    repo = history(tmp_path)
    repo.git("checkout", "-q", "--detach")
    repo.git("branch", "-m", "main", "trunk")
    done = guard(repo.root, "lint")
    assert done.says("on a detached HEAD", "name the branch that does: --base REF")
    assert done.code == 2


def test_a_shallow_clone_without_the_base(tmp_path: Path) -> None:
    repo = history(tmp_path)
    repo.branch("change")
    repo.commit({f"{VERSIONS}/r2.py": revision("r2", "r1", OTHER_STEP)})
    shallow = clone(repo, tmp_path / "shallow", "--depth=1", "--branch=change")
    done = guard(shallow.root, "lint", GITHUB_ACTIONS="true", GITHUB_BASE_REF="main")
    assert done.says("GITHUB_BASE_REF names origin/main", "fetch-depth: 0")
    assert done.code == 2


def _pipe(path: Path) -> None:
    os.mkfifo(path)


def _device(path: Path) -> None:
    path.symlink_to("/dev/zero")


NAMES = (f"{VERSIONS}/r2.py", "app.py", "migrations/env.py", "x.sql", "helper.py", "alembic.ini")


@pytest.mark.skipif(os.name != "posix", reason="needs pipes and devices")
@pytest.mark.parametrize("make", [_pipe, _device])
@pytest.mark.parametrize("name", NAMES)
def test_what_is_no_file_is_not_read(
    name: str, make: Callable[[Path], None], tmp_path: Path
) -> None:
    reads = "    import helper\n    helper.go()\n    op.execute(open('x.sql').read())\n"
    code = GOOD.replace("    op.create", reads + "    op.create", 1)
    folder = write(tmp_path, {**PROJECT, R1: code})
    (folder / name).unlink(missing_ok=True)
    make(folder / name)
    done = guard(folder, "lint")
    assert done.code in {0, 1, 2}
    if name == f"{VERSIONS}/r2.py":
        assert done.says("it is no regular file")


DOUBLES = [
    's = s.replace("a", "aa")',
    's = s.upper().lower().replace("a", "aa")',
    "s = s + s",
    's = f"{s}{s}"',
    's = "%s%s" % (s, s)',
    "s = s.join([s, s, s])",
    's = s.replace("", "a").replace("a", s)',
    's = ",".join(s.split(",") * 2)',
    's = ",\\n".join(s.splitlines() * 2)',
    's = "".join(s[n:] for n in range(9))',
    's = s.replace(",", ",,")',
    's = "".join(c + "," for c in s)',
    's = "{0}{0}{0}".format(s)',
    's = ",".join({s: s, s + "a": s}.keys())',
]


@pytest.mark.no_cover
@pytest.mark.parametrize("line", DOUBLES)
def test_text_that_grows_without_end(line: str, tmp_path: Path) -> None:
    grows = f'    s = "a,"\n    for i in range(40):\n        {line}\n    op.execute(s)\n'
    code = GOOD.replace("    op.create", grows + "    op.create", 1)
    assert guard(write(tmp_path, {**PROJECT, R1: code}), "lint").says("opaque-sql")


def test_a_comment_of_many_unknown_rules(tmp_path: Path) -> None:
    names = ",".join(f"rule{number}" for number in range(5_000))
    code = GOOD.replace("    op.create", f"    # guard: ignore[{names}] why\n    op.create")
    done = guard(write(tmp_path, {**PROJECT, R1: code}), "lint", "--output-format", "json")
    unknown = [f for f in json.loads(done.output)["findings"] if f["rule"] == "unknown-rule"]
    assert len(unknown) == 10
    assert all(len(finding["message"]) < 300 for finding in unknown)


def test_version_locations_that_hold_the_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("guard.history.graph.MAX_FOLDERS", 3)
    folders = {f"{VERSIONS}/{number}/.keep": "" for number in range(5)}
    done = guard(write(tmp_path, {**ONE, **folders}), "lint")
    assert done.says("more than 3 folders to search for revisions")
    assert done.code == 2
