"""A shop with sessions of both kinds, and what its coroutines wait for: words of several tests."""

from __future__ import annotations

import datetime
import textwrap
from collections.abc import Mapping
from pathlib import Path

from command_line import PROJECT, write

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
