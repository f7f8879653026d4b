"""What waits for a database on the event loop is told, however deep; what a thread runs is not."""

from __future__ import annotations

import datetime
import textwrap
from collections.abc import Mapping
from pathlib import Path

import pytest
from command_line import PROJECT, guard, write
from git_repo import Repo

from guard.config import Config
from guard.finding import Finding
from guard.project.settings import SettingsFiles
from guard.run.check import run
from guard.run.scope import Request

SHOP = {
    "app/__init__.py": "",
    "app/db.py": """
        import os
        from collections.abc import AsyncIterator, Iterator
        from contextlib import contextmanager
        from typing import Annotated

        from fastapi import Depends
        from sqlalchemy import create_engine
        from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
        from sqlalchemy.orm import DeclarativeBase, Session, scoped_session, sessionmaker

        engine = create_engine(os.environ["DATABASE_URL"])
        SessionLocal = sessionmaker(bind=engine)
        registry = scoped_session(SessionLocal)
        async_engine = create_async_engine(os.environ["DATABASE_URL"])
        AsyncSessionLocal = async_sessionmaker(async_engine)

        class Base(DeclarativeBase):
            pass

        def get_db():
            db = SessionLocal()
            try:
                yield db
            finally:
                db.close()

        async def get_async_db() -> AsyncIterator[AsyncSession]:
            async with AsyncSessionLocal() as session:
                yield session

        SessionDep = Annotated[Session, Depends(get_db)]

        @contextmanager
        def transaction() -> Iterator[Session]:
            with SessionLocal() as session:
                yield session
                session.commit()
        """,
    "app/models.py": """
        from sqlalchemy import ForeignKey
        from sqlalchemy.orm import Mapped, mapped_column, relationship

        from .db import Base

        class Author(Base):
            __tablename__ = "authors"
            id: Mapped[int] = mapped_column(primary_key=True)
            books: Mapped[list["Book"]] = relationship(back_populates="author")
            prizes: Mapped[list["Book"]] = relationship(lazy="selectin")

        class Book(Base):
            __tablename__ = "books"
            id: Mapped[int] = mapped_column(primary_key=True)
            author_id: Mapped[int] = mapped_column(ForeignKey("authors.id"))
            author: Mapped[Author] = relationship(back_populates="books")
        """,
    "app/repositories.py": """
        from typing import Generic, TypeVar

        from sqlalchemy import select
        from sqlalchemy.orm import Session

        from app.models import Author

        T = TypeVar("T")

        class Repository(Generic[T]):
            model: type[T]

            def __init__(self, session: Session):
                self.session = session

            def by_id(self, id):
                return self.session.get(self.model, id)

            def save(self, item):
                self.session.add(item)
                self._flush()

            def _flush(self):
                self.session.flush()

        class AuthorRepository(Repository[Author]):
            model = Author

            def named(self, name):
                return list(self._select(name))

            def _select(self, name):
                return self.session.scalars(select(Author).where(Author.name == name))

            @property
            def count(self):
                return self.session.query(Author).count()

            def statement(self, name):
                return select(Author).where(Author.name == name)

        def find_author(db, name, *, fresh=True):
            if not fresh:
                return None
            return db.query(Author).filter(Author.name == name).first()
        """,
}
FIRST = "from app.db import *\nfrom app.models import *\nfrom app.repositories import *\n"


def blocked(folder: Path, service: str, files: Mapping[str, str] | None = None) -> list[Finding]:
    """Return what the rule finds in a service of the shop, which begins with its imports."""
    code = {**SHOP, **(files or {})}
    written = {name: textwrap.dedent(text).lstrip("\n") for name, text in code.items()}
    write(folder, {**PROJECT, **written, "app/service.py": FIRST + textwrap.dedent(service)})
    request = Request(
        start=folder,
        history=False,
        roundtrip=False,
        everything=True,
        today=datetime.date(2026, 11, 1),
    )
    found = run(request, SettingsFiles.everywhere(Config(), folder)).report.findings
    return [finding for finding in found if finding.rule == "blocking-call-in-async"]


