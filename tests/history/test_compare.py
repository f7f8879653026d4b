"""What a change does to released revisions, in real repositories."""

from __future__ import annotations

from functools import partial

import msgspec
import pytest
from git_repo import Repo
from notes import texts

from guard.facts import (
    BrokenChain,
    DeletedRevision,
    EditedDowngrade,
    EditedRevision,
    Fact,
    InsertedRevision,
    MovedRevision,
    MultipleHeads,
    ReparentedRevision,
    SquashedRevisions,
)
from guard.history.base import Asked, find_base
from guard.history.compare import Comparison, Reading, compare, compare_sql
from guard.history.graph import join_headers
from guard.history.read import NOTHING_READ, Place, open_cache, parsed_history, read_files
from guard.history.tree import Tree, open_tree
from guard.judge.replay import schemas_after
from guard.project.environments import find_environments
from guard.python_source import Sources

INI = "[alembic]\nscript_location = %(here)s/db\n"
BODY = """

def upgrade():
    op.create_table("{0}", sa.Column("id", sa.Integer(), primary_key=True))
    op.create_index("ix_{0}", "{0}", ["id"])


def downgrade():
    op.drop_table("{0}")
"""


def revision(id_: str, *parents: str, head: str = "", body: str = BODY) -> str:
    down = parents[0] if len(parents) == 1 else parents or None
    return f'"""Make {id_}."""\nrevision = {id_!r}\ndown_revision = {down!r}\n{head}' + body.format(
        id_
    )


def path(name: str) -> str:
    return f"db/versions/{name}.py"


CREATE = 'op.create_table("a", sa.Column("id", sa.Integer(), primary_key=True))'
DROP = 'op.drop_table("a")'
WAIT = "op.execute('SET lock_timeout = 1')"
INDEX = 'op.create_index("ix_a", "a", ["id"])'
A, B = revision("a"), revision("b", "a")
RELEASED = {"alembic.ini": INI, path("a"): A, path("b"): B}


@pytest.fixture
def repo(tmp_path_factory: pytest.TempPathFactory) -> Repo:
    """A repository whose main holds revisions a and b, with the branch `topic` checked out."""
    made = Repo(tmp_path_factory.mktemp("work"))
    made.commit(RELEASED)
    made.git("switch", "-q", "-c", "topic")
    return made


def read(
    repo: Repo,
    folder: str = ".",
    *,
    source: Tree = "working tree",
    heads: int = 1,
    git: bool = True,
) -> Comparison:
    """Compare the one environment of a folder with main, or with nothing where there is no git."""
    (environment,) = find_environments(repo.root / folder)
    opened = repo.open()
    sources = Sources(open_tree(opened, source))
    place = Place(root=opened.root, search=(opened.root,), dialect=None, sources=sources)
    files = read_files(environment, place, open_cache(None, place, environment.script_location))
    headers = {path: file.header for path, file in files.items()}
    graph = join_headers(environment, headers, opened.root)
    parsed = parsed_history(graph, files, place)
    reading = Reading(place=place, parsed=parsed, replay=partial(schemas_after, dialect=None))
    base = repo.base() if git else find_base(None, Asked())
    known = opened if git else None
    return compare(environment, graph, base, repo=known, reading=reading, heads=heads)


def changed(repo: Repo, files: dict[str, str | None], *, heads: int = 1) -> Comparison:
    repo.write(files)
    return read(repo, heads=heads)


def ids(comparison: Comparison) -> list[str]:
    """The revisions that are new, of a comparison without facts."""
    assert comparison.facts == ()
    return sorted(comparison.new)


def fact(comparison: Comparison) -> Fact:
    (only,) = comparison.facts
    return only


def kinds(comparison: Comparison) -> list[str]:
    return [type(found).__name__ for found in comparison.facts]


def told(value: Fact) -> dict[str, object]:
    """The fact's fields that a case says something of."""
    fields = msgspec.structs.asdict(value)
    return {"kind": type(value), "path": value.span.path, "line": value.span.line, **fields}


