"""What the heads of revision files say, and the graph that they form."""

from __future__ import annotations

import random
import warnings
from pathlib import Path, PurePath

import pytest
from alembic.script.revision import Revision as AlembicRevision
from alembic.script.revision import RevisionError, RevisionMap
from hypothesis import given, settings
from hypothesis import strategies as st
from notes import texts

from guard.history.graph import Graph, build_graph, graph_of
from guard.project.environments import Environment
from guard.project.revision_header import RevisionHeader, read_file, read_header
from guard.python_source import PythonSource


def head(text: str) -> RevisionHeader:
    return read_header(PurePath("x.py"), PythonSource.of_text("x.py", text))


def revision(id_: str, *parents: str, more: str = "") -> str:
    return f"revision = {id_!r}\ndown_revision = {parents!r}\n{more}\n"


def environment(folder: Path, *, recursive: bool = False) -> Environment:
    versions = folder / "versions"
    versions.mkdir(exist_ok=True)
    return Environment(
        name="db",
        kind="alembic",
        config_path=None,
        script_location=folder,
        version_locations=(versions,),
        recursive=recursive,
    )


def graph(folder: Path, files: dict[str, str | bytes], *, recursive: bool = False) -> Graph:
    """Write the files below versions/ and return their graph."""
    env = environment(folder, recursive=recursive)
    for name, content in files.items():
        path = folder / "versions" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    return build_graph(env, root=folder)


def chain(*revisions: str) -> dict[str, str | bytes]:
    return {f"{number}.py": text for number, text in enumerate(revisions)}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("revision = 'a'\ndown_revision = None", ("a", ())),
        ("revision: str = 'a'\ndown_revision: str | None = 'b'", ("a", ("b",))),
        ("revision = 'a'\ndown_revision = ('b', 'c')", ("a", ("b", "c"))),
        ("revision = 'a'\ndown_revision = ['b']", ("a", ("b",))),
        ("revision = 'a'\ndown_revision = ()", ("a", ())),
        ("A = 'a'\nrevision = A\ndown_revision = A + '0'", ("a", ("a0",))),
        ("N = '7'\nrevision = f'r{N}'\ndown_revision = ('b',) + ('c',)", ("r7", ("b", "c"))),
        ("revision = 'a' 'b'\ndown_revision = None", ("ab", ())),
        ("revision = x = 'a'\ndown_revision = None", ("a", ())),
        ("down_revision = None\nrevision = 'a'\nrevision = 'b'", ("b", ())),
        ("def upgrade(): ...\nrevision = 'a'\ndown_revision = None", ("a", ())),
    ],
)
def test_ids(text: str, expected: tuple[str, tuple[str, ...]]) -> None:
    read = head(text)
    assert (read.revision, read.parents) == expected
    assert read.problem is None


def test_the_rest_of_a_head() -> None:
    read = head(
        '"""Add orders.\n\nRevision ID: a"""\n'
        "revision = 'a'\ndown_revision = None\n"
        "LABEL = 'shop'\nbranch_labels = (LABEL, other.LABEL)\n"
        "depends_on = 'b'\nreplaces = ['c', 'd']\n"
    )
    assert read.message == "Add orders."
    assert read.line == 4
    assert read.branch_labels == ("shop", "{other.LABEL}")
    assert read.depends_on == ("b",)
    assert read.replaces == ("c", "d")


@pytest.mark.parametrize(
    ("text", "problem", "detail"),
    [
        ("revision = make()\ndown_revision = None", "computed", "its revision is computed: make()"),
        ("revision = 'a'\ndown_revision = PARENT", "computed", "down_revision is computed: PARENT"),
        ("a = a\nrevision = a\ndown_revision = None", "computed", "its revision is computed: a"),
        ("if x:\n  revision = 'a'\ndown_revision = None", "computed", "not assigned at the top"),
        ("revision, down_revision = 'a', None", "computed", "not assigned at the top"),
        ("LIMIT = 10", "no-revision", "declares no revision id"),
        ("", "no-revision", "declares no revision id"),
        ("revision = 'a'", "no-revision", "declares no down_revision"),
        ("revision = 'a-b'\ndown_revision = None", "no-revision", "holds '-'"),
        ("revision = 'a@b'\ndown_revision = None", "no-revision", "holds '@'"),
        ("revision = '+1'\ndown_revision = None", "no-revision", "holds '+'"),
        ("revision = 'base'\ndown_revision = None", "no-revision", "a word of Alembic's own"),
        ("revision = 'head'\ndown_revision = None", "no-revision", "a word of Alembic's own"),
        ("revision = 'heads'\ndown_revision = None", "no-revision", "a word of Alembic's own"),
        ("def f(:", "unreadable", "not valid Python"),
        ("x = " + "(" * 5000, "unreadable", "not valid Python"),
    ],
)
def test_heads_that_cannot_be_known(text: str, problem: str, detail: str) -> None:
    read = head(text)
    assert read.problem == problem
    assert detail in read.detail