def chains(findings: list[Finding]) -> list[str]:
    return [finding.message.partition(":")[0] for finding in findings]


BLOCKS = {
    "a session made here": (
        """
        async def f(q):
            with SessionLocal() as session:
                return session.execute(q)
        """,
        ["f() -> Session.execute()"],
    ),
    "an annotated session": (
        "async def f(session: Session, item):\n    session.add(item)\n    session.commit()\n",
        ["f() -> Session.commit()"],
    ),
    "an optional one, in quotes": (
        "async def f(session: 'Session | None' = None):\n    session.rollback()\n",
        ["f() -> Session.rollback()"],
    ),
    "what a dependency yields": (
        "async def f(id: int, db=Depends(get_db)):\n    return db.get(Author, id)\n",
        ["f() -> Session.get()"],
    ),
    "an annotation with a name": (
        "async def f(db: SessionDep):\n    return db.scalars(select(Author)).all()\n",
        ["f() -> Session.scalars()"],
    ),
    "each method of a query that sends it": (
        """
        async def f(session):
            session.query(Author).filter(Author.id > 1).order_by(Author.id).all()
            session.query(Author).get(1)
            session.query(Author.id).delete()
        """,
        ["f() -> Query.all()", "f() -> Query.get()", "f() -> Query.delete()"],
    ),
    "a query that is iterated": (
        """
        async def f(session: Session):
            for author in session.query(Author):
                pass
            return [author.id for author in session.query(Author)]
        """,
        ["f() -> Query.__iter__", "f() -> Query.__iter__"],
    ),
    "an engine and its connection": (
        """
        async def f(q):
            with engine.connect() as connection:
                connection.execute(q)
        """,
        ["f() -> Engine.connect()", "f() -> Connection.execute()"],
    ),
    "a block that commits": (
        "async def f(x):\n    with SessionLocal.begin() as session:\n        session.add(x)\n",
        ["f() -> sessionmaker.begin()"],
    ),
    "a maker of sessions of a class of the project": (
        """
        class Patient(Session):
            pass

        maker = sessionmaker(engine, class_=Patient)

        async def f(item):
            session = maker()
            session.add(item)
            session.commit()
        """,
        ["f() -> Session.commit()"],
    ),
    "a scoped session": (
        "async def f():\n    registry().commit()\n    registry.remove()\n    registry.commit()\n",
        ["f() -> Session.commit()", "f() -> scoped_session.commit()"],
    ),
    "tables": (
        "async def f():\n    Base.metadata.create_all(engine)\n",
        ["f() -> MetaData.create_all()"],
    ),
    "an inspector": (
        """
        import sqlalchemy as sa

        async def f():
            return sa.inspect(engine).get_table_names()
        """,
        ["f() -> sqlalchemy.inspect()", "f() -> Inspector.get_table_names()"],
    ),
    "alembic": (
        """
        from alembic import command
        from alembic.config import Config

        async def f():
            command.upgrade(Config("alembic.ini"), "head")
        """,
        ["f() -> alembic.command.upgrade()"],
    ),
    "pandas": (
        """
        import pandas as pd

        async def f(q):
            frame = pd.read_sql(q, engine)
            frame.to_sql("authors", engine)
        """,
        ["f() -> pandas.read_sql()", "f() -> DataFrame.to_sql()"],
    ),
    "sqlite3": (
        """
        import sqlite3

        async def f(path):
            with sqlite3.connect(path) as connection:
                cursor = connection.cursor()
                cursor.execute("SELECT 1")
                return cursor.fetchall()
        """,
        ["f() -> sqlite3.connect()", "f() -> sqlite3.Cursor.execute()"],
    ),
    "psycopg's synchronous half": (
        """
        import psycopg

        async def f(dsn):
            with psycopg.connect(dsn) as connection, connection.cursor() as cursor:
                cursor.execute("SELECT 1")
        """,
        ["f() -> psycopg.connect()", "f() -> cursor.execute()"],
    ),
    "psycopg2, pymysql and mysqlclient": (
        """
        import MySQLdb
        import psycopg2.pool
        import pymysql

        async def f(dsn):
            pymysql.connect(host=dsn).cursor().execute("SELECT 1")
            MySQLdb.connect(dsn)
            pool = psycopg2.pool.ThreadedConnectionPool(1, 2, dsn)
            pool.getconn().commit()
        """,
        [
            "f() -> pymysql.connect()",
            "f() -> cursor.execute()",
            "f() -> MySQLdb.connect()",
            "f() -> pool.getconn()",
            "f() -> connection.commit()",
        ],
    ),
    "Flask-SQLAlchemy": (
        """
        from flask_sqlalchemy import SQLAlchemy

        db = SQLAlchemy()

        class User(db.Model):
            pass

        async def f():
            db.session.commit()
            return User.query.filter_by(name="a").first_or_404()
        """,
        ["f() -> scoped_session.commit()", "f() -> Query.first_or_404()"],
    ),
    "SQLModel": (
        """
        from sqlmodel import Session as ModelSession, select

        async def f(session: ModelSession):
            return session.exec(select(Author)).all()
        """,
        ["f() -> Session.exec()"],
    ),
    "a repository, one call deep": (
        """
        class Service:
            def __init__(self, authors: AuthorRepository):
                self.authors = authors

            async def author(self, id):
                return self.authors.by_id(id)
        """,
        ["Service.author() -> AuthorRepository.by_id() -> Session.get()"],
    ),
    "a repository, three calls deep": (
        """
        def keep(authors: AuthorRepository, item):
            authors.save(item)

        async def f(item):
            keep(AuthorRepository(SessionLocal()), item)
        """,
        [
            "f() -> keep() -> AuthorRepository.save() -> AuthorRepository._flush() -> "
            "Session.flush()"
        ],
    ),
    "a repository that is made here": (
        """
        async def f(name, session: Session = Depends(get_db)):
            repository = AuthorRepository(session=session)
            return repository.named(name)
        """,
        ["f() -> AuthorRepository.named() -> AuthorRepository._select() -> Session.scalars()"],
    ),
    "what the repository was made with": (
        """
        class Plain:
            def __init__(self, session):
                self.session = session

            def all(self):
                return self.session.scalars(select(Author)).all()

        async def f():
            return Plain(SessionLocal()).all()
        """,
        ["f() -> Plain.all() -> Session.scalars()"],
    ),
    "a repository as a dependency": (
        """
        def repository(session: Session = Depends(get_db)) -> AuthorRepository:
            return AuthorRepository(session)

        async def f(authors=Depends(repository)):
            return authors.by_id(1)
        """,
        ["f() -> AuthorRepository.by_id() -> Session.get()"],
    ),
    "a function of another module": (
        "import app.repositories as crud\n\nasync def f(db: SessionDep):\n"
        "    return crud.find_author(db, 'a')\n",
        ["f() -> find_author() -> Query.first()"],
    ),
    "a function inside": (
        """
        async def f(session: Session):
            def work():
                return session.execute(select(Author))
            return work()
        """,
        ["f() -> work() -> Session.execute()"],
    ),
    "a property": (
        "async def f(authors: AuthorRepository):\n    return authors.count\n",
        ["f() -> AuthorRepository.count -> Query.count()"],
    ),
    "a context manager of the project": (
        "async def f(item):\n    with transaction() as session:\n        session.add(item)\n",
        ["f() -> transaction() -> Session.commit()"],
    ),
    "a context manager that is made of a generator": (
        """
        from contextlib import contextmanager

        def scope():
            session = SessionLocal()
            yield session
            session.commit()

        fresh = contextmanager(scope)

        async def f(q):
            with fresh() as session:
                session.execute(q)
        """,
        ["f() -> scope() -> Session.commit()", "f() -> Session.execute()"],
    ),
    "what enters a class of the project": (
        """
        class UnitOfWork:
            def __enter__(self):
                self.session = SessionLocal()
                self.authors = AuthorRepository(self.session)
                return self

            def __exit__(self, *error):
                self.session.commit()

        async def f():
            with UnitOfWork() as work:
                return work.authors.by_id(1)
        """,
        [
            "f() -> UnitOfWork() -> Session.commit()",
            "f() -> AuthorRepository.by_id() -> Session.get()",
        ],
    ),
    "an async generator and an async context manager": (
        """
        from contextlib import asynccontextmanager

        async def rows(session: Session):
            yield session.execute(select(Author))

        @asynccontextmanager
        async def unit():
            session = SessionLocal()
            yield session
            session.commit()
        """,
        ["rows() -> Session.execute()", "unit() -> Session.commit()"],
    ),
    "a call before the thread gets it": (
        """
        import asyncio

        async def f(authors: AuthorRepository):
            return await asyncio.to_thread(authors.by_id(1))
        """,
        ["f() -> AuthorRepository.by_id() -> Session.get()"],
    ),
    "a global that a function sets": (
        """
        import sqlite3

        connection = None

        def start(path):
            global connection
            connection = sqlite3.connect(path)

        async def f():
            connection.execute("SELECT 1")
        """,
        ["f() -> sqlite3.Connection.execute()"],
    ),
    "super()": (
        """
        class Own(AuthorRepository):
            def by_id(self, id):
                return super().by_id(id)

        async def f(own: Own):
            return own.by_id(1)
        """,
        ["f() -> Own.by_id() -> Own.by_id() -> Session.get()"],
    ),
    "a decorator that runs it in place": (
        """
        import functools

        def logged(function):
            @functools.wraps(function)
            def inner(*args):
                return function(*args)
            return inner

        @logged
        def load(session: Session):
            session.execute(select(Author))

        async def f(session: Session):
            load(session)
        """,
        ["f() -> load() -> Session.execute()"],
    ),
    "an argument that lets it run": (
        "async def f(db: SessionDep):\n    return find_author(db, 'a', fresh=True)\n",
        ["f() -> find_author() -> Query.first()"],
    ),
}


