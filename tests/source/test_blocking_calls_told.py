"""What is said of a call that blocks the event loop, and in which files it is looked for."""

from __future__ import annotations

import textwrap
from pathlib import Path

import pytest
from async_shop import SHOP, blocked, chains
from command_line import PROJECT, guard
from git_repo import Repo

ONE_CALL_DEEP = """
    class Service:
        def __init__(self, authors: AuthorRepository):
            self.authors = authors

        async def author(self, id):
            return self.authors.by_id(id)
    """
REMEDIES = {
    "a repository": (
        ONE_CALL_DEEP,
        "Hand it to a thread: await asyncio.to_thread(self.authors.by_id, id) (import asyncio), "
        "while nothing else uses its Session.",
    ),
    "one that opens its own session": (
        """
        def load(id):
            with SessionLocal() as session:
                return session.get(Author, id)

        async def f(id):
            return load(id=id)
        """,
        "Hand it to a thread: await asyncio.to_thread(load, id=id) (import asyncio)",
    ),
    "a query": (
        "async def f(session: Session):\n    return session.query(Author).first()\n",
        "Hand it to a thread: await asyncio.to_thread(session.query(Author).first) (import "
        "asyncio), while nothing else uses its Session.",
    ),
    "a loop": (
        "async def f(session: Session):\n    for a in session.query(Author):\n        pass\n",
        "Hand it to a thread: await asyncio.to_thread(lambda: list(session.query(Author))) (import "
        "asyncio), while nothing else uses its Session.",
    ),
    "a property": (
        "async def f(authors: AuthorRepository):\n    return authors.count\n",
        "Hand it to a thread: await asyncio.to_thread(lambda: authors.count) (import asyncio), "
        "while nothing else uses its Session.",
    ),
    "a block": (
        "async def f(item):\n    with transaction() as session:\n        session.add(item)\n",
        "Put the whole `with` block into a function, and hand that to a thread: await "
        "asyncio.to_thread(function)",
    ),
    "a connection of sqlite3": (
        "import sqlite3\n\nasync def f(c: sqlite3.Connection):\n    c.execute('SELECT 1')\n",
        "Put what uses it, from opening it on, into one function, and hand that to a thread: await "
        "asyncio.to_thread(function)",
    ),
    "what holds a connection of sqlite3": (
        """
        import sqlite3

        class Store:
            def __init__(self, path):
                self.connection = sqlite3.connect(path)

            def load(self):
                return self.connection.execute("SELECT 1")

        async def f(store: Store):
            return store.load()
        """,
        "Hand it to a thread: await asyncio.to_thread(store.load) (import asyncio); open its "
        "connection with check_same_thread=False",
    ),
}


@pytest.mark.parametrize("case", REMEDIES)
def test_remedy(case: str, tmp_path: Path) -> None:
    service, remedy = REMEDIES[case]
    assert [finding.remedy for finding in blocked(tmp_path, service)] == [remedy]


def test_places_of_the_chain(tmp_path: Path) -> None:
    (finding,) = blocked(tmp_path, ONE_CALL_DEEP)
    assert (finding.span.path, finding.span.line) == ("app/service.py", 10)
    (there,) = finding.related
    assert (there.span.path, there.span.line) == ("app/repositories.py", 17)
    assert there.message == "AuthorRepository.by_id() calls Session.get() here"


# Which files are read, and what is new

CALLS = "from .repositories import find_author\n\nasync def f(db):\n    find_author(db, 'a')\n"
AWAITS = "from .repositories import find_author\n\nasync def f(db):\n    return db\n"
TOLD = "f() -> find_author() -> Query.first()"


def shop(tmp_path: Path, name: str, before: str, after: str) -> Repo:
    repo = Repo(tmp_path / "repo")
    files = {path: textwrap.dedent(text).lstrip("\n") for path, text in SHOP.items()}
    repo.commit({**PROJECT, **files, name: before})
    repo.branch("change")
    repo.commit({name: after})
    return repo


@pytest.mark.parametrize("name", ["app/service.py", "services/web/app.py"])
def test_a_service_that_imports_no_database_library(name: str, tmp_path: Path) -> None:
    calls = CALLS if name.startswith("app") else CALLS.replace(".repo", "app.repo")
    repo = shop(tmp_path, name, "", calls)
    done = guard(repo.root, "lint")
    assert done.says(TOLD)
    assert done.code == 1


def test_a_package_below_a_folder_of_its_own(tmp_path: Path) -> None:
    files = {f"backend/{path}": text for path, text in SHOP.items()}
    service = CALLS.replace(".repo", "app.repo")
    found = blocked(tmp_path, "", {**files, "backend/app/api/routes.py": service})
    assert chains(found) == [TOLD]


def test_tests_may_block(tmp_path: Path) -> None:
    assert (
        blocked(tmp_path, "", {"tests/test_service.py": CALLS.replace(".repo", "app.repo")}) == []
    )


@pytest.mark.parametrize(
    ("before", "after", "code"),
    [
        (AWAITS, CALLS, 1),
        (CALLS, f"# why\n\n{CALLS}", 0),
        (CALLS, CALLS + CALLS.partition("\n\n")[2].replace("f(db)", "g(db)"), 1),
    ],
    ids=["new", "moved", "another"],
)
def test_only_what_the_change_brings_fails(
    before: str, after: str, code: int, tmp_path: Path
) -> None:
    assert guard(shop(tmp_path, "app/service.py", before, after).root, "lint").code == code


def test_a_helper_that_changes_is_read_again(tmp_path: Path) -> None:
    repo = shop(tmp_path, "app/service.py", "", CALLS)
    assert guard(repo.root, "lint").code == 1
    path = repo.root / "app/repositories.py"
    path.write_text(path.read_text().replace(".first()", ""))
    assert guard(repo.root, "lint").code == 0


def test_modules_that_import_each_other(tmp_path: Path) -> None:
    files = {"app/a.py": "from app.b import x, f\n", "app/b.py": "from app.a import x, g\n"}
    service = "from app.a import x\n\nasync def f(s: SessionDep):\n    x.y()\n    s.commit()\n"
    assert chains(blocked(tmp_path, service, files)) == ["f() -> Session.commit()"]


HOSTILE = {
    "names that stand for each other": "async def f():\n    a = b\n    b = a\n    a.execute()\n",
    "functions that call each other": (
        "def g(x):\n    return h(g)\n\ndef h(x):\n    return g(h)(x)\n\nasync def f():\n"
        "    g(h).commit()\n"
    ),
    "a class that inherits from itself": (
        "class A(B):\n    pass\n\nclass B(A):\n    pass\n\nasync def f(a: A):\n    a.commit()\n"
    ),
    "objects in objects": (
        "class A:\n    def __init__(self, a):\n        self.a = A(A(a))\n\nasync def f(a):\n"
        "    A(A(A(A(a)))).a.a.a.commit()\n"
    ),
    "a long chain": f"async def f(a):\n    a{'.b()' * 300}.commit()\n",
    "many branches": "".join(
        f"def g{n}(x):\n    return g{n + 1}(x) or g{n + 1}([x])\n\n" for n in range(40)
    )
    + "async def f(x):\n    g0(x).commit()\n",
}


@pytest.mark.parametrize("case", HOSTILE)
def test_code_that_leads_nowhere_comes_to_an_end(case: str, tmp_path: Path) -> None:
    assert blocked(tmp_path, HOSTILE[case]) == []
