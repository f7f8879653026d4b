"""`guard lsp`, as an editor has it: a real client, over the pipes of a real server."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from branch import branch
from command_line import STEP, VERSIONS, Content, chain, guard
from git_repo import Repo
from lsp_client import Client, Json, applied
from roundtrip_project import revision

pytest.importorskip("pygls")

NEW = f"{VERSIONS}/r2.py"
DROPS = revision("r2", "r1", ("op.drop_table('a')", "pass"))
NOTHING = revision("r2", "r1", ("op.execute('SELECT 1')", "pass"))
NULLABLE = revision(
    "r2", "r1", ("op.add_column('a', sa.Column('b', sa.Integer(), nullable=False))", "pass")
)
BUILT_SQL = "import sqlite3\ndef run(c, name):\n    c.execute(f'DELETE FROM {name} WHERE a = 1')\n"


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    """One server for all tests that leave it as it was; each has a project of its own."""
    with Client(tmp_path_factory.mktemp("editor")) as started:
        yield started


def project(folder: Path, change: Mapping[str, Content]) -> Repo:
    return branch(folder, chain(STEP), change)


def codes(told: list[Json]) -> list[str]:
    return sorted(one.get("code", "") for one in told)


def of(told: list[Json], rule: str) -> Json:
    (one,) = [one for one in told if one["code"] == rule]
    return one


def text_at(text: str, range_: Json) -> str:
    """What stands in a range of one line, whose columns are UTF-16 units."""
    line: bytes = text.split("\n")[range_["start"]["line"]].encode("utf-16-le")
    return line[range_["start"]["character"] * 2 : range_["end"]["character"] * 2].decode(
        "utf-16-le"
    )


# Diagnostics


def test_a_document_is_judged_as_it_is_typed(client: Client, tmp_path: Path) -> None:
    repo = project(tmp_path, {NEW: NOTHING})
    path = repo.root / NEW
    assert "drop-table" not in codes(client.open(path))
    told = client.change(path, DROPS)
    assert "drop-table" in codes(told)
    one = of(told, "drop-table")
    assert text_at(DROPS, one["range"]) == "op.drop_table('a')"
    assert one["severity"] == 1
    assert one["codeDescription"]["href"].endswith("/drop-table.md")
    assert one["source"] == "guard"
    assert one["message"].startswith("Dropping table a deletes its rows")
    assert "\nhelp: " in one["message"]
    assert "drop-table" not in codes(client.change(path, NOTHING))
    assert client.close(path) == []
    assert path.read_text() == NOTHING


def test_a_change_of_a_part_counts(client: Client, tmp_path: Path) -> None:
    repo = project(tmp_path, {NEW: NOTHING})
    path = repo.root / NEW
    client.open(path)
    line = NOTHING.split("\n").index("    op.execute('SELECT 1')")
    places = {"start": {"line": line, "character": 4}, "end": {"line": line, "character": 99}}
    assert "drop-table" in codes(
        client.change(path, {"range": places, "text": "op.drop_table('a')"})
    )


# What is opened, with a text that is not saved: its name, its text, rules that are told, of others.
FILES: dict[str, tuple[str, str, set[str], set[str]]] = {
    "a new revision": (NEW, DROPS, {"drop-table"}, set()),
    "a new revision that does not parse": (NEW, DROPS + "(((\n", {"broken-chain"}, {"drop-table"}),
    "an edited released revision": (
        f"{VERSIONS}/r1.py",
        revision("r1", None, ("op.execute('SELECT 2')", "pass")),
        {"edited-revision"},
        set(),
    ),
    "application code": ("shop/queries.py", BUILT_SQL, {"string-built-sql"}, {"drop-table"}),
    "a configuration": (
        "alembic.ini",
        "[alembic]\nscript_location = %(here)s/migrations\n"
        "sqlalchemy.url = postgresql://a:b@db.example.org/a\n",
        {"credentials-in-url"},
        set(),
    ),
    "SQL": ("db/V1__a.sql", "DROP TABLE a;\n", {"drop-table"}, set()),
    "an empty file": (NEW, "", set(), {"drop-table"}),
    "a name with blanks and more": ("shop/a b#é%20.py", BUILT_SQL, {"string-built-sql"}, set()),
}


@pytest.mark.parametrize(("name", "text", "told", "untold"), FILES.values(), ids=FILES)
@pytest.mark.parametrize("saved", [True, False], ids=["there", "absent"])
def test_files_of_all_kinds_are_judged(
    saved: bool,
    name: str,
    text: str,
    told: set[str],
    untold: set[str],
    client: Client,
    tmp_path: Path,
) -> None:
    repo = project(tmp_path, {NEW: NOTHING})
    path = repo.root / name
    if saved:
        path.parent.mkdir(exist_ok=True)
        path.touch()
    found = {*codes(client.open(path, text))}
    assert told <= found
    assert not untold & found
    client.close(path)


def test_a_file_outside_of_any_project(client: Client, tmp_path: Path) -> None:
    path = tmp_path / "loose.py"
    path.write_text(BUILT_SQL)
    assert codes(client.open(path)) == ["string-built-sql"]


def test_a_file_that_is_deleted_while_it_is_open(client: Client, tmp_path: Path) -> None:
    repo = project(tmp_path, {NEW: DROPS})
    path = repo.root / NEW
    client.open(path)
    path.unlink()
    assert "drop-table" in codes(client.change(path, DROPS + "\n"))


@pytest.mark.parametrize("uri", ["untitled:Untitled-1", "git:/a/b.py?ref", "file:///a/b.txt"])
def test_what_is_no_file_to_judge_is_left_alone(uri: str, client: Client) -> None:
    document = {"uri": uri, "languageId": "python", "version": 1, "text": BUILT_SQL}
    client.tell("textDocument/didOpen", textDocument=document)
    assert client.nothing_told(0.5)


def test_two_projects_at_once(client: Client, tmp_path: Path) -> None:
    paths = [project(tmp_path / name, {NEW: NOTHING}).root / NEW for name in ("one", "two")]
    for path in paths:
        client.open(path)
    for text, found in ((DROPS, True), (NOTHING, False)):
        assert [("drop-table" in codes(client.change(path, text))) for path in paths] == [found] * 2


def test_other_open_texts_count(client: Client, tmp_path: Path) -> None:
    helper = "from alembic import op\ndef change():\n    op.{}\n"
    uses = revision("r2", "r1", ("import helper\nhelper.change()", "pass"))
    repo = project(tmp_path, {NEW: uses, "migrations/helper.py": helper.format("execute('x')")})
    other = repo.root / "migrations/helper.py"
    client.open(other)
    client.change(other, helper.format("drop_table('a')"))
    path = repo.root / NEW
    assert "drop-table" in codes(client.open(path))


def test_a_place_is_told_in_the_units_of_the_client(tmp_path: Path) -> None:
    text = DROPS.replace("op.drop", "'😀é'; op.drop")
    repo = project(tmp_path, {NEW: text})
    for encoding, column in (("utf-16", 11), ("utf-8", 14), ("utf-32", 10)):
        general = {"general": {"positionEncodings": [encoding]}}
        with Client(repo.root, capabilities=general) as client:
            assert client.server["capabilities"]["positionEncoding"] == encoding
            one = of(client.open(repo.root / NEW), "drop-table")
            assert one["range"]["start"]["character"] == column


def test_related_places_are_told(client: Client, tmp_path: Path) -> None:
    change = {
        NEW: revision("r2", None, ("op.execute('SELECT 1')", "pass")),
        f"{VERSIONS}/r1.py": revision("r1", "r2", (*STEP,)),
    }
    repo = project(tmp_path, change)
    (one,) = [d for d in client.open(repo.root / NEW) if d.get("code") == "inserted-revision"]
    (other,) = one["relatedInformation"]
    assert other["location"]["uri"] == (repo.root / VERSIONS / "r1.py").as_uri()


# Settings


def test_settings_that_are_wrong_are_told_where_they_stand(client: Client, tmp_path: Path) -> None:
    repo = project(tmp_path, {NEW: DROPS, "guard.toml": "dialect = 'sqlite'\n\nselcet = []\n"})
    path, settings = repo.root / NEW, repo.root / "guard.toml"
    (told,) = client.open(path)
    assert "selcet" in told["message"]
    (told,) = client.diagnostics(settings.as_uri())
    assert "selcet" in told["message"]
    settings.write_text("dialect = 'sqlite'\n")
    client.tell("textDocument/didSave", textDocument={"uri": settings.as_uri()})
    assert "drop-table" in codes(client.diagnostics(path.as_uri()))
    assert client.diagnostics(settings.as_uri()) == []


def test_a_file_that_is_excluded_is_left_alone(client: Client, tmp_path: Path) -> None:
    repo = project(tmp_path, {NEW: DROPS, "guard.toml": "exclude = ['/migrations/**']\n"})
    assert client.open(repo.root / NEW) == []


def test_the_options_of_the_command_hold(tmp_path: Path) -> None:
    repo = project(tmp_path, {NEW: DROPS})
    with Client(repo.root, "--ignore", "destructive") as client:
        assert "drop-table" not in codes(client.open(repo.root / NEW))


def test_what_other_programs_write_is_seen(client: Client, tmp_path: Path) -> None:
    repo = project(tmp_path, {NEW: DROPS})
    path, settings = repo.root / NEW, repo.root / "guard.toml"
    assert "drop-table" in codes(client.open(path))
    settings.write_text("ignore = ['drop-table']\n")
    client.tell("workspace/didChangeWatchedFiles", changes=[{"uri": settings.as_uri(), "type": 1}])
    assert "drop-table" not in codes(client.diagnostics(path.as_uri()))


def test_files_are_watched_where_the_client_can(client: Client) -> None:
    (asked,) = [one for one in client.asked if one["method"] == "client/registerCapability"]
    assert asked["params"]["registrations"][0]["method"] == "workspace/didChangeWatchedFiles"


# Hover


def test_hover_tells_the_reason_and_the_locks(client: Client, tmp_path: Path) -> None:
    text = revision("r2", "r1", ("op.create_index('ix', 'a', ['id'])", "op.drop_index('ix')"))
    repo = project(tmp_path, {NEW: text, "guard.toml": "dialect = 'postgresql'\n"})
    path = repo.root / NEW
    one = of(client.open(path), "create-index")
    start = one["range"]["start"]
    shown = client.hover(path, start["line"], start["character"])
    for part in (
        "**[create-index](https://",
        "**Locks:** SHARE on a, blocks writes",
        "Held to the end of the transaction, while every row is read.",
        "https://www.postgresql.org/",
        "**Why:** ",
    ):
        assert part in shown
    assert client.hover(path, 0, 0) == ""


# Actions


def actions(client: Client, path: Path, text: str, rule: str) -> list[Json]:
    one = of(client.open(path, text), rule)
    return [
        action
        for action in client.actions(path, one["range"])
        if action["diagnostics"][0]["code"] == rule
    ]


def edited(path: Path, text: str, action: Json) -> str:
    """The text of the document after an action of it."""
    (change,) = action["edit"]["documentChanges"]
    assert change["textDocument"] == {"uri": path.as_uri(), "version": 1}
    return applied(text, change["edits"])


# A text, the rule that is ignored, the comment that is put in.
IGNORED: dict[str, tuple[str, str, str, str]] = {
    "a revision": (
        NEW,
        NULLABLE,
        "add-required-column",
        "    # guard: ignore[add-required-column] ",
    ),
    "source code": (
        "shop.py",
        BUILT_SQL,
        "string-built-sql",
        "    # guard: ignore[string-built-sql] ",
    ),
    "SQL": (
        "db/V1__a.sql",
        "CREATE TABLE b (id int PRIMARY KEY);\nALTER TABLE a ADD COLUMN c int NOT NULL;\n",
        "add-required-column",
        "-- guard: ignore[add-required-column] ",
    ),
    "a second rule": (
        "shop.py",
        BUILT_SQL.replace("    c.", "    # guard: ignore[unknown-rule] a reason\n    c."),
        "string-built-sql",
        "    # guard: ignore[unknown-rule, string-built-sql] a reason",
    ),
}


@pytest.mark.parametrize(("name", "text", "rule", "comment"), IGNORED.values(), ids=IGNORED)
def test_a_finding_is_ignored_once_there_is_a_reason(
    name: str, text: str, rule: str, comment: str, client: Client, tmp_path: Path
) -> None:
    repo = project(tmp_path, {})
    path = repo.root / name
    (action,) = [a for a in actions(client, path, text, rule) if "Ignore" in a["title"]]
    after = edited(path, text, action)
    assert comment in after.split("\n")
    if not comment.endswith("reason"):
        assert rule in codes(client.change(path, after))
        after = after.replace(comment, f"{comment}a good reason")
    assert rule not in codes(client.change(path, after))


def test_a_fix_is_made(client: Client, tmp_path: Path) -> None:
    text = revision("r2", "r1", ("op.create_index('ix', 'a', ['id'])", "op.drop_index('ix')"))
    repo = project(tmp_path, {"guard.toml": "dialect = 'postgresql'\n"})
    path = repo.root / NEW
    offered = actions(client, path, text, "create-index")
    (action,) = [one for one in offered if one["title"] == "Fix create-index"]
    assert action["isPreferred"]
    after = edited(path, text, action)
    assert "postgresql_concurrently=True" in after
    assert "create-index" not in codes(client.change(path, after))


def test_all_fixes_are_made_at_once(client: Client, tmp_path: Path) -> None:
    text = revision(
        "r2",
        "r1",
        ("op.create_index('ix', 'a', ['id'])\nop.create_index('iy', 'a', ['id'])", "pass"),
    )
    repo = project(tmp_path, {"guard.toml": "dialect = 'postgresql'\n"})
    path = repo.root / NEW
    client.open(path, text)
    nowhere = {"start": {"line": 0, "character": 0}, "end": {"line": 0, "character": 0}}
    assert client.actions(path, nowhere) == []
    for only in ("source.fixAll.guard", "source.fixAll", "source"):
        (action,) = client.actions(path, nowhere, only)
        assert action["kind"] == "source.fixAll.guard"
    assert edited(path, text, action).count("postgresql_concurrently=True") == 2
    assert client.actions(path, nowhere, "source.organizeImports") == []


def test_an_approval_is_written_with_its_reason_left_open(client: Client, tmp_path: Path) -> None:
    repo = project(tmp_path, {NEW: DROPS})
    repo.git("config", "user.name", "Ann")
    path, file = repo.root / NEW, repo.root / "guard-approvals.toml"
    (action,) = actions(client, path, DROPS, "drop-table")
    assert action["title"] == "Approve drop-table of a…"
    client.ask("workspace/executeCommand", **action["command"])
    apply, show = client.asked[-2:]
    made, change = apply["params"]["edit"]["documentChanges"]
    assert (made["kind"], made["uri"]) == ("create", file.as_uri())
    text = applied("", change["edits"])
    place = show["params"]["selection"]["start"]
    assert text.split("\n")[place["line"]][: place["character"]] == 'reason = "'
    file.write_text(text)
    told = client.save(path)
    assert "'reason' is empty" in told[0]["message"]
    file.write_text(text.replace('reason = ""', 'reason = "nobody reads it"'))
    assert "drop-table" not in codes(client.save(path))
    assert not guard(repo.root, "lint", "--select", "drop-table").code


def test_an_approval_of_what_is_gone_is_refused(client: Client, tmp_path: Path) -> None:
    repo = project(tmp_path, {NEW: DROPS})
    path = repo.root / NEW
    (action,) = actions(client, path, DROPS, "drop-table")
    client.change(path, NOTHING)
    client.ask("workspace/executeCommand", **action["command"])
    assert client.shown[-1] == "guard: There is no such finding any more."


# The end, and what is malformed


def test_it_ends_as_the_protocol_says(tmp_path: Path) -> None:
    with Client(tmp_path) as client:
        client.shutdown()
        assert client.exit() == 0


def test_an_exit_without_a_shutdown_is_a_failure(tmp_path: Path) -> None:
    with Client(tmp_path) as client:
        assert client.exit() == 1


def test_it_ends_while_it_checks(tmp_path: Path) -> None:
    steps = [(f"op.drop_table('t{number}')", "pass") for number in range(400)]
    repo = branch(tmp_path, chain(*steps), {})
    path = repo.root / VERSIONS / "r400.py"
    with Client(repo.root) as client:
        document = {"uri": path.as_uri(), "languageId": "python", "version": 1, "text": "x = 1\n"}
        client.tell("textDocument/didOpen", textDocument=document)
        client.shutdown()
        assert client.exit() == 0
        assert client.nothing_told(0.1)


def test_an_editor_that_is_gone_ends_it(tmp_path: Path) -> None:
    with Client(tmp_path) as client:
        assert client.process.stdin is not None
        client.process.stdin.close()
        assert client.process.wait(30) == 1


MALFORMED: dict[str, bytes] = {
    "no JSON": b"{",
    "no object": b"[1]",
    "no method": b'{"jsonrpc": "2.0"}',
    "an unknown notification": b'{"jsonrpc": "2.0", "method": "absent/absent"}',
    "no parameters": b'{"jsonrpc": "2.0", "method": "textDocument/didOpen"}',
    "no text that is UTF-8": b'{"jsonrpc": "2.0", "method": "\xff"}',
    "a document that is not open": (
        b'{"jsonrpc": "2.0", "method": "textDocument/didSave", "params": {"textDocument": '
        b'{"uri": "file:///absent/absent.py"}}}'
    ),
}


@pytest.mark.parametrize("body", MALFORMED.values(), ids=MALFORMED)
def test_what_is_malformed_does_not_end_it(body: bytes, client: Client, tmp_path: Path) -> None:
    client.send(body)
    repo = project(tmp_path, {NEW: DROPS})
    assert "drop-table" in codes(client.open(repo.root / NEW))


def test_an_unknown_request_is_an_error(client: Client) -> None:
    assert client.answer("absent/absent")["error"]["code"] == -32601
    assert "error" in client.answer("workspace/executeCommand", command="absent", arguments=[])


def test_without_the_extra_it_says_what_to_install(tmp_path: Path) -> None:
    extra = tmp_path / "pygls.py"
    extra.write_text("raise ModuleNotFoundError(name='pygls')\n")
    folder = tmp_path / "project"
    folder.mkdir()
    done = subprocess.run(
        [sys.executable, "-m", "guard", "lsp"],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert done.stderr == (
        "error: the language server needs pygls: pip install 'migration-guard[lsp]'\n"
    )