def test_an_unchanged_project(repo: Repo) -> None:
    assert ids(read(repo)) == []


def test_a_new_revision_is_new(repo: Repo) -> None:
    assert ids(changed(repo, {path("c"): revision("c", "b")})) == ["c"]


@pytest.mark.parametrize(
    ("text", "difference", "line"),
    [
        (
            A.replace("Integer", "BigInteger"),
            ('- op.create_table("a", sa.Column("id", sa.Integer(), primary_key=True))',
             '+ op.create_table("a", sa.Column("id", sa.BigInteger(), primary_key=True))'),
            7,
        ),
        (A.replace(f"    {INDEX}\n", ""), (f"- {INDEX}",), 6),
        (A + "\nop.drop_table('b')\n", ("+ op.drop_table('b')",), 14),
        (A.replace("upgrade()", "up()"), ("- def upgrade():", f"- {CREATE}", f"- {INDEX}"), 1),
    ],
)  # fmt: skip
def test_an_edit(repo: Repo, text: str, difference: tuple[str, ...], line: int) -> None:
    edit = fact(changed(repo, {path("a"): text}))
    assert told(edit).items() >= {
        "kind": EditedRevision,
        "revision": "a",
        "base": "main",
        "difference": difference,
        "path": path("a"),
        "line": line,
        "only_timeouts": False,
    }.items()  # fmt: skip


@pytest.mark.parametrize(
    ("text", "difference", "line"),
    [
        (A.replace("downgrade()", "undo()"), ("- def downgrade():", f"- {DROP}"), 1),
        (
            A.replace(f"    {DROP}", f"    if x:\n        {DROP}"),
            ("+ if x:",),
            12,
        ),
    ],
)
def test_an_edit_of_the_downgrade(
    repo: Repo, text: str, difference: tuple[str, ...], line: int
) -> None:
    edit = fact(changed(repo, {path("a"): text}))
    assert (
        told(edit).items()
        >= {
            "kind": EditedDowngrade,
            "revision": "a",
            "base": "main",
            "line": line,
        }.items()
    )


def test_an_edit_of_a_timeout(repo: Repo) -> None:
    edit = fact(changed(repo, {path("a"): A.replace("    op", f"    {WAIT}\n    op", 1)}))
    assert told(edit).items() >= {"only_timeouts": True, "difference": (f"+ {WAIT}",)}.items()


LONG = A.replace(
    INDEX,
    """op.create_table(
        "b",
        sa.Column("id", sa.Integer()),
    )
    op.execute(
        f\"\"\"
        UPDATE {b}
        SET n = 1
        \"\"\"
    )""",
)


@pytest.mark.parametrize(
    ("old", "new", "difference", "line"),
    [
        ('"id", sa.Integer()),', '"id", sa.Text()),',
         ('- sa.Column("id", sa.Integer()),', '+ sa.Column("id", sa.Text()),'), 10),
        ("()),\n    )", '()),\n        sa.Column("n"),\n    )', ('+ sa.Column("n"),',), 11),
        ('\n        sa.Column("id", sa.Integer()),', "", ('- sa.Column("id", sa.Integer()),',), 6),
        ("SET n = 1", "SET n = 2", ("- SET n = 1", "+ SET n = 2"), 15),
        ("SET n = 1", "SET n = 1 ", ("- SET n = 1", "+ SET n = 1"), 15),
    ],
)  # fmt: skip
def test_an_edit_inside_a_statement_of_several_lines(
    repo: Repo, old: str, new: str, difference: tuple[str, ...], line: int
) -> None:
    repo.git("switch", "-q", "main")
    repo.commit({path("a"): LONG})
    repo.git("switch", "-q", "-c", "other")
    edit = fact(changed(repo, {path("a"): LONG.replace(old, new)}))
    assert told(edit).items() >= {"difference": difference, "line": line}.items()