@pytest.mark.parametrize("case", BLOCKS)
def test_it_blocks(case: str, tmp_path: Path) -> None:
    service, told = BLOCKS[case]
    assert chains(blocked(tmp_path, service)) == told


FINE = {
    "an async session": """
        async def f(session: AsyncSession, id):
            await session.execute(select(Author))
            await session.commit()
            return await session.get(Author, id)
        """,
    "an async session that is made here": """
        async def f():
            async with AsyncSessionLocal() as session, session.begin():
                await session.execute(select(Author))
            async with async_engine.begin() as connection:
                await connection.run_sync(Base.metadata.create_all)
        """,
    "an async dependency": """
        async def f(db=Depends(get_async_db)):
            return await db.scalars(select(Author))
        """,
    "a maker of async sessions by its class": """
        maker = sessionmaker(async_engine, class_=AsyncSession)

        async def f():
            async with maker() as session:
                return await session.execute(select(Author))
        """,
    "either session": """
        async def f(session: Session | AsyncSession):
            result = session.execute(select(Author))
            return await result if hasattr(result, "__await__") else result
        """,
    "to_thread": """
        import asyncio

        async def f(authors: AuthorRepository, session: Session):
            await asyncio.to_thread(authors.by_id, 1)
            await asyncio.to_thread(session.commit)
            await asyncio.to_thread(lambda: session.query(Author).all())
        """,
    "an executor": """
        import asyncio
        from functools import partial

        async def f(authors: AuthorRepository, executor):
            loop = asyncio.get_running_loop()
            await loop.run_in_executor(executor, authors.by_id, 1)
            await loop.run_in_executor(None, partial(authors.by_id, 1))
            await loop.run_in_executor(None, lambda: authors.by_id(1))
        """,
    "run_sync": """
        async def f(session: AsyncSession):
            def work(session: Session):
                return session.query(Author).all()

            await session.run_sync(work)
            await session.run_sync(lambda s: find_author(s, "a"))
        """,
    "anyio, Starlette and asgiref": """
        import anyio.to_thread
        from asgiref.sync import sync_to_async
        from fastapi.concurrency import run_in_threadpool

        async def f(authors: AuthorRepository):
            await anyio.to_thread.run_sync(authors.by_id, 1)
            await run_in_threadpool(authors.by_id, 1)
            await sync_to_async(authors.by_id)(1)
        """,
    "a decorator that hands it over": """
        import asyncio
        from asgiref.sync import sync_to_async

        @sync_to_async
        def load(session: Session):
            return session.execute(select(Author))

        def elsewhere(function):
            async def inner(*args):
                return await asyncio.to_thread(function, *args)
            return inner

        @elsewhere
        def count(session: Session):
            return session.execute(select(Author))

        async def f(session: Session):
            return await load(session), await asyncio.gather(count(session))
        """,
    "a sync endpoint and a worker": """
        from celery import shared_task

        def endpoint(db: SessionDep):
            return db.scalars(select(Author)).all()

        @shared_task
        def work():
            with SessionLocal() as session:
                session.commit()

        async def f():
            work.delay()
        """,
    "what sends nothing": """
        async def f(session: Session, authors: AuthorRepository, item):
            session.add(item)
            query = session.query(Author).filter(Author.id == 1)
            return authors.statement("a"), AuthorRepository(session), query
        """,
    "a dependency that only closes": """
        async def f():
            db = SessionLocal()
            try:
                yield db
            finally:
                db.close()
        """,
    "aiosqlite, asyncpg and databases": """
        import aiosqlite
        import asyncpg
        from databases import Database

        database = Database("sqlite:///x")

        async def f(path):
            async with aiosqlite.connect(path) as connection:
                await connection.execute("SELECT 1")
            pool = await asyncpg.create_pool(path)
            await pool.execute("SELECT 1")
            await database.execute("SELECT 1")
        """,
    "psycopg's asynchronous half": """
        import psycopg
        from psycopg_pool import AsyncConnectionPool

        async def f(dsn):
            async with await psycopg.AsyncConnection.connect(dsn) as connection:
                await connection.execute("SELECT 1")
            async with AsyncConnectionPool(dsn).connection() as connection:
                await connection.commit()
        """,
    "objects of others with the same methods": """
        import redis.asyncio as redis
        from google.cloud import bigquery

        client = bigquery.Client()

        class Cart:
            def execute(self, order):
                return order

            def commit(self):
                return None

        async def f(cache: dict, cart: Cart, request, table):
            cache.get("a")
            cart.execute(1)
            cart.commit()
            request.session.get("user")
            client.query("SELECT 1").result()
            table.query(KeyConditionExpression=1)
            request.app.execute(1)
        """,
    "the first step of a generator": """
        def commits():
            session = SessionLocal()
            yield session
            session.commit()

        async def f():
            return next(commits())
        """,
    "a database in memory": """
        import sqlite3

        async def f():
            connection = sqlite3.connect(":memory:")
            connection.execute("SELECT 1")
        """,
    "an argument that lets it be": """
        async def f(db: SessionDep):
            return find_author(db, "a", fresh=False)
        """,
    "a coroutine that is told where it stands": """
        async def g(session: AsyncSession):
            return await session.get(Author, 1)

        async def f(session: AsyncSession):
            return await g(session)
        """,
    "a generator that nobody runs here": """
        from fastapi.responses import StreamingResponse

        def rows(session: Session):
            for row in session.execute(select(Author)):
                yield row

        async def f(session: Session):
            return StreamingResponse(rows(session))
        """,
}


