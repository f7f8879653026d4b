"""`from guard import check`: the same as on the command line, for programs."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from branch import branch
from command_line import STEP, VERSIONS, Content, chain, guard, inside
from git_repo import Repo
from roundtrip_project import revision

import guard as package
from guard import GuardError, Report, Session, check

DROPS = revision("r2", "r1", ("op.drop_table('a')", "pass"))
TWO_DROPS = revision("r2", "r1", ("op.drop_table('a')\nop.drop_table('b')", "pass"))
NOTHING = revision("r2", "r1", ("op.execute('SELECT 1')", "pass"))
USES_HELPER = revision("r2", "r1", ("import helper\nhelper.change()", "pass"))
NEW = f"{VERSIONS}/r2.py"
BUILT_SQL = "import sqlite3\ndef run(c, name):\n    c.execute(f'DELETE FROM {name}')\n"
HELPER = "from alembic import op\ndef change():\n    op.{}\n"


def project(folder: Path, change: Mapping[str, Content]) -> Repo:
    """A repository whose base has revision r1, on a branch with the change."""
    return branch(folder, chain(STEP), change)


def rules(report: Report) -> list[str]:
    return [finding.rule for finding in report.open]


def test_it_finds_what_the_command_finds(tmp_path: Path) -> None:
    repo = project(tmp_path, {NEW: DROPS, "shop.py": BUILT_SQL})
    told = json.loads(guard(repo.root, "lint", "--output-format", "json").output)["findings"]
    report = check(root=repo.root)
    shown = [(f.rule, f.message, f.span.path, f.span.line, f.span.column) for f in report.findings]
    keys = ("rule", "message", "path", "line", "column")
    assert sorted(shown) == sorted(tuple(one[key] for key in keys) for one in told)
    assert report.root == repo.root
    assert report.failed


def test_it_runs_the_migrations_if_asked(tmp_path: Path) -> None:
    repo = project(tmp_path, {NEW: revision("r2", "r1", ("op.drop_table('absent')", "pass"))})
    steps: list[str] = []
    report = check(
        root=repo.root,
        roundtrip=True,
        backend="sqlite",
        on_progress=lambda what, done, of: steps.append(what),
    )
    assert "upgrade-fails" in rules(report)
    assert steps


def test_its_options_are_those_of_the_command(tmp_path: Path) -> None:
    repo = project(tmp_path, {NEW: TWO_DROPS})
    assert "drop-table" in rules(check(root=repo.root))
    assert rules(check(root=repo.root, ignore=["destructive", "history"])) == []
    assert set(rules(check(root=repo.root, select=["drop-table"]))) == {"drop-table"}
    assert rules(check(root=repo.root, base="HEAD")) == []
    assert rules(check(root=repo.root, base="HEAD", everything=True))
    assert check([f"{VERSIONS}/r1.py"], root=repo.root).findings == ()


BAD: dict[str, tuple[dict[str, object], str]] = {
    "a path that is not there": ({"paths": ["absent.py"]}, "no such file"),
    "a rule that is none": ({"select": ["drop-tabel"]}, "did you mean 'drop-table'?"),
    "a dialect that is none": ({"dialect": "oracel"}, "oracel"),
    "a base that is not here": ({"base": "absent"}, "absent"),
    "bytes instead of a text": ({"unsaved": {NEW: b""}}, "given as bytes: give its text, as a str"),
    "no text at all": ({"unsaved": {NEW: None}}, "given as NoneType: give its text"),
    "a round trip of texts": ({"roundtrip": True, "unsaved": {NEW: NOTHING}}, "save them"),
}


@pytest.mark.parametrize(("asked", "said"), BAD.values(), ids=BAD)
def test_bad_input_is_a_guard_error(asked: dict[str, object], said: str, tmp_path: Path) -> None:
    repo = project(tmp_path, {NEW: DROPS})
    with pytest.raises(GuardError, match=said):
        check(root=repo.root, **asked)  # type: ignore[arg-type]


def test_a_session_refuses_bytes(tmp_path: Path) -> None:
    session = Session(project(tmp_path, {NEW: DROPS}).root)
    with pytest.raises(GuardError, match="given as bytes"):
        session.check(NEW, {NEW: b""})  # type: ignore[arg-type]
    assert rules(session.check(NEW, {NEW: DROPS}))


def test_an_option_that_is_none_is_a_type_error(tmp_path: Path) -> None:
    with pytest.raises(TypeError, match="sellect"):
        check(root=tmp_path, sellect=["drop-table"])  # type: ignore[call-arg]


# Texts that are not saved: what the disk has, what the editor has, and the rules that are tripped.
UNSAVED: dict[str, tuple[Mapping[str, Content], Mapping[str, str], set[str]]] = {
    "a revision that drops": ({NEW: NOTHING}, {NEW: DROPS}, {"drop-table"}),
    "a revision that no longer does": ({NEW: DROPS}, {NEW: NOTHING}, set()),
    "a revision that is not on disk": ({}, {NEW: DROPS}, {"drop-table"}),
    "an edited released one": (
        {NEW: NOTHING},
        {f"{VERSIONS}/r1.py": revision("r1", None, ("op.execute('SELECT 2')", "pass"))},
        {"edited-revision"},
    ),
    "a second head": (
        {NEW: NOTHING},
        {f"{VERSIONS}/r3.py": revision("r3", "r1", ("op.execute('SELECT 1')", "pass"))},
        {"multiple-heads"},
    ),
    "a helper of a revision": (
        {NEW: USES_HELPER, "migrations/helper.py": HELPER.format("execute('SELECT 1')")},
        {"migrations/helper.py": HELPER.format("drop_table('a')")},
        {"drop-table"},
    ),
    "source code": ({}, {"shop.py": BUILT_SQL}, {"string-built-sql"}),
    "source code that is good now": ({"shop.py": BUILT_SQL}, {"shop.py": "x = 1\n"}, set()),
    "source code that is not on disk": ({}, {"new/shop.py": BUILT_SQL}, {"string-built-sql"}),
    "two at once": (
        {},
        {NEW: DROPS, "shop.py": BUILT_SQL},
        {"drop-table", "string-built-sql"},
    ),
    "a file in another encoding": (
        {},
        {NEW: "# -*- coding: latin-1 -*-\n# \u00e9\n" + DROPS},
        {"drop-table"},
    ),
    "one that does not parse": ({NEW: NOTHING}, {NEW: NOTHING + "(((\n"}, {"broken-chain"}),
}
ASKED = ("drop-table", "edited-revision", "multiple-heads", "string-built-sql", "broken-chain")


@pytest.mark.parametrize(("disk", "texts", "tripped"), UNSAVED.values(), ids=UNSAVED)
def test_a_text_that_is_not_saved_counts(
    disk: Mapping[str, Content], texts: Mapping[str, str], tripped: set[str], tmp_path: Path
) -> None:
    repo = project(tmp_path, disk)
    report = check(root=repo.root, unsaved=texts, select=ASKED)
    assert set(rules(report)) == tripped


@pytest.mark.parametrize(
    ("name", "text", "rule"),
    [(NEW, DROPS, "drop-table"), ("shop.py", BUILT_SQL, "string-built-sql")],
    ids=["a revision", "source code"],
)
def test_a_text_that_is_not_saved_can_be_named(
    name: str, text: str, rule: str, tmp_path: Path
) -> None:
    repo = project(tmp_path, {})
    with inside(repo.root):
        assert rules(check([name], unsaved={Path(name): text}, select=ASKED)) == [rule]
        assert rules(Session(select=ASKED).check(name, {name: text})) == [rule]


# A session: what is edited, one after another, of one file.
EDITS: dict[str, tuple[str, ...]] = {
    "what it does": (NOTHING, DROPS, TWO_DROPS, NOTHING),
    "where it stands": (NOTHING, DROPS.replace('"r1"', "None").replace("'r1'", "None"), DROPS),
    "its id": (DROPS, DROPS.replace("r2", "r9"), DROPS),
    "lines above its header": (DROPS, '"""A\n\ntitle."""\n' + DROPS, DROPS),
    "what cannot be parsed": (DROPS, DROPS + "(((\n", TWO_DROPS, "", DROPS),
    "a suppression": (
        DROPS,
        DROPS.replace("op.drop", "op.execute('x')  # guard: ignore[invalid-sql] yes\n    op.drop"),
    ),
}


@pytest.mark.parametrize("texts", EDITS.values(), ids=EDITS)
@pytest.mark.parametrize("name", [NEW, f"{VERSIONS}/r1.py"], ids=["new", "released"])
def test_a_session_finds_what_a_check_finds(
    name: str, texts: tuple[str, ...], tmp_path: Path
) -> None:
    repo = project(tmp_path, {NEW: NOTHING})
    session = Session(repo.root)
    for text in texts:
        alone = check([name], root=repo.root, unsaved={name: text})
        assert session.check(name, {name: text}).findings == alone.findings


def outcome(session: Session) -> object:
    """What it finds in the file, or the error that it ends with."""
    try:
        return session.check(NEW).findings
    except GuardError as error:
        return str(error)


# What changes beside the file that is checked: files, or what git has.
BESIDE: dict[str, Callable[[Repo], object]] = {
    "the settings": lambda repo: repo.write({"guard.toml": "per-file-ignores = {}\nbad = 1\n"}),
    "other settings": lambda repo: repo.write({"guard.toml": "ignore = ['drop-table']\n"}),
    "another revision": lambda repo: repo.write(
        {f"{VERSIONS}/r3.py": revision("r3", "r1", ("op.execute('SELECT 1')", "pass"))}
    ),
    "the revision below": lambda repo: repo.write(
        {f"{VERSIONS}/r1.py": revision("r1", "r0", ("op.execute('SELECT 1')", "pass"))}
    ),
    "the configuration of Alembic": lambda repo: repo.write({"alembic.ini": "[alembic]\n"}),
    "the approvals": lambda repo: repo.write({"guard-approvals.toml": "[[approval]]\n"}),
    "a commit on the base": lambda repo: repo.git("branch", "-f", "main"),
    "the branch": lambda repo: repo.git("checkout", "-q", "-b", "other"),
}


@pytest.mark.parametrize("happens", BESIDE.values(), ids=BESIDE)
def test_a_session_sees_what_changes_beside_the_file(
    happens: Callable[[Repo], object], tmp_path: Path
) -> None:
    repo = project(tmp_path, {NEW: DROPS})
    session = Session(repo.root)
    assert "drop-table" in {f.rule for f in session.check(NEW).open}
    happens(repo)
    assert outcome(session) == outcome(Session(repo.root))


def test_a_session_sees_other_code_once_it_is_told(tmp_path: Path) -> None:
    helper = "migrations/helper.py"
    repo = project(tmp_path, {NEW: USES_HELPER, helper: HELPER.format("execute('SELECT 1')")})
    session = Session(repo.root, select=ASKED)
    assert rules(session.check(NEW)) == []
    repo.write({helper: HELPER.format("drop_table('a')")})
    session.forget()
    assert rules(session.check(NEW)) == ["drop-table"]


def test_a_session_counts_other_texts_that_are_not_saved(tmp_path: Path) -> None:
    helper = "migrations/helper.py"
    repo = project(tmp_path, {NEW: USES_HELPER, helper: HELPER.format("execute('SELECT 1')")})
    session = Session(repo.root, select=ASKED)
    for action, found in (("execute('x')", []), ("drop_table('a')", ["drop-table"])):
        texts = {NEW: USES_HELPER, helper: HELPER.format(action)}
        assert rules(session.check(NEW, texts)) == found


def test_a_file_that_is_gone_is_a_guard_error(tmp_path: Path) -> None:
    repo = project(tmp_path, {NEW: DROPS})
    session = Session(repo.root)
    session.check(NEW)
    repo.write({NEW: None})
    with pytest.raises(GuardError, match="cannot be read"):
        session.check(NEW)


def test_a_session_leaves_out_what_the_settings_exclude(tmp_path: Path) -> None:
    repo = project(tmp_path, {NEW: DROPS, "guard.toml": "exclude = ['/migrations/**']\n"})
    assert Session(repo.root).check(NEW).findings == ()
    assert check([NEW], root=repo.root).findings


def test_two_sessions_in_two_threads_do_not_meet(tmp_path: Path) -> None:
    repos = [project(tmp_path / name, {NEW: text}) for name, text in (("a", DROPS), ("b", NOTHING))]

    def found(repo: Repo) -> list[list[str]]:
        session = Session(repo.root, select=ASKED)
        return [rules(session.check(NEW)) for _ in range(5)]

    with ThreadPoolExecutor() as pool:
        assert list(pool.map(found, repos)) == [[["drop-table"]] * 5, [[]] * 5]


# The names


def test_importing_guard_imports_nothing_else() -> None:
    code = "import sys, __future__; old = {*sys.modules}; import guard; print({*sys.modules} - old)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "{'guard'}"


def test_each_public_name_is_there() -> None:
    for name in package.__all__:
        assert getattr(package, name) is not None
    with pytest.raises(AttributeError, match="absent"):
        getattr(package, "absent")  # noqa: B009


# The page

PAGE = Path(__file__).parent.parent.parent / "docs" / "api.md"
BLOCKS = re.findall(r"^```python\n(.*?)^```", PAGE.read_text(encoding="utf-8"), re.M | re.S)


def test_the_page_documents_each_public_name() -> None:
    text = PAGE.read_text(encoding="utf-8")
    assert [name for name in package.__all__ if f"`{name}" not in text] == ["__version__"]


@pytest.mark.parametrize("block", BLOCKS)
def test_each_block_of_the_page_runs(
    block: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    repo = project(tmp_path, {NEW: DROPS})
    with inside(repo.root):
        exec(compile(block, "docs/api.md", "exec"), {})
    assert capsys.readouterr().out.strip()


def test_a_folder_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(GuardError, match="there is no such folder"):
        check(root=tmp_path / "nowhere")