def test_an_approval_of_an_edit_covers_just_that_edit(repo: Repo) -> None:
    one = fact(changed(repo, {path("a"): A + "\nop.x(1)\n"})).fingerprint
    other = fact(changed(repo, {path("a"): A + "\nop.x(2)\n"})).fingerprint
    again = fact(changed(repo, {path("a"): A + "\nop.x(1)\n"})).fingerprint
    assert one == again != other


@pytest.mark.parametrize(
    "text",
    [
        "# a comment\n" + A,
        A.replace("Make a.", "Create the first table."),
        A.replace("():\n", "( ) :\n\n").replace('"a"', "'a'"),
        A.replace("revision = 'a'", "revision: str = 'a'"),
        A.replace("down_revision = None", "down_revision: str | None = None\nbranch_labels = ()"),
        A.replace("def downgrade():", 'def downgrade():\n    """Undo."""\n    pass'),
    ],
)
def test_an_edit_that_does_nothing_is_allowed_and_said(repo: Repo, text: str) -> None:
    comparison = changed(repo, {path("a"): text})
    assert comparison.facts == ()
    assert texts(comparison.notes) == (
        "a: edited, and still the same for a database, so that is allowed.",
    )


def test_line_endings_are_no_edit(repo: Repo) -> None:
    (repo.root / path("a")).write_bytes(A.replace("\n", "\r\n").encode())
    assert read(repo) == Comparison()


@pytest.mark.parametrize(
    ("text", "attribute", "before", "after"),
    [
        (B.replace("= 'a'", "= None"), "down_revision", "a", "None"),
        (B.replace("\n\n", "\nbranch_labels = ('x',)\n\n", 1), "branch_labels", "None", "x"),
        (B.replace("revision = 'b'", "revision = 'bb'"), "revision", "b", "bb"),
    ],
)
def test_another_place_in_the_chain(
    repo: Repo, text: str, attribute: str, before: str, after: str
) -> None:
    repo.commit({path("c"): revision("c", "a")})  # so that whatever is named exists
    comparison = changed(repo, {path("b"): text}, heads=9)
    assert told(fact(comparison)).items() >= {
        "kind": ReparentedRevision,
        "revision": "b",
        "attribute": attribute,
        "before": before,
        "after": after,
        "path": path("b"),
    }.items()  # fmt: skip


@pytest.mark.parametrize(
    ("text", "attribute", "before", "after"),
    [
        (B.replace("= 'a'", "= ('a', 'c')"), "down_revision", ("a",), ("a", "c")),
        (B.replace("\n\n", "\ndepends_on = 'c'\n\n", 1), "depends_on", (), ("c",)),
    ],
)
def test_a_place_after_a_new_revision(
    repo: Repo, text: str, attribute: str, before: tuple[str, ...], after: tuple[str, ...]
) -> None:
    repo.commit({path("c"): revision("c", "a")})
    inserted = fact(changed(repo, {path("b"): text}, heads=9))
    assert isinstance(inserted, InsertedRevision)
    assert (inserted.revision, inserted.span.path) == ("c", path("c"))
    (moved,) = inserted.below
    assert (moved.revision, moved.span.path) == ("b", path("b"))
    assert (moved.attribute, moved.before, moved.after) == (attribute, before, after)


def test_an_edit_and_another_place_are_two_facts(repo: Repo) -> None:
    comparison = changed(repo, {path("b"): B.replace("= 'a'", "= None") + "\nop.x()\n"}, heads=2)
    assert kinds(comparison) == ["ReparentedRevision", "EditedRevision"]


def test_a_file_that_is_gone(repo: Repo) -> None:
    assert (
        told(fact(changed(repo, {path("b"): None}))).items()
        >= {
            "kind": DeletedRevision,
            "revision": "b",
            "path": path("b"),
            "orphans": (),
        }.items()
    )


def test_a_revision_in_the_middle_that_is_gone_is_one_fact(repo: Repo) -> None:
    gone = fact(changed(repo, {path("a"): None}))
    assert told(gone).items() >= {"revision": "a", "orphans": ("b",)}.items()


