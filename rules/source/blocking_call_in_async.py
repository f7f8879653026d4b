"""A database call that waits inside an `async def` stops everything else on its event loop.

No other request is served until the database answers. Hand the call to a thread
(`asyncio.to_thread`), or use an asynchronous session or driver. The project's own functions and
methods are followed: the chain in the message leads from the `async def` to the call that waits.
What is handed over is fine: to `asyncio.to_thread`, `run_in_executor`, `AsyncSession.run_sync`, the
helpers of anyio, Starlette and asgiref. So is a plain `def`, which frameworks run in a thread.

An AsyncSession loads nothing behind your back: a relationship that is read without having been
loaded fails.
"""

from collections.abc import Iterator

from guard.facts import BlockingCall, LazyLoad, SourceFact
from guard.rule import Context, Example, Problem, Related, rule

IN_ONE_FUNCTION = (
    "Put what uses it, from opening it on, into one function, and hand that to a thread: "
    "await asyncio.to_thread(function)"
)


@rule(
    BlockingCall,
    LazyLoad,
    instructs=(
        "ALWAYS use `asyncio.to_thread()` for a blocking database call in asynchronous code",
    ),
    unsafe=(
        Example(
            path="app/users.py",
            source="""
            from sqlalchemy.orm import Session

            class UserRepository:
                def __init__(self, session: Session):
                    self.session = session

                def by_id(self, id):
                    return self.session.get(User, id)

            class UserService:
                def __init__(self, repo: UserRepository):
                    self.repo = repo

                async def user(self, id):
                    return self.repo.by_id(id)
            """,
            says="UserService.user() -> UserRepository.by_id() -> Session.get(): blocks the event "
            "loop, and every other request waits until the database answers.",
            help="Hand it to a thread: await asyncio.to_thread(self.repo.by_id, id) (import "
            "asyncio), while nothing else uses its Session.",
            at="self.repo.by_id(id)",
        ),
        Example(
            path="app/klines.py",
            source="""
            import os
            import sqlite3

            async def klines(symbol):
                connection = open_klines()
                return connection.execute("SELECT * FROM klines WHERE symbol = ?", (symbol,))

            def open_klines():
                return shared

            shared: sqlite3.Connection
            """,
            says="klines() -> sqlite3.Connection.execute(): blocks the event loop",
            help="from opening it on, into one function, and hand that to a thread",
            at='connection.execute("SELECT',
        ),
        Example(
            path="app/startup.py",
            source="""
            import os

            from sqlalchemy import create_engine

            from .models import Base

            engine = create_engine(os.environ["DATABASE_URL"])

            async def startup():
                Base.metadata.create_all(engine)
            """,
            says="startup() -> MetaData.create_all(): blocks the event loop",
            help="await asyncio.to_thread(Base.metadata.create_all, engine) (import asyncio)",
            at="Base.metadata.create_all",
        ),
        Example(
            path="app/authors.py",
            source="""
            from sqlalchemy.ext.asyncio import AsyncSession
            from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

            class Base(DeclarativeBase):
                pass

            class Author(Base):
                __tablename__ = "authors"
                id: Mapped[int] = mapped_column(primary_key=True)
                books: Mapped[list["Book"]] = relationship()

            async def books(session: AsyncSession, id: int):
                author = await session.get(Author, id)
                return author.books
            """,
            says="books() reads author.books, which is not loaded: reading it sends a query from "
            "the event loop, and an AsyncSession refuses that (MissingGreenlet).",
            help="Load it with its object: options=[selectinload(Author.books)]",
            at="author.books",
        ),
    ),
    safe=(
        """
        import asyncio

        from sqlalchemy.orm import Session

        class UserRepository:
            def __init__(self, session: Session):
                self.session = session

            def by_id(self, id):
                return self.session.get(User, id)

        class UserService:
            def __init__(self, repo: UserRepository):
                self.repo = repo

            async def user(self, id):
                return await asyncio.to_thread(self.repo.by_id, id)

            def user_now(self, id):
                return self.repo.by_id(id)
        """,
        """
        from sqlalchemy.ext.asyncio import AsyncSession

        async def user(session: AsyncSession, id):
            return await session.get(User, id)

        async def users(session: AsyncSession):
            return await session.run_sync(lambda session: session.query(User).all())
        """,
    ),
)
def blocking_call_in_async(call: SourceFact, context: Context) -> Iterator[Problem]:
    match call:
        case BlockingCall():
            yield _blocking(call)
        case LazyLoad():
            yield _lazy(call)


def _blocking(call: BlockingCall) -> Problem:
    steps = zip(call.chain[1:], call.chain, call.places, strict=False)
    return Problem(
        message=f"{' -> '.join((call.caller, *call.chain))}: blocks the event loop, and every "
        "other request waits until the database answers.",
        remedy=_remedy(call),
        object=call.caller.removesuffix("()"),
        related=tuple(
            Related(place, f"{caller} calls {called} here") for called, caller, place in steps
        ),
    )


def _lazy(load: LazyLoad) -> Problem:
    option = f"selectinload({load.relationship})"
    where = f"options=[{option}]" if load.loaded == "get" else f".options({option})"
    return Problem(
        message=f"{load.caller} reads {load.code}, which is not loaded: reading it sends a query "
        "from the event loop, and an AsyncSession refuses that (MissingGreenlet).",
        remedy=f"Load it with its object: {where} (from sqlalchemy.orm import selectinload)",
        object=load.caller.removesuffix("()"),
    )


def _remedy(call: BlockingCall) -> str:
    direct = len(call.chain) == 1
    if direct and call.library == "sqlite3":  # a connection belongs to the thread that opened it
        return IN_ONE_FUNCTION
    if not call.handed:
        return "Put the whole `with` block into a function, and hand that to a thread: " + (
            "await asyncio.to_thread(function)"
        )
    handed = f"Hand it to a thread: await asyncio.to_thread({call.handed}) (import asyncio)"
    if call.library == "session":
        return f"{handed}, while nothing else uses its Session."
    if call.library == "sqlite3" and not call.chain[-1].endswith("connect()"):
        return f"{handed}; open its connection with check_same_thread=False"
    return handed
