"""MySQL's protocol in the little that guard's own questions need: text in, text out.

MariaDB speaks it as well. No driver of the project serves for them: it may be async, or missing,
and gives values other types.
"""

from __future__ import annotations

import contextlib
import hashlib
import socket
import ssl
import struct
from typing import NamedTuple, Optional

Row = tuple[Optional[str], ...]
PATIENCE = 30  # seconds for a server to answer the call
NAMES = "guard_scratch_"  # how the databases of all runs begin
_WITH_TLS = 0x800
# LONG_PASSWORD, LONG_FLAG, PROTOCOL_41, TRANSACTIONS, SECURE_CONNECTION, MULTI_STATEMENTS,
# MULTI_RESULTS, PLUGIN_AUTH, PLUGIN_AUTH_LENENC_CLIENT_DATA
_FLAGS = 0x1 | 0x4 | 0x200 | 0x2000 | 0x8000 | 0x10000 | 0x20000 | 0x80000 | 0x200000
_WITH_DATABASE = 0x8
_MORE_RESULTS = 0x8
_UTF8 = 45  # utf8mb4_general_ci, which every server has
_LARGEST = 0xFFFFFF  # bytes of one packet; what is longer goes on in the next
_DO_WITHOUT_TLS = ("DISABLED",)


class Address(NamedTuple):
    """Where a server listens and who may come in; `tls` is one of MySQL's words for `ssl-mode`."""

    host: str
    port: int
    user: str
    password: str
    tls: str = "PREFERRED"


class ServerError(Exception):
    """What the server says of a statement; `code` is its number of the error."""

    def __init__(self, text: str, code: int) -> None:
        super().__init__(text)
        self.code = code


class Client:
    """A connection to one database (none: ""), where each statement is committed by itself."""

    def __init__(self, address: Address, database: str = "") -> None:
        """Connect; raises OSError or ServerError."""
        self._socket = socket.create_connection((address.host, address.port), PATIENCE)
        self._file = self._socket.makefile("rb")
        self._number = 0  # of the next packet
        try:
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._enter(address, database)
        except BaseException:
            self.close()
            raise
        self._socket.settimeout(None)  # what a statement takes is limited by who runs the worker

    def query(self, sql: str) -> list[list[Row]]:
        """Return the rows of each statement of `sql`; raise ServerError, and run none after it."""
        self._number = 0
        self._send(b"\x03" + sql.encode("utf-8", "replace"))
        results: list[list[Row]] = []
        more = True
        while more:
            rows, more = self._result()
            results.append(rows)
        return results

    def rows(self, sql: str) -> list[Row]:
        """Return the rows of one statement; raise ServerError."""
        return self.query(sql)[0]

    def close(self) -> None:
        """Take leave, whatever state the connection is in."""
        with contextlib.suppress(OSError):
            self._number = 0
            self._send(b"\x01")
        self._file.close()
        self._socket.close()

    def _result(self) -> tuple[list[Row], bool]:
        head = self._receive()
        if head[:1] == b"\x00":
            return [], _is_followed(head, _skipped(head, _skipped(head, 1)))
        for _ in range(_number(head, 0)[0]):
            self._receive()  # what it says of a column
        self._receive()  # the end of that
        rows: list[Row] = []
        while True:
            body = self._receive()
            if body[:1] == b"\xfe" and len(body) < 9:
                return rows, _is_followed(body, 3)
            rows.append(_row(body))

    # Coming in

    def _enter(self, address: Address, database: str) -> None:
        offered, salt, plugin = _greeting(self._receive())
        flags = _FLAGS | (_WITH_DATABASE if database else 0)
        encrypted = False
        if address.tls not in _DO_WITHOUT_TLS:
            encrypted = self._encrypt(address, flags, offered)
        answer = _answer(plugin, address.password, salt)
        self._send(
            _capabilities(flags | (_WITH_TLS if encrypted else 0))
            + address.user.encode() + b"\0" + bytes([len(answer)]) + answer
            + (database.encode() + b"\0" if database else b"") + plugin.encode() + b"\0"
        )  # fmt: skip
        self._be_let_in(address.password, plugin, salt, encrypted)

    def _encrypt(self, address: Address, flags: int, offered: int) -> bool:
        if not offered & _WITH_TLS:
            if address.tls == "PREFERRED":
                return False
            raise ServerError("the server has no TLS", 2026)
        self._send(_capabilities(flags | _WITH_TLS))
        self._file.close()
        context = context_for(address.tls)
        self._socket = context.wrap_socket(self._socket, server_hostname=address.host)
        self._file = self._socket.makefile("rb")
        return True

    def _be_let_in(self, password: str, plugin: str, salt: bytes, encrypted: bool) -> None:
        while True:
            body = self._receive()
            if body[:1] == b"\x00":
                return
            if body[:1] == b"\xfe":  # the server wants another way of proving it
                plugin_, _, salt = body[1:].partition(b"\0")
                plugin, salt = plugin_.decode(), salt.rstrip(b"\0")
                self._send(_answer(plugin, password, salt))
            elif body == b"\x01\x04":  # caching_sha2_password does not know the role yet
                if not encrypted:
                    raise ServerError("the role's way of login (caching_sha2) needs TLS", 2061)
                self._send(password.encode() + b"\0")
            elif body != b"\x01\x03":
                raise ServerError(f"the server asks for a login that guard lacks ({plugin})", 2059)

    # Packets

    def _send(self, body: bytes) -> None:
        while True:
            part, body = body[:_LARGEST], body[_LARGEST:]
            head = struct.pack("<I", len(part))[:3] + bytes([self._number])
            self._socket.sendall(head + part)
            self._number = (self._number + 1) % 256
            if len(part) < _LARGEST:
                return

    def _receive(self) -> bytes:
        whole = b""
        while True:
            head = self._file.read(4)
            if len(head) < 4:
                raise ServerError("the server closed the connection", 2013)
            size = int.from_bytes(head[:3], "little")
            self._number = (head[3] + 1) % 256
            whole += self._file.read(size)
            if size < _LARGEST:
                break
        if whole[:1] == b"\xff":
            raise _error(whole)
        return whole