@pytest.mark.parametrize(
    ("text", "moved"),
    [
        (B, True),
        ("# moved\n" + B, True),
        (B.replace("Integer", "BigInteger"), False),
        (B.replace("b", "c"), False),
    ],
)
def test_a_file_that_has_another_name(repo: Repo, text: str, moved: bool) -> None:
    comparison = changed(repo, {path("b"): None, path("renamed"): text})
    moves = [told(found)["moves"] for found in comparison.facts if isinstance(found, MovedRevision)]
    assert moves == ([((path("b"), path("renamed")),)] if moved else [])
    assert len(comparison.facts) == 1


def test_a_file_that_is_moved_and_edited_is_edited(repo: Repo) -> None:
    text = B.replace("Integer", "BigInteger")
    edit = fact(changed(repo, {path("b"): None, path("renamed"): text}))
    assert (
        told(edit).items()
        >= {
            "kind": EditedRevision,
            "path": path("renamed"),
            "moved_from": path("b"),
        }.items()
    )


@pytest.mark.parametrize(
    "change",
    [
        {path("b"): None, path("b_old"): revision("d", "b", body=BODY.replace("{0}", "b"))},
        {path("b"): revision("d", "b", body=BODY.replace("{0}", "b"))},
    ],
)
def test_an_id_that_another_file_has_taken(repo: Repo, change: dict[str, str | None]) -> None:
    change = {**change, path("b_new"): revision("b", "a", body=BODY.replace("{0}", "other"))}
    assert (
        told(fact(changed(repo, change))).items()
        >= {
            "kind": DeletedRevision,
            "revision": "b",
            "taken_by": path("b_new"),
            "now_called": "d",
        }.items()
    )


def test_a_whole_folder_that_is_moved_is_still_released(repo: Repo) -> None:
    repo.git("mv", "db", "migrations")
    repo.write({"alembic.ini": INI.replace("/db", "/migrations")})
    comparison = read(repo)
    assert told(fact(comparison))["moves"] == (
        ("db/versions/a.py", "migrations/versions/a.py"),
        ("db/versions/b.py", "migrations/versions/b.py"),
    )
    assert comparison.new == frozenset()


def test_a_folder_without_an_ini_that_is_moved_is_still_released(repo: Repo) -> None:
    repo.git("switch", "-q", "main")
    repo.commit({"alembic.ini": None, "db/env.py": ""})
    repo.git("switch", "-q", "-c", "move")
    repo.git("mv", "db", "migrations")
    assert kinds(read(repo)) == ["MovedRevision"]


@pytest.mark.parametrize(
    ("ini", "released", "unread"),
    [
        ("", (), True),
        ("recursive_version_locations = true\n", (), False),
        ("", ("old/a",), False),  # some program has Alembic enter that folder
    ],
)
def test_a_sub_folder_that_alembic_does_not_enter(
    repo: Repo, ini: str, released: tuple[str, ...], unread: bool
) -> None:
    repo.git("switch", "-q", "main")
    repo.commit({"alembic.ini": f"# of one folder\n{INI}{ini}"})
    for name in released:
        repo.commit({path(name[-1]): None, path(name): A})
    repo.git("switch", "-q", "-c", "move")
    repo.commit({path("b"): None, path("old/b"): B})
    moved = fact(read(repo))
    assert told(moved).items() >= {"kind": MovedRevision, "unread": unread}.items()


def test_a_version_location_that_is_no_longer_named(repo: Repo) -> None:
    repo.git("switch", "-q", "main")
    both = INI + "path_separator = :\nversion_locations = %(here)s/db/versions:%(here)s/more\n"
    repo.commit({"alembic.ini": both, "more/c.py": revision("c", "b")})
    repo.git("switch", "-q", "-c", "drop")
    assert told(fact(changed(repo, {"alembic.ini": INI})))["revision"] == "c"


