"""A repository of several services: each is judged by the settings nearest to it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import pytest
from command_line import CREATE_A, ENV, INI, Content, Done, guard
from git_repo import Repo
from roundtrip_project import revision

Files = Mapping[str, Content]
BUILT = """\
import sqlalchemy


def clear(connection, name):
    connection.execute(f'DELETE FROM {name} WHERE id = 1')
"""
DROP = ("op.drop_table('a')", *CREATE_A)
OF_MYSQL = ("op.execute(\"ALTER TABLE a COMMENT = 'old'\")", "raise NotImplementedError('none')")


def service(
    folder: str, settings: str | None = None, *steps: tuple[str, str]
) -> dict[str, Content]:
    """Return a service's files: its settings, and revisions r1, r2, ...; r1 makes table a."""
    files: dict[str, Content] = {f"{folder}/alembic.ini": INI, f"{folder}/migrations/env.py": ENV}
    if settings is not None:
        files[f"{folder}/guard.toml"] = settings
    for number, step in enumerate(((*CREATE_A, "op.drop_table('a')"), *steps), 1):
        parent = f"r{number - 1}" if number > 1 else None
        files[f"{folder}/migrations/versions/r{number}.py"] = revision(f"r{number}", parent, step)
    return files


def change(tmp_path: Path, released: Files, files: Files) -> Repo:
    repo = Repo(tmp_path / "repo")
    repo.commit({"README.md": "x", **released})
    repo.branch("change")
    repo.commit({"touched.txt": "x", **files})
    return repo


def two(tmp_path: Path, a: str | None, b: str | None, step: tuple[str, str] = DROP) -> Repo:
    """Return services a and b with these settings, and the same new revision in each."""
    both = {**service("services/a", a), **service("services/b", b)}
    return change(
        tmp_path, both, {**service("services/a", a, step), **service("services/b", b, step)}
    )


def found(done: Done) -> list[str]:
    """Return the rules that found something open, each with the service that it is in."""
    report = json.loads(done.output[done.output.index("{") : done.output.rindex("}") + 1])
    return sorted(
        f"{_service(finding['path'])} {finding['rule']}: {finding['severity']}"
        for finding in report["findings"]
        if finding["status"] == "open"
    )


def _service(path: str) -> str:
    return path.split("/")[1] if "/" in path else "."


def lint(folder: Path, *arguments: str, **environ: str) -> list[str]:
    return found(guard(folder, "lint", "--output-format", "json", *arguments, **environ))


@pytest.mark.parametrize(
    ("a", "b", "step", "expected"),
    [
        ("", "", DROP, ["a drop-table: error", "b drop-table: error"]),
        ('ignore = ["drop-table"]', "", DROP, ["b drop-table: error"]),
        ('ignore = ["drop-table"]', None, DROP, ["b drop-table: error"]),
        ('select = ["drop-column"]', "", DROP, ["b drop-table: error"]),
        (
            'severity = { drop-table = "warning" }',
            'severity = { drop-table = "info" }',
            DROP,
            ["a drop-table: warning", "b drop-table: info"],
        ),
        ('exclude = ["/alembic.ini", "/migrations"]', "", DROP, ["b drop-table: error"]),
        ('exclude = ["services/b"]', "", DROP, ["a drop-table: error", "b drop-table: error"]),
        ('dialect = "postgresql"', 'dialect = "mysql"', OF_MYSQL, ["a unparsable-sql: error"]),
        (
            'fail-on = "warning"\nbase = "nope"',
            "",
            DROP,
            ["a drop-table: error", "b drop-table: error"],
        ),
    ],
)
def test_each_service_is_judged_by_its_own_settings(
    a: str, b: str | None, step: tuple[str, str], expected: list[str], tmp_path: Path
) -> None:
    assert lint(two(tmp_path, a, b, step).root) == expected


