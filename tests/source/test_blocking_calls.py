"""What waits for a database on the event loop is told, however deep."""

from __future__ import annotations

from pathlib import Path

import pytest
from async_shop import blocked, chains

BLOCKS = {
    "a session made here": (
        """
        async def f(q):
            with SessionLocal() as session:
                return session.execute(q)
        """,
        ["f() -> Session.execute()"],
    ),
    "a lambda": (
        "load = lambda s: s.scalars(select(Author)).all()\n"
        "async def f(session: Session):\n    return load(session)\n",
        ["f() -> lambda() -> Session.scalars()"],
    ),
    "a partial": (
        "from functools import partial\n"
        "async def f(db: Session):\n    find = partial(find_author, db)\n    return find('a')\n",
        ["f() -> find_author() -> Query.first()"],
    ),
    "what map() calls": (
        "async def f(db: Session):\n    return list(map(lambda a: db.get(Author, a), [1]))\n",
        ["f() -> lambda() -> Session.get()"],
    ),
    "a loop over an object of the project": (
        """
        class Rows:
            def __init__(self, session: Session):
                self.session = session
            def __iter__(self):
                yield from self.session.scalars(select(Author))

        async def f(session: Session):
            rows = Rows(session)
            for row in rows:
                print(row)
        """,
        ["f() -> Rows.__iter__() -> Session.scalars()"],
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