IMPORTS = "import sqlalchemy as sa\nfrom alembic import op\n"
SAYS_SO = "replaces = ('a', 'b')\n"
BOTH = BODY.format("a").replace("\n\n\ndef down", """
    op.create_table("b", sa.Column("id", sa.Integer(), primary_key=True))
    op.create_index("ix_b", "b", ["id"])


def down""").replace("{", "{{").replace("}", "}}")  # fmt: skip
ONLY_A = BODY.replace("{0}", "a")


@pytest.mark.parametrize(
    ("head", "body", "differs"),
    [
        (SAYS_SO, BOTH, None),
        ("", BOTH, None),
        (SAYS_SO, ONLY_A, "- table b"),
        (SAYS_SO, BOTH.replace("Integer", "BigInteger"), "+ a.id bigint"),
    ],
)
def test_a_squash(repo: Repo, head: str, body: str, differs: str | None) -> None:
    repo.git("switch", "-q", "main")
    repo.commit({path("a"): IMPORTS + A, path("b"): IMPORTS + B, path("c"): revision("c", "b")})
    repo.git("switch", "-q", "-c", "squash")
    squashed = IMPORTS + revision("s", head=head, body=body)
    comparison = changed(
        repo,
        {path("a"): None, path("b"): None, path("s"): squashed, path("c"): revision("c", "s")},
    )
    assert (
        told(fact(comparison)).items()
        >= {
            "kind": SquashedRevisions,
            "revision": "b",
            "ids": ("a", "b"),
            "by": "s",
            "proven": True,
        }.items()
    )
    assert comparison.new == {"s"}
    difference = told(fact(comparison))["difference"]
    assert isinstance(difference, tuple)
    assert bool(difference) == bool(differs)
    assert not differs or any(line.startswith(differs) for line in difference), difference


def test_an_approval_of_a_squash_covers_just_that_squash(repo: Repo) -> None:
    repo.write({path("a"): None, path("b"): None})
    one, other = (
        fact(changed(repo, {path("s"): revision("s", body=body)})).fingerprint
        for body in (BOTH, ONLY_A)
    )
    assert one != other


@pytest.mark.parametrize("head", ["", "replaces = ('a',)\n"])
@pytest.mark.parametrize(("body", "differs"), [(BOTH, False), (BODY.replace("{0}", "b"), True)])
def test_a_squash_that_keeps_the_last_id(
    repo: Repo, head: str, body: str, *, differs: bool
) -> None:
    repo.git("switch", "-q", "main")
    repo.commit({path("a"): IMPORTS + A, path("b"): IMPORTS + B})
    repo.git("switch", "-q", "-c", "squash")
    squashed = IMPORTS + revision("b", head=head, body=body)
    comparison = changed(repo, {path("a"): None, path("b"): squashed})
    squash = fact(comparison)
    assert isinstance(squash, SquashedRevisions)
    assert (squash.ids, squash.by, bool(squash.difference)) == (("a", "b"), "b", differs)
    assert comparison.new == frozenset()


def test_a_new_parent_is_no_squash_where_what_was_between_stays(repo: Repo) -> None:
    comparison = changed(repo, {path("b"): B.replace("= 'a'", "= None")})
    assert "SquashedRevisions" not in kinds(comparison)


# Heads


def test_two_heads_of_one_change(repo: Repo) -> None:
    fork = fact(changed(repo, {path("c"): revision("c", "b"), path("d"): revision("d", "b")}))
    assert isinstance(fork, MultipleHeads)
    assert fork.heads == (("c", path("c"), "this change"), ("d", path("d"), "this change"))


