"""A relationship that an AsyncSession has not loaded is told where a coroutine reads it."""

from __future__ import annotations

from pathlib import Path

import pytest
from async_shop import blocked, chains

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