def context_for(tls: str) -> ssl.SSLContext:
    """Return how to encrypt a connection, by MySQL's word for it."""
    context = ssl.create_default_context()
    context.check_hostname = tls == "VERIFY_IDENTITY"
    if not tls.startswith("VERIFY_"):
        context.verify_mode = ssl.CERT_NONE
    return context


def literal(value: str | bytes | None) -> str:
    """Return a value as SQL writes it, whatever the session's sql_mode says of backslashes."""
    if value is None:
        return "NULL"
    if isinstance(value, bytes):
        return f"X'{value.hex()}'"
    if "\\" in value:
        return f"_utf8mb4 X'{value.encode('utf-8', 'replace').hex()}'"
    return "'" + value.replace("'", "''") + "'"


def quote(name: str) -> str:
    """Return a name as SQL writes it."""
    return "`" + name.replace("`", "``") + "`"


def end_others(client: Client, name: str) -> None:
    """End the connections to a database, but not that of `client`."""
    found = client.rows(
        "SELECT id FROM information_schema.processlist "
        f"WHERE db = {literal(name)} AND id <> CONNECTION_ID()"
    )
    for (number,) in found:
        with contextlib.suppress(ServerError):  # it has ended by itself
            client.query(f"KILL {number}")


def _greeting(body: bytes) -> tuple[int, bytes, str]:
    """Return what the server offers, the salt, and its way of proving a password."""
    place = body.index(b"\0", 1) + 5
    salt = body[place : place + 8]
    low, high = body[place + 9 : place + 11], body[place + 14 : place + 16]
    size = max(13, body[place + 16] - 8)
    place += 27
    salt += body[place : place + size].rstrip(b"\0")
    plugin = body[place + size :].partition(b"\0")[0].decode() or "mysql_native_password"
    return int.from_bytes(low + high, "little"), salt, plugin


def _capabilities(flags: int) -> bytes:
    return struct.pack("<IIB", flags, _LARGEST, _UTF8) + b"\0" * 23


def _answer(plugin: str, password: str, salt: bytes) -> bytes:
    """Return what proves to know the password, without telling it."""
    if not password:
        return b""
    if plugin == "mysql_native_password":
        once = hashlib.sha1(password.encode()).digest()  # noqa: S324
        twice = hashlib.sha1(once).digest()  # noqa: S324
        return _mixed(once, hashlib.sha1(salt + twice).digest())  # noqa: S324
    if plugin == "caching_sha2_password":
        once = hashlib.sha256(password.encode()).digest()
        twice = hashlib.sha256(once).digest()
        return _mixed(once, hashlib.sha256(twice + salt).digest())
    return b""  # the server will ask for another one


def _mixed(one: bytes, other: bytes) -> bytes:
    return bytes(a ^ b for a, b in zip(one, other))


def _error(body: bytes) -> ServerError:
    (code,) = struct.unpack_from("<H", body, 1)
    words = body[9:] if body[3:4] == b"#" else body[3:]
    return ServerError(words.decode("utf-8", "replace"), code)


def _is_followed(body: bytes, place: int) -> bool:
    """Return whether the status that stands there says that another result comes."""
    return bool(int.from_bytes(body[place : place + 2], "little") & _MORE_RESULTS)


def _number(body: bytes, place: int) -> tuple[int, int]:
    """Return the number of variable length that stands there, and where it ends."""
    size = {0xFC: 2, 0xFD: 3, 0xFE: 8}.get(body[place], 0)
    if not size:
        return body[place], place + 1
    return int.from_bytes(body[place + 1 : place + 1 + size], "little"), place + 1 + size


def _skipped(body: bytes, place: int) -> int:
    return _number(body, place)[1]


def _row(body: bytes) -> Row:
    values: list[str | None] = []
    place = 0
    while place < len(body):
        if body[place] == 0xFB:
            values.append(None)
            place += 1
            continue
        size, place = _number(body, place)
        values.append(body[place : place + size].decode("utf-8", "replace"))
        place += size
    return tuple(values)