def test_a_very_long_expression_beside_the_head() -> None:
    text = "revision = 'a'\ndown_revision = None\nSQL = " + " + ".join(["'x'"] * 2000)
    assert head(text).problem in (None, "unreadable")


PLAIN = revision("a")


@pytest.mark.parametrize(
    "data",
    [
        b"\xef\xbb\xbf" + PLAIN.encode(),
        PLAIN.replace("\n", "\r\n").encode(),
        b"# -*- coding: latin-1 -*-\n# caf\xe9\n" + PLAIN.encode(),
        b"#!/usr/bin/python\n# vim: set fileencoding=cp1252 :\n# \x80\n" + PLAIN.encode(),
    ],
    ids=["bom", "crlf", "latin-1", "cp1252"],
)
def test_encodings(data: bytes) -> None:
    read = read_file(PurePath("x.py"), data)
    assert (read.revision, read.problem) == ("a", None)


@pytest.mark.parametrize(
    ("data", "detail"),
    [
        (
            b"# caf\xe9\n" + PLAIN.encode(),
            "invalid or missing encoding declaration: save it as UTF-8",
        ),
        (PLAIN.encode() + b"# caf\xe9\n", "its byte 41 is not utf-8: save it as UTF-8"),
        (b"# -*- coding: klingon -*-\n", "unknown encoding: klingon"),
        (b"\x7fELF\x00\x00", "NUL bytes"),
        (PLAIN.encode() + b"#" * 5_000_000, "it is 5.0 MB long, and guard reads up to 1 MB"),
    ],
    ids=["latin-1 above", "latin-1 below", "unknown", "binary", "5 MB"],
)
def test_bytes_that_are_no_source(data: bytes, detail: str) -> None:
    read = read_file(PurePath("x.py"), data)
    assert read.problem == "unreadable"
    assert detail in read.detail


def test_a_graph(tmp_path: Path) -> None:
    files = chain(
        revision("d", "b", "c"),
        revision("c", "a"),
        revision("b", "a"),
        revision("a"),
        revision("z", more="branch_labels = 'side'"),
        revision("aa", "z", more="depends_on = ('d',)"),
        revision("y", "a", more="depends_on = 'side'"),
    )
    read = graph(tmp_path, files)
    assert read.order == ("a", "b", "c", "d", "z", "aa", "y")
    assert read.heads == ("d", "aa", "y")
    assert read.bases == ("a", "z")
    assert read.ancestors("aa") == {"z", "d", "c", "b", "a"}
    assert read.ancestors("y") == {"a", "z"}
    assert read.ancestors("a") == frozenset()
    assert read.problems == ()


def test_only_what_alembic_loads_is_read(tmp_path: Path) -> None:
    others = (
        "__init__.py",
        ".#0.py",
        "1.py~",
        "1.pyc",
        "notes.txt",
        "__pycache__/1.py",
    )
    read = graph(tmp_path, {"1.py": revision("a"), **dict.fromkeys(others, "x = 1")})
    assert [*read.files] == ["versions/1.py"]
    assert read.problems == ()


def test_the_id_of_a_file_from_alembic_0_1(tmp_path: Path) -> None:
    assert graph(tmp_path, {"1abc.py": "down_revision = None"}).order == ("1abc",)


def test_an_empty_folder_is_noted(tmp_path: Path) -> None:
    read = graph(tmp_path, {})
    assert read.order == ()
    assert texts(read.notes) == ("versions holds no revisions.",)


NESTED: dict[str, str | bytes] = {"1.py": revision("a"), "2024/2.py": revision("b", "a")}
ARCHIVE: dict[str, str | bytes] = {"1.py": revision("a"), "old/0.py": revision("o")}


@pytest.mark.parametrize(
    ("files", "recursive", "order", "note"),
    [
        (NESTED, True, ("a", "b"), ""),
        (NESTED, False, ("a", "b"), "are read, since the chain needs them"),
        (ARCHIVE, True, ("a", "o"), ""),
        (ARCHIVE, False, ("a",), "are not read"),
    ],
)
def test_sub_folders(
    tmp_path: Path,
    files: dict[str, str | bytes],
    recursive: bool,
    order: tuple[str, ...],
    note: str,
) -> None:
    read = graph(tmp_path, files, recursive=recursive)
    assert read.order == order
    assert note in "".join(texts(read.notes))
    assert bool(note) == bool(read.notes)