def test_two_heads_of_which_one_is_only_on_the_tip_of_the_base(repo: Repo) -> None:
    repo.commit({path("c"): revision("c", "b")})
    repo.git("switch", "-q", "main")
    repo.commit({path("d"): revision("d", "b")})
    repo.git("switch", "-q", "topic")
    comparison = read(repo)
    fork = fact(comparison)
    assert isinstance(fork, MultipleHeads)
    assert fork.heads == (("c", path("c"), "this change"), ("d", path("d"), "main"))
    assert (fork.span.path, fork.revision) == (path("c"), "c")
    assert comparison.new == {"c"}
    assert read(repo, heads=2).facts == ()


def test_a_merge_of_the_base_ends_the_fork(repo: Repo) -> None:
    repo.commit({path("c"): revision("c", "b")})
    repo.git("switch", "-q", "main")
    repo.commit({path("d"): revision("d", "b")})
    repo.git("switch", "-q", "topic")
    repo.git("merge", "-q", "main")
    assert changed(repo, {path("e"): revision("e", "c", "d")}).facts == ()


LABEL = "branch_labels = ('{}',)\n"


@pytest.mark.parametrize(
    ("files", "found"),
    [
        (
            {
                "c": revision("c", "b", head=LABEL.format("x")),
                "d": revision("d", "b", head=LABEL.format("y")),
                "e": revision("e", "d"),
            },
            False,
        ),
        (
            {
                "c": revision("c", "b", head=LABEL.format("x")),
                "d": revision("d", "c"),
                "e": revision("e", "c"),
            },
            True,
        ),
        ({"c": revision("c", "b", head=LABEL.format("x")), "d": revision("d", "b")}, True),
        (
            {
                "c": revision("c", "b", head="branch_labels = (names.EXPAND,)\n"),
                "d": revision("d", "b", head="branch_labels = (names.CONTRACT,)\n"),
            },
            False,
        ),
    ],
    ids=["two branches", "a fork in a branch", "one head unlabelled", "computed labels"],
)
def test_branch_labels_declare_heads(repo: Repo, files: dict[str, str], found: bool) -> None:
    comparison = changed(repo, {path(name): text for name, text in files.items()})
    assert bool(comparison.facts) == found


def test_an_id_that_the_base_has_taken_meanwhile(repo: Repo) -> None:
    repo.commit({path("mine"): revision("0003", "b")})
    repo.git("switch", "-q", "main")
    repo.commit({path("theirs"): revision("0003", "b")})
    repo.git("switch", "-q", "topic")
    clash = fact(read(repo))
    assert isinstance(clash, BrokenChain)
    assert clash.detail == f"Revision 0003 stands in {path('mine')} and in {path('theirs')}."


def test_a_broken_chain_is_not_counted(repo: Repo) -> None:
    comparison = changed(repo, {path("c"): revision("c", "x")})
    assert comparison.facts == ()
    assert texts(comparison.notes) == ("Heads were not counted, since the chain is broken.",)


# The base moves on


def test_what_the_base_changed_meanwhile_is_not_this_change(repo: Repo) -> None:
    repo.git("switch", "-q", "main")
    repo.commit({path("a"): A + "\nop.x(1)\n", path("b"): None, path("c"): revision("c", "a")})
    repo.git("switch", "-q", "topic")
    assert read(repo).facts == ()


def test_a_change_that_was_taken_over_from_the_base(repo: Repo) -> None:
    edited = A + "\nop.x(1)\n"
    repo.git("switch", "-q", "main")
    repo.commit({path("a"): edited, path("c"): revision("c", "b")})
    repo.git("switch", "-q", "topic")
    comparison = changed(repo, {path("a"): edited, path("c"): revision("c", "b")})
    assert ids(comparison) == []
    assert isinstance(
        fact(changed(repo, {path("c"): revision("c", "b") + "op.x(1)\n"})), EditedRevision
    )


def test_a_revision_that_could_not_be_read_on_the_base_may_be_mended(repo: Repo) -> None:
    repo.git("switch", "-q", "main")
    repo.commit({path("c"): "def f(:\n"})
    repo.git("switch", "-q", "-c", "mend")
    assert ids(changed(repo, {path("c"): revision("c", "b")})) == ["c"]