def test_the_summary_says_which_service(tmp_path: Path) -> None:
    source = {"services/b/migrations/tools.py": BUILT}
    repo = two(tmp_path, "", 'env-vars = { WHERE = "b" }')
    repo.git("checkout", "-q", "main")
    repo.commit({**source, **service("services/c", None)})
    repo.git("checkout", "-q", "change")
    repo.git("rebase", "-q", "main")
    done = guard(repo.root, "check")
    assert done.code == 1
    assert done.says(
        "services/a: history of 2 revisions against main",
        "services/b: round trip of 3 up, 1 down",
        "services/c/migrations: its one revision is released already",
        "services/a: 1 new revision, 1 finding services/b: 1 new revision, 1 finding, 1 in "
        "unchanged code services/c: no findings 1 finding in unchanged code: guard check --all",
    )
    assert "services/a/migrations/versions/r2.py --rule drop-table" in done.output
    counts = json.loads(guard(repo.root, "lint", "--output-format", "json").output)["summary"]
    assert counts["services"][1] == {
        "name": "services/b",
        "new_revisions": 1,
        "released_revisions": 0,
        "errors": 1,
        "warnings": 0,
        "infos": 0,
        "unchanged": 1,
    }
    assert guard(repo.root, "lint", "--output-format", "github").says(
        "found: services/b: 1 new revision, 1 finding, 1 in unchanged code"
    )
    everything = guard(repo.root, "lint", "--all")
    assert everything.says("services/b: 1 new revision, 1 released revision, 2 findings")


def test_a_project_that_is_one_says_no_name(tmp_path: Path) -> None:
    files = service("services/a", "")
    repo = change(tmp_path, files, service("services/a", "", DROP))
    done = guard(repo.root, "lint")
    assert done.says(
        "2 statements history of 2 revisions against main 2 source files Found 1 error"
    )
    assert "services/a:" not in done.output
    assert "guard approve r2 --rule drop-table" in done.output


@pytest.mark.parametrize(
    ("folder", "arguments", "expected"),
    [
        ("services/a", (), ["a drop-table: warning", "a string-built-sql: error"]),
        ("services/a/migrations", (), ["a drop-table: warning", "a string-built-sql: error"]),
        (".", ("services/a",), ["a drop-table: warning", "a string-built-sql: error"]),
        (".", ("services/a/migrations/versions/r2.py",), ["a drop-table: warning"]),
        ("services/a", ("../b/migrations",), ["b drop-table: error", "b string-built-sql: error"]),
    ],
)
def test_inside_a_service_only_that_is_judged(
    folder: str, arguments: tuple[str, ...], expected: list[str], tmp_path: Path
) -> None:
    repo = two(tmp_path, 'severity = { drop-table = "warning" }', "")
    repo.commit({"services/a/db.py": BUILT, "services/b/db.py": BUILT})
    assert lint(repo.root / folder, *arguments) == expected


def test_an_approval_stands_in_its_service(tmp_path: Path) -> None:
    repo = two(tmp_path, "", 'approvals = "ops/agreed.toml"')
    agree = ("--rule", "drop-table", "--reason", "unused", "--approver", "Ada")
    done = guard(repo.root, "approve", "r2", *agree)
    assert done.code == 2
    assert done.says("r2 stands in several services: name its file: services/a/migrations")
    (repo.root / "services/b/ops").mkdir()
    done = guard(repo.root, "approve", "services/b/migrations/versions/r2.py", *agree)
    assert done.says("written to services/b/ops/agreed.toml")
    assert lint(repo.root) == ["a drop-table: error", "b gate-weakened: info"]
    assert guard(repo.root / "services/a", "approve", "r2", *agree).code == 0
    assert (repo.root / "services/a/guard-approvals.toml").is_file()
    assert lint(repo.root) == ["a gate-weakened: info", "b gate-weakened: info"]


