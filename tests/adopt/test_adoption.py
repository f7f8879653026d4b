"""A project with 300 old findings: two commands, and from then on only what is new can fail."""

from __future__ import annotations

import json

import pytest
from command_line import PROJECT, VERSIONS, Content, Done, guard
from git_repo import Repo
from roundtrip_project import revision

OLD = 100


def table(number: int) -> str:
    return f"op.create_table('t{number}', sa.Column('id', sa.Integer()), sa.Column('n', sa.Text()))"


def old_project() -> dict[str, Content]:
    """Return a history of 150 tables, of each of which a column and all rows were dropped."""
    files = {**PROJECT}
    for number in range(OLD // 2):
        first, second = f"a{number:03}", f"b{number:03}"
        parent = f"b{number - 1:03}" if number else None
        gone = f"op.drop_column('t{number}', 'n')\nop.execute('DELETE FROM t{number}')"
        back = f"op.add_column('t{number}', sa.Column('n', sa.Text()))"
        made = (table(number), f"op.drop_table('t{number}')")
        files[f"{VERSIONS}/{first}.py"] = revision(first, parent, made)
        files[f"{VERSIONS}/{second}.py"] = revision(second, first, (gone, back))
    return files


def lint(repo: Repo, *arguments: str) -> tuple[Done, list[str]]:
    """Return how a run ended, and the rules of what is open."""
    done = guard(repo.root, "lint", *arguments, "--output-format", "json")
    findings = json.loads(done.output)["findings"]
    return done, [f["rule"] for f in findings if f["status"] == "open"]


LAST = f"b{OLD // 2 - 1:03}"
CHANGES = {
    "a harmful one": (
        ("op.drop_column('t7', 'id')", "op.add_column('t7', sa.Column('id', sa.Integer()))"),
        1,
        ["drop-column"],
    ),
    # Word for word what an old revision does, of which the baseline knows.
    "one that does what an old one did": (
        ("op.execute('DELETE FROM t7')", "op.execute('SELECT 1')"),
        1,
        ["delete-without-where", "missing-downgrade"],
    ),
    "a harmless one": ((table(OLD), f"op.drop_table('t{OLD}')"), 0, []),
}


@pytest.fixture(scope="module")
def adopted(tmp_path_factory: pytest.TempPathFactory) -> Repo:
    """The project, after the two commands."""
    repo = Repo(tmp_path_factory.mktemp("adopted") / "repo")
    repo.commit(old_project())
    assert len(lint(repo, "--all")[1]) == OLD
    assert guard(repo.root, "init", "--yes").code == 0
    said = guard(repo.root, "baseline", "--no-roundtrip")
    assert said.says(f"guard-baseline.toml now holds {OLD} findings", f"{OLD // 2} drop-column")
    repo.git("add", "-A")
    repo.git("commit", "-q", "-m", "adopt guard")
    assert lint(repo, "--all")[1] == []
    assert guard(repo.root, "lint", "--all").says(f"no open problems; {OLD} in the baseline")
    return repo


@pytest.mark.parametrize("arguments", [(), ("--all",)])
@pytest.mark.parametrize("name", CHANGES)
def test_the_next_revision(name: str, arguments: tuple[str, ...], adopted: Repo) -> None:
    step, code, expected = CHANGES[name]
    adopted.git("checkout", "-q", "-B", "change", "main")
    adopted.commit({f"{VERSIONS}/next.py": revision("next", LAST, step)})
    done, found = lint(adopted, *arguments)
    assert (done.code, sorted(found)) == (code, expected)
