"""Nothing leaves the scratch folder: what Python does outside is refused, with what was tried.

Engines are led to the scratch database by `engines`; this is what stands behind them, for code
that opens a database in any other way, and for other files. An audit hook cannot be taken away
again, but it sees neither C nor other processes: these the `kernel_fence` holds, if there is one.
"""

from __future__ import annotations

import errno
import os
import re
import sqlite3
import sys
from collections.abc import Sequence
from typing import Any, Callable
from urllib.parse import parse_qs, unquote, urlsplit

from .drivers import DRIVERS, DriverFinder
from .kernel_fence import DEVICES

CONNECTION = "a migration may only use the connection it is given"
FILES = "a round trip leaves files outside of its scratch folder alone"
_WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
# Events that change files: what is said of them, and where the paths and their folders stand.
_CHANGES: dict[str, tuple[str, tuple[tuple[int, int], ...]]] = {
    "os.chmod": ("a change of", ((0, 2),)),
    "os.chown": ("a change of", ((0, 3),)),
    "os.link": ("a link of", ((0, 2), (1, 3))),
    "os.mkdir": ("the making of", ((0, 2),)),
    "os.remove": ("the removal of", ((0, 1),)),
    "os.removexattr": ("a change of", ((0, 9),)),
    "os.rename": ("the renaming of", ((0, 2), (1, 3))),
    "os.rmdir": ("the removal of", ((0, 1),)),
    "os.setxattr": ("a change of", ((0, 9),)),
    "os.symlink": ("a link at", ((1, 2),)),
    "os.truncate": ("the emptying of", ((0, 9),)),
    "os.utime": ("a change of", ((0, 3),)),
}
_FOLLOWED = ("os.chmod", "os.setxattr", "os.truncate", "os.utime")  # through a link
_PROGRAMS = ("os.exec", "os.posix_spawn", "os.system", "subprocess.Popen")
_HEARD = {"open", "sqlite3.connect", "socket.getaddrinfo", "socket.connect", *_CHANGES, *_PROGRAMS}
# In whose words a library tells what the kernel refused it.
_OF_THE_KERNEL = re.compile(
    r"(?i)permission denied(?! for )|operation not permitted|unable to open database"
    r"|readonly database|name resolution|can't create (?:unix|tcp/ip) socket"
)

SCRATCH_DATABASES = "guard_scratch_"  # how the names of all on a server begin


class RefusedError(PermissionError):
    """Code of the project reached for something that is not the scratch database.

    To that code it is what a read-only disk or a closed network would say.
    """

    def __init__(self, words: str, path: str | None = None) -> None:
        super().__init__(errno.EACCES, words, path)
        self.words = words

    def __str__(self) -> str:
        return self.words


def is_private(database: Any) -> bool:
    """Return whether SQLite would keep `database` in memory or in a file without a name."""
    name = os.fsdecode(database) if isinstance(database, (str, bytes, os.PathLike)) else ""
    if name.startswith("file:"):
        query = parse_qs(urlsplit(name).query)
        path = unquote(urlsplit(name).path)
        return path in ("", ":memory:") or query.get("mode") == ["memory"]
    return name in ("", ":memory:")