@pytest.mark.parametrize(
    ("file", "text", "said"),
    [
        ("guard.toml", "ignore = [", "services/a/guard.toml: not valid TOML"),
        ("guard.toml", 'dialekt = "sqlite"', "services/a/guard.toml:1: unknown key 'dialekt'"),
        ("guard.toml", 'ignore = ["nope"]', "services/a/guard.toml: ignore: no rule or group"),
        ("guard.toml", 'alembic-config = ["x.ini"]', "services/a/x.ini: cannot be read"),
        ("pyproject.toml", "[tool.guard", "services/a/pyproject.toml: not valid TOML"),
        ("guard-approvals.toml", "[[approval]", "services/a/guard-approvals.toml: not valid TOML"),
    ],
)
def test_a_service_that_cannot_be_judged(file: str, text: str, said: str, tmp_path: Path) -> None:
    repo = two(tmp_path, None, "")
    repo.commit({"services/a/guard.toml": "", f"services/a/{file}": text})
    if file == "pyproject.toml":
        repo.commit({"services/a/guard.toml": None})
    done = guard(repo.root, "lint", "--output-format", "json")
    # That settings which can be read now name another configuration is told beside it.
    others = [one for one in found(done) if one != "a gate-weakened: info"]
    assert (done.code, others) == (2, ["b drop-table: error"])
    assert len([line for line in done.output.splitlines() if line.startswith("error: ")]) == 1
    assert done.says(said)


def test_what_is_said_of_a_service_that_stands_alone_since_another_is_broken(
    tmp_path: Path,
) -> None:
    repo = two(tmp_path, "ignore = [", "")
    report = json.loads(
        guard(repo.root, "lint", "--output-format", "json").output.split("error:")[0]
    )
    assert [one["name"] for one in report["summary"]["services"]] == ["services/b"]
    assert report["summary"]["checked"][0] == "services/b: history of 2 revisions against main"


def test_an_environment_that_cannot_be_followed(tmp_path: Path) -> None:
    """Its revisions are found by their env.py all the same."""
    repo = two(tmp_path, "", "")
    repo.commit({"services/a/alembic.ini": "[alembic"})
    done = guard(repo.root, "lint", "--output-format", "json")
    assert (done.code, found(done)) == (2, ["a drop-table: error", "b drop-table: error"])
    assert done.says("services/a/alembic.ini: not a valid ini file")


@pytest.mark.parametrize(
    "text", ["[tool.black\n", "[tool.black]\nline-length = 100\n", "# guard\n[project]\n"]
)
def test_a_pyproject_without_settings_is_passed_over(text: str, tmp_path: Path) -> None:
    files = {"guard.toml": 'ignore = ["drop-table"]', **service("services/a", None)}
    repo = change(tmp_path, files, service("services/a", None, DROP))
    repo.commit({"services/a/pyproject.toml": text})
    assert lint(repo.root) == []


@pytest.mark.parametrize("named", ["option", "variable"])
def test_one_file_for_everything(named: str, tmp_path: Path) -> None:
    repo = two(tmp_path, 'ignore = ["drop-table"]', "ignore = [")
    repo.commit({"strict.toml": 'select = ["drop-table"]', "none/pyproject.toml": "[project]\n"})

    def chosen(file: str) -> Done:
        json_ = ("lint", "--output-format", "json")
        if named == "variable":
            return guard(repo.root, *json_, GUARD_CONFIG=file)
        return guard(repo.root, *json_, "--config", file)

    assert found(chosen("strict.toml")) == ["a drop-table: error", "b drop-table: error"]
    for file, said in {
        "gone.toml": "gone.toml: cannot be read: No such file or directory",
        "README.md": "README.md: not valid TOML",
        "none/pyproject.toml": "none/pyproject.toml: there is no [tool.guard] in it",
    }.items():
        done = chosen(file)
        assert done.code == 2
        assert done.says(said)


def test_two_environments_that_share_their_revisions(tmp_path: Path) -> None:
    """The same revisions are run on the servers of both, so each has its say."""
    shared = service("shared", None)
    shared["shared/alembic.ini"] = None
    ini = INI.replace("%(here)s/", "%(here)s/../shared/")
    files = {name: text for name, text in shared.items() if text is not None} | {
        "a/alembic.ini": ini,
        "a/guard.toml": 'dialect = "postgresql"',
        "b/alembic.ini": ini,
        "b/guard.toml": 'dialect = "mysql"',
    }
    new = revision("r2", "r1", OF_MYSQL)
    repo = change(tmp_path, files, {"shared/migrations/versions/r2.py": new})
    done = guard(repo.root, "lint", "--output-format", "json")
    rules = [finding["rule"] for finding in json.loads(done.output)["findings"]]
    assert rules == ["unparsable-sql"]
    names = [one["name"] for one in json.loads(done.output)["summary"]["services"]]
    assert names == ["a", "b"]