@pytest.mark.parametrize("case", FINE)
def test_it_does_not_block(case: str, tmp_path: Path) -> None:
    assert chains(blocked(tmp_path, FINE[case])) == []


REMEDIES = {
    "a repository": (
        BLOCKS["a repository, one call deep"][0],
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
        BLOCKS["a property"][0],
        "Hand it to a thread: await asyncio.to_thread(lambda: authors.count) (import asyncio), "
        "while nothing else uses its Session.",
    ),
    "a block": (
        BLOCKS["a context manager of the project"][0],
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
    (finding,) = blocked(tmp_path, BLOCKS["a repository, one call deep"][0])
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
    repo.git("checkout", "-q", "-b", "change")
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


# Relationships that an AsyncSession has not loaded

LAZY = {
    "an object by its key": (
        """
        async def f(session: AsyncSession, id):
            author = await session.get(Author, id)
            return author.books
        """,
        ["f() reads author.books, which is not loaded", "options=[selectinload(Author.books)]"],
    ),
    "the one row of a result": (
        """
        async def f(session: AsyncSession, id):
            result = await session.execute(select(Author).where(Author.id == id))
            author = result.scalar_one_or_none()
            return len(author.books)
        """,
        ["f() reads author.books, which is not loaded", ".options(selectinload(Author.books))"],
    ),
    "each row": (
        """
        async def f():
            async with AsyncSessionLocal() as session:
                statement = select(Book).order_by(Book.id)
                for book in (await session.scalars(statement)).all():
                    print(book.author)
        """,
        ["f() reads book.author, which is not loaded", ".options(selectinload(Book.author))"],
    ),
    "a scalar": (
        """
        async def f(session: AsyncSession):
            book = await session.scalar(select(Book))
            return book.author
        """,
        ["f() reads book.author, which is not loaded", ".options(selectinload(Book.author))"],
    ),
}
LOADED = {
    "eager by the query": """
        from sqlalchemy.orm import selectinload

        async def f(session: AsyncSession, id):
            author = await session.get(Author, id, options=[selectinload(Author.books)])
            return author.books
        """,
    "eager by the model": """
        async def f(session: AsyncSession, id):
            author = await session.get(Author, id)
            return author.prizes
        """,
    "awaited": """
        async def f(session: AsyncSession, id):
            author = await session.get(Author, id)
            return await author.awaitable_attrs.books
        """,
    "refreshed": """
        async def f(session: AsyncSession, id):
            author = await session.get(Author, id)
            await session.refresh(author, ["books"])
            return author.books
        """,
    "a column": """
        async def f(session: AsyncSession, id):
            author = await session.get(Author, id)
            return author.id
        """,
    "an object that was just made": """
        async def f(session: AsyncSession):
            author = Author()
            session.add(author)
            await session.commit()
            return author.books
        """,
    "an argument": """
        async def f(session: AsyncSession, author: Author):
            return author.books
        """,
    "what is set first": """
        async def f(session: AsyncSession, id):
            author = await session.get(Author, id)
            author.books = []
            return author.books
        """,
    "a statement that joins": """
        async def f(session: AsyncSession):
            book = await session.scalar(select(Book).join(Book.author))
            return book.author
        """,
    "where a thread of its own loads it": """
        async def f(session: AsyncSession, id):
            author = await session.get(Author, id)
            return await session.run_sync(lambda _: author.books)
        """,
}


@pytest.mark.parametrize("case", LAZY)
def test_a_relationship_that_is_not_loaded(case: str, tmp_path: Path) -> None:
    service, (told, remedy) = LAZY[case]
    (finding,) = blocked(tmp_path, service)
    assert chains([finding]) == [told]
    assert f"{remedy} (from sqlalchemy.orm import selectinload)" in finding.remedy


@pytest.mark.parametrize("case", LOADED)
def test_a_relationship_that_is_loaded(case: str, tmp_path: Path) -> None:
    assert blocked(tmp_path, LOADED[case]) == []