@pytest.mark.parametrize(
    ("files", "problem", "detail", "path"),
    [
        (
            chain(revision("a"), revision("b", "x")),
            "missing-parent",
            "down_revision of b names x, which is not a revision here.",
            "versions/1.py",
        ),
        (
            chain(revision("abcdef"), revision("b", "abcd")),
            "missing-parent",
            "down_revision of b names abcd, which is not a revision here "
            "(Alembic takes no abbreviated id here: write abcdef).",
            "versions/1.py",
        ),
        (
            chain(revision("a", more="depends_on = 'x'")),
            "missing-parent",
            "depends_on of a names x, which is not a revision here.",
            "versions/0.py",
        ),
        (
            chain(revision("a"), revision("a")),
            "duplicate",
            "Revision a stands in versions/0.py and in versions/1.py.",
            "versions/1.py",
        ),
        (
            chain(
                revision("a", more="branch_labels = 'x'"),
                revision("b", "a", more="branch_labels = 'x'"),
            ),
            "duplicate",
            "The branch label x of b already stands for a.",
            "versions/1.py",
        ),
        (
            chain(revision("a"), revision("b", "d"), revision("c", "b"), revision("d", "c")),
            "cycle",
            "The revisions b -> d -> c -> b form a cycle.",
            "versions/1.py",
        ),
        (
            chain(revision("a", "a")),
            "cycle",
            "The revisions a -> a form a cycle.",
            "versions/0.py",
        ),
        (
            {"limits.py": "LIMIT = 1"},
            "no-revision",
            "versions/limits.py cannot be read as a revision: "
            "it declares no revision id (revision = ...).",
            "versions/limits.py",
        ),
        (
            chain(
                revision("a"), "revision = 'b'\ndown_revision = 'a'\ndef f(:", revision("c", "b")
            ),
            "unreadable",
            "versions/1.py cannot be read as a revision: "
            "it is not valid Python: invalid syntax (line 3).",
            "versions/1.py",
        ),
    ],
)
def test_one_problem_for_one_cause(
    tmp_path: Path, files: dict[str, str | bytes], problem: str, detail: str, path: str
) -> None:
    (fact,) = graph(tmp_path, files).problems
    assert (fact.problem, fact.detail, fact.span.path) == (problem, detail, path)


def test_each_cycle_is_told_and_no_revision_is_dropped(tmp_path: Path) -> None:
    files = chain(
        revision("a", "b"), revision("b", "a"), revision("c", "d"), revision("d", "c"),
        revision("e", "a"),
    )  # fmt: skip
    read = graph(tmp_path, files)
    assert [fact.problem for fact in read.problems] == ["cycle", "cycle"]
    assert sorted(read.order) == ["a", "b", "c", "d", "e"]


def test_an_unreadable_file_is_told(tmp_path: Path) -> None:
    env = environment(tmp_path)
    (env.version_locations[0] / "1.py").symlink_to(tmp_path / "gone")
    (fact,) = build_graph(env, root=tmp_path).problems
    assert "cannot be read: No such file or directory" in fact.detail


def test_a_file_that_two_locations_hold_is_read_once(tmp_path: Path) -> None:
    graph(tmp_path, {"1.py": revision("a")})
    (tmp_path / "again").symlink_to(tmp_path / "versions", target_is_directory=True)
    env = Environment(
        name="db",
        kind="alembic",
        config_path=None,
        script_location=tmp_path,
        version_locations=(tmp_path / "versions", tmp_path / "again"),
    )
    assert build_graph(env, root=tmp_path).problems == ()


def test_files_may_stand_in_for_the_disk(tmp_path: Path) -> None:
    env = environment(tmp_path)
    staged = {tmp_path / "versions" / "1.py": revision("staged").encode()}
    assert build_graph(env, root=tmp_path, files=staged).order == ("staged",)


def test_a_long_history_in_any_order_of_files(tmp_path: Path) -> None:
    numbers = list(range(3000))
    random.Random(7).shuffle(numbers)
    env = environment(tmp_path)
    files = {
        tmp_path / "versions" / f"{place}.py": revision(
            f"r{n:04}", *([f"r{n - 1:04}"] if n else [])
        ).encode()
        for place, n in enumerate(numbers)
    }
    read = build_graph(env, root=tmp_path, files=files)
    assert read.order == tuple(f"r{n:04}" for n in range(3000))
    assert len(read.ancestors("r2999")) == 2999


NAMES = "abcdef"
Linked = tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]
names = st.lists(st.sampled_from([*NAMES, "x", "y", "gone"]), max_size=2, unique=True).map(tuple)
labels = st.lists(st.sampled_from("xya"), max_size=1).map(tuple)


@pytest.mark.no_cover
@settings(max_examples=150, deadline=None)
@given(st.dictionaries(st.sampled_from(NAMES), st.tuples(names, names, labels), min_size=1))
def test_alembic_agrees(links: dict[str, Linked]) -> None:
    """Alembic refuses what is said to be broken, and else sees the same heads and bases."""
    files = {
        f"{id_}.py": (
            Path(f"{id_}.py"),
            RevisionHeader(revision=id_, parents=parents, depends_on=needed, branch_labels=given_),
        )
        for id_, (parents, needed, given_) in links.items()
    }
    read = graph_of(files)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            known = RevisionMap(
                lambda: [
                    AlembicRevision(id_, parents or None, needed or None, given_ or None)
                    for id_, (parents, needed, given_) in links.items()
                ]
            )
            heads, bases = known.heads, known.bases
    except (RevisionError, KeyError):
        assert read.problems
    else:
        # Alembic overlooks a cycle of dependencies between revisions that it reaches otherwise.
        assert {fact.problem for fact in read.problems} <= {"cycle"}
        assert sorted(heads) == sorted(read.heads)
        assert sorted(bases) == sorted(read.bases)