class Fence:
    """Refuses what lies outside the `folders`, of which the first is the scratch folder.

    `refused` is told what was refused, `started` what program was started. The kernel `held`
    files, network, signals, or nothing.
    """

    def __init__(
        self,
        folders: Sequence[str],
        refused: Callable[[str], None],
        started: Callable[[str], None] = lambda _: None,
        held: Sequence[str] = (),
    ) -> None:
        self._folders = tuple(os.path.realpath(folder) + os.sep for folder in folders)
        self._refused = refused
        self._started = started
        self._held = held
        self._allowed: tuple[str, int] | None = None
        self.last = ""  # refusal, in words

    def allow(self, host: str, port: int) -> None:
        """Let connections to the scratch server pass."""
        self._allowed = (host, port)

    def lets(self, host: Any, port: Any) -> bool:
        """Return whether that is the scratch server."""
        return (str(host), str(port)) == tuple(map(str, self._allowed or ()))

    def close(self) -> None:
        """Put the fence up, for the rest of this process."""
        really = sqlite3.connect

        def connect(*arguments: Any, **named: Any) -> sqlite3.Connection:
            connection: sqlite3.Connection = really(*arguments, **named)
            connection.set_authorizer(self._authorize)
            return connection

        sqlite3.connect = connect  # type: ignore[assignment]
        sqlite3.dbapi2.connect = connect  # type: ignore[assignment]
        DriverFinder(self.refuse, self.lets_in).install()
        sys.addaudithook(self._audit)

    def check_file(self, database: Any, how: str) -> None:
        """Raise RefusedError unless `database` is the scratch database or holds nothing lasting."""
        if is_private(database):
            return
        name = os.fsdecode(database)
        path = unquote(urlsplit(name).path) if name.startswith("file:") else name
        if not self._is_inside(os.path.realpath(path), self._folders[:1]):
            self.refuse(f"{how} of the SQLite database {path}")

    def refuse(self, what: str, why: str = CONNECTION, path: str | None = None) -> None:
        """Raise RefusedError with what was tried."""
        self.last = f"guard refused {what}: {why}"
        self._refused(what)
        raise RefusedError(self.last, path)

    def explain(self, error: BaseException) -> str:
        """Return what the fence refused, in words, where `error` comes of it; "" where not."""
        chain: list[BaseException] = []
        link: BaseException | None = error
        while link is not None and link not in chain:
            chain.append(link)
            link = link.__cause__ or link.__context__
        for one in chain:
            if isinstance(one, RefusedError):
                return one.words
            if self.last and re.search("not authorized|authorization denied", str(one)):
                return self.last  # SQLite itself does not say what it was denied
            if self._held and _is_of_the_kernel(one):
                return self._by_the_kernel(one)
        return ""

    def _by_the_kernel(self, error: BaseException) -> str:
        words = " ".join(str(error).split()) or type(error).__name__
        if isinstance(error, OSError) and error.filename:
            return f"guard refused a change of {os.fsdecode(error.filename)}: {FILES}"
        return f"guard refused what a library asked for ({words}): {CONNECTION}"

    def _audit(self, event: str, arguments: tuple[Any, ...]) -> None:
        if event not in _HEARD:  # most are none of ours
            return
        if event == "open":
            if isinstance(arguments[2], int) and arguments[2] & _WRITES:
                self._check_path(arguments[0], "writing to", follow=True)
        elif event in _CHANGES:
            how, places = _CHANGES[event]
            for place, folder in places:
                beside = arguments[folder] if folder < len(arguments) else -1
                self._check_path(arguments[place], how, beside, follow=event in _FOLLOWED)
        elif event == "sqlite3.connect":
            self.check_file(arguments[0], "the opening")
        elif event == "socket.getaddrinfo":
            host, port = arguments[:2]
            if host and port and not self.lets(host, port):
                self.refuse(f"a connection to {_address((host, port))}")
        elif event == "socket.connect" and not (
            _is_harmless(arguments[0]) or self._is_allowed(arguments[1])
        ):
            self.refuse(f"a connection to {_address(arguments[1])}")
        elif event in _PROGRAMS:
            self._started(_program(arguments))

    def _check_path(self, path: Any, how: str, folder: Any = -1, *, follow: bool) -> None:
        """Raise RefusedError unless `path`, relative to an open `folder`, can be written."""
        if isinstance(path, int) or not isinstance(path, (str, bytes, os.PathLike)):
            return  # an open file, which was checked as it was opened
        shown = name = os.fsdecode(path)
        if isinstance(folder, int) and folder >= 0:
            name = os.path.join(f"/proc/self/fd/{folder}", name)
        if follow:
            real = os.path.realpath(name)
        else:
            above, last = os.path.split(os.path.abspath(name) if folder == -1 else name)
            real = os.path.join(os.path.realpath(above), last)
        if name in DEVICES or self._is_inside(real, self._folders):
            return
        if how == "the making of" and os.path.lexists(name):
            return  # it fails by itself, in the way that its callers know
        self.refuse(f"{how} {shown}", FILES, shown)

    def _is_inside(self, path: str, folders: Sequence[str]) -> bool:
        return f"{path}{os.sep}".startswith(tuple(folders))

    def lets_in(self, named: dict[str, Any]) -> bool:
        """Return whether a driver is told to connect to one of the scratch databases."""
        database = str(named.get("dbname") or named.get("database") or named.get("db"))
        ours = database.startswith(SCRATCH_DATABASES)
        return ours and self.lets(named.get("host"), named.get("port"))

    def _is_allowed(self, address: Any) -> bool:
        return isinstance(address, tuple) and self.lets(*address[:2])

    def _authorize(self, action: int, name: Any, *_: Any) -> int:
        return self.allows(action, name)

    def allows(self, action: int, name: Any) -> int:
        """Return what SQLite's authorizer wants to hear: another database may not be attached."""
        if action == sqlite3.SQLITE_ATTACH:
            try:
                if name is None:  # a parameter or an expression, which SQLite does not tell
                    self.refuse("the attaching of a SQLite database whose name is no literal")
                self.check_file(name, "the attaching")
            except RefusedError:  # SQLite says no more than "not authorized"
                return sqlite3.SQLITE_DENY
        return sqlite3.SQLITE_OK


def _is_of_the_kernel(error: BaseException) -> bool:
    """Return whether the kernel's fence refused it, and not what is written on the disk."""
    if isinstance(error, OSError) and error.errno not in (errno.EACCES, errno.EPERM):
        return False
    if isinstance(error, OSError) and isinstance(error.filename, (str, bytes)):
        name = os.fsdecode(error.filename)
        nearest = name if os.path.exists(name) else os.path.dirname(os.path.abspath(name))
        return os.access(nearest, os.W_OK)  # which does not ask the fence
    if getattr(error, "sqlstate", None) or getattr(error, "pgcode", None):
        return False  # a server's own refusal
    if isinstance(getattr(error, "orig", error), sqlite3.Error):
        return False  # it was let pass: a folder that is missing, say
    if type(error).__module__.partition(".")[0] in DRIVERS and not str(error).strip():
        return True  # libpq has no words for a socket that cannot be made
    return bool(_OF_THE_KERNEL.search(str(error)))


def _is_harmless(socket: Any) -> bool:
    """Return whether no database listens there: datagrams (a log), Windows' socketpair."""
    datagram = socket.type == getattr(sys.modules.get("socket"), "SOCK_DGRAM", None)
    caller = sys._getframe(2).f_code.co_name
    return datagram or caller in ("socketpair", "_fallback_socketpair")


def _address(address: Any) -> str:
    if isinstance(address, (str, bytes)):
        return os.fsdecode(address)
    return ":".join(str(part) for part in address[:2])


def _program(arguments: tuple[Any, ...]) -> str:
    """Return the name of a program by the arguments of the event that starts it."""
    named = [part for part in arguments[:2] if part]
    first = named[0] if named else "?"
    first = first[0] if isinstance(first, (list, tuple)) and first else first
    words = os.fsdecode(first) if isinstance(first, (str, bytes, os.PathLike)) else str(first)
    return os.path.basename(words.split()[0]) if words.split() else "?"
