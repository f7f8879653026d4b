"""What is awaited, or runs in a thread or another process, does not block the event loop."""

from __future__ import annotations

from pathlib import Path

import pytest
from async_shop import blocked, chains

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