def test_an_ini_of_several_sections(tmp_path: Path) -> None:
    """The settings are those above the migrations, which lie in the services."""
    ini = "".join(f"[{name}]\nscript_location = services/{name}/migrations\n" for name in "ab")
    repo = two(tmp_path, 'ignore = ["drop-table"]', "")
    repo.commit(
        {"alembic.ini": ini, "services/a/alembic.ini": None, "services/b/alembic.ini": None}
    )
    assert lint(repo.root) == ["b drop-table: error"]


def test_a_service_that_names_its_configuration(tmp_path: Path) -> None:
    settings = 'alembic-config = ["conf/db.ini"]'
    repo = two(tmp_path, settings, "")
    ini = INI.replace("%(here)s/", "%(here)s/../")
    repo.commit({"services/a/conf/db.ini": ini, "services/a/alembic.ini": None})
    done = guard(repo.root, "check")
    assert done.says("services/a: round trip of 3 up, 1 down", "services/a: 1 new revision")


def test_a_submodule(tmp_path: Path) -> None:
    """What is released in it is what stands at the commit that the base names."""
    inner = Repo(tmp_path / "inner")
    inner.commit({"README.md": "x", **service("db", "")})
    repo = Repo(tmp_path / "repo")
    repo.commit({"README.md": "x", **service("services/a", 'ignore = ["drop-table"]')})
    repo.git("submodule", "--quiet", "add", str(inner.root), "services/b")
    repo.commit()
    repo.branch("change")
    assert lint(repo.root) == []
    inner.commit(service("db", "", DROP))
    repo.git("-C", "services/b", "pull", "-q")
    assert lint(repo.root) == ["b drop-table: error"]
    repo.git("add", "services/b")
    assert lint(repo.root, "--staged") == ["b drop-table: error"]
    repo.commit()
    (repo.root / "services/b/db/migrations/versions/r1.py").unlink()
    assert "b deleted-revision: error" in lint(repo.root)
    repo.git("submodule", "deinit", "-q", "-f", "services/b")
    assert lint(repo.root) == []


def test_each_round_trip_runs_by_its_own_settings(tmp_path: Path) -> None:
    """A variable of env.py has another value in each, and one has no round trip at all."""
    repo = two(tmp_path, 'env-vars = { WHERE = "a" }', 'env-vars = { WHERE = "b" }')
    env = "import os\nassert os.environ['WHERE'] == '{}'\n" + ENV.replace("{", "{{").replace(
        "}", "}}"
    )
    repo.commit({f"services/{name}/migrations/env.py": env.format(name) for name in "ab"})
    repo.commit(service("services/c", "roundtrip = false"))
    done = guard(repo.root, "check")
    assert done.code == 1
    assert done.says("services/a: round trip of 3 up", "services/b: round trip of 3 up")
    assert "services/c: round trip" not in done.output


@pytest.mark.parametrize(
    ("glob", "expected"),
    [
        ("services/b", ["a drop-table: error"]),
        ("services/b/", ["a drop-table: error"]),
        ("b", ["a drop-table: error"]),
        ("services/b/**/x.py", ["a drop-table: error", "b drop-table: error"]),
    ],
)
def test_what_the_project_leaves_out_has_no_settings(
    glob: str, expected: list[str], tmp_path: Path
) -> None:
    repo = two(tmp_path, "", "")
    repo.commit({"guard.toml": f'exclude = ["{glob}"]', "services/b/db.py": "import sqlalchemy\n"})
    assert lint(repo.root) == [". gate-weakened: info", *expected]