def test_a_released_revision_that_no_longer_parses_is_told_by_the_graph(repo: Repo) -> None:
    assert changed(repo, {path("a"): "def f(:\n"}).facts == ()


# Where the change is


def test_sources(repo: Repo) -> None:
    edit = A + "\nop.x({})\n"
    repo.commit({path("a"): edit.format("committed")})
    repo.write({path("a"): edit.format("staged")})
    repo.git("add", "-A")
    repo.write({path("a"): edit.format("written")})
    sources: tuple[Tree, ...] = ("HEAD", "index", "working tree")
    after = [told(fact(read(repo, source=source)))["difference"] for source in sources]
    assert after == [("+ op.x(committed)",), ("+ op.x(staged)",), ("+ op.x(written)",)]


def test_a_file_that_is_only_staged_as_deleted(repo: Repo) -> None:
    repo.git("rm", "-q", "--cached", path("b"))
    assert read(repo).facts == ()
    assert isinstance(fact(read(repo, source="index")), DeletedRevision)


def test_on_the_base_branch_the_working_tree_is_the_change(repo: Repo) -> None:
    repo.git("switch", "-q", "main")
    edit = fact(changed(repo, {path("a"): A + "\nop.x(1)\n"}))
    assert told(edit)["base"] == "HEAD"


def test_without_git_everything_is_new_and_heads_still_count(repo: Repo) -> None:
    repo.write({path("c"): revision("c", "a")})
    comparison = read(repo, git=False)
    assert comparison.new == {"a", "b", "c"}
    assert isinstance(fact(comparison), MultipleHeads)


# Folders of .sql files


def sql(repo: Repo, files: dict[str, str | None]) -> Comparison:
    """Compare a folder of .sql files with main, where V1, V2 and R__views are released."""
    repo.git("switch", "-q", "main")
    repo.commit({"sql/V1.sql": "one", "sql/V2.sql": "two", "sql/R__views.sql": "views"})
    repo.git("switch", "-q", "-c", "sql")
    repo.write(files)
    (environment,) = find_environments(repo.root, [repo.root / "sql"])
    names = {f"sql/{file.name}": file.stem for file in (repo.root / "sql").glob("*.sql")}
    return compare_sql(
        environment,
        names,
        repo.base(),
        repo=repo.open(),
        root=repo.root,
        sources=Sources(),
        read=lambda versions: NOTHING_READ,
    )


def test_a_new_sql_file(repo: Repo) -> None:
    assert ids(sql(repo, {"sql/V3.sql": "three"})) == ["V3"]


def test_a_repeatable_sql_file_runs_again_when_edited(repo: Repo) -> None:
    assert ids(sql(repo, {"sql/R__views.sql": "other"})) == ["R__views"]


def test_an_edited_sql_file(repo: Repo) -> None:
    edit = fact(sql(repo, {"sql/V1.sql": "one\nmore"}))
    assert told(edit).items() >= {
        "kind": EditedRevision, "revision": "V1", "line": 2, "difference": ("+ more",),
    }.items()  # fmt: skip


def test_a_deleted_sql_file(repo: Repo) -> None:
    assert told(fact(sql(repo, {"sql/V1.sql": None})))["path"] == "sql/V1.sql"


def test_a_renamed_sql_file(repo: Repo) -> None:
    gone = fact(sql(repo, {"sql/V1.sql": None, "sql/V1_1.sql": "one"}))
    assert told(gone)["renamed_to"] == "sql/V1_1.sql"


def test_a_project_in_a_sub_folder(repo: Repo) -> None:
    repo.git("switch", "-q", "main")
    repo.commit({"services/x y/alembic.ini": INI, "services/x y/db/versions/ä.py": A})
    repo.git("switch", "-q", "-c", "sub")
    repo.write({"services/x y/db/versions/ä.py": A + "\nop.x(1)\n"})
    edit = fact(read(repo, "services/x y"))
    assert edit.span.path == "services/x y/db/versions/ä.py"
