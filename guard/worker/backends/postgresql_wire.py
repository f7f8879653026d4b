"""PostgreSQL's protocol in the little that guard's own questions need: text in, text out.

No driver of the project serves for them: it may be async, or missing, and gives values other types.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import hmac
import os
import socket
import ssl
import struct
from typing import NamedTuple, Optional

Row = tuple[Optional[str], ...]
_TLS = struct.pack("!II", 8, 80877103)
_LENGTH, _SIZE = struct.Struct("!I").unpack_from, struct.Struct("!i").unpack_from
_VERSION = 196608  # 3.0
_VERSION_WITH_FORCE = 130000
_DO_WITHOUT_TLS = ("disable", "allow")
PATIENCE = 30  # seconds for a server to answer the call


class Address(NamedTuple):
    """Where a server listens and who may come in; `sslmode` as libpq has it."""

    host: str
    port: int
    user: str
    password: str
    sslmode: str = "disable"


class ServerError(Exception):
    """What the server says of a statement; `code` is its SQLSTATE."""

    def __init__(self, text: str, code: str) -> None:
        super().__init__(text)
        self.code = code


class Client:
    """A connection to one database, where each statement is committed by itself."""

    def __init__(self, address: Address, database: str) -> None:
        """Connect; raises OSError or ServerError."""
        self._socket = socket.create_connection((address.host, address.port), PATIENCE)
        self._file = self._socket.makefile("rb")
        try:
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if address.sslmode not in _DO_WITHOUT_TLS:
                self._encrypt(address)
            self._enter(address, database)
        except BaseException:
            self.close()
            raise
        self._socket.settimeout(None)  # what a statement takes is limited by who runs the worker

    def query(self, sql: str) -> list[list[Row]]:
        """Return the rows of each statement of `sql`; raise ServerError, and run none after it."""
        self._send(b"Q", sql.encode("utf-8", "replace") + b"\0")
        results: list[list[Row]] = []
        rows: list[Row] = []
        error: ServerError | None = None
        while True:
            kind, body = self._receive()
            if kind == b"D":
                rows.append(_row(body))
            elif kind == b"C":
                results.append(rows)
                rows = []
            elif kind == b"E":
                error = _error(body)
            elif kind == b"Z":
                break
        if error:
            raise error
        return results

    def rows(self, sql: str) -> list[Row]:
        """Return the rows of one statement; raise ServerError."""
        results = self.query(sql)
        return results[0] if results else []

    def close(self) -> None:
        """Take leave, whatever state the connection is in."""
        with contextlib.suppress(OSError):
            self._send(b"X", b"")
        self._file.close()
        self._socket.close()

    def _encrypt(self, address: Address) -> None:
        self._socket.sendall(_TLS)
        if self._socket.recv(1) == b"S":
            context = ssl.create_default_context()
            context.check_hostname = address.sslmode == "verify-full"
            if not address.sslmode.startswith("verify-"):
                context.verify_mode = ssl.CERT_NONE
            self._file.close()
            self._socket = context.wrap_socket(self._socket, server_hostname=address.host)
            self._file = self._socket.makefile("rb")
        elif address.sslmode != "prefer":
            raise ServerError("the server has no TLS", "08001")

    def _enter(self, address: Address, database: str) -> None:
        words = ["user", address.user, "database", database, "client_encoding", "UTF8"]
        start = struct.pack("!I", _VERSION) + b"".join(w.encode() + b"\0" for w in words) + b"\0"
        self._socket.sendall(struct.pack("!I", len(start) + 4) + start)
        scram: _Scram | None = None
        while True:
            kind, body = self._receive()
            if kind == b"E":
                raise _error(body)
            if kind == b"Z":
                return
            if kind != b"R":
                continue
            (how,) = struct.unpack_from("!I", body)
            if how == 3:
                self._send(b"p", address.password.encode() + b"\0")
            elif how == 5:
                self._send(b"p", _md5(address, body[4:8]) + b"\0")
            elif how == 10:
                scram = _Scram(address.password)
                first = scram.first()
                self._send(b"p", b"SCRAM-SHA-256\0" + struct.pack("!I", len(first)) + first)
            elif how == 11 and scram:
                self._send(b"p", scram.final(body[4:]))
            elif how not in (0, 12):
                raise ServerError(f"the server asks for a login that guard lacks ({how})", "28000")

    def _send(self, kind: bytes, body: bytes) -> None:
        self._socket.sendall(kind + struct.pack("!I", len(body) + 4) + body)

    def _receive(self) -> tuple[bytes, bytes]:
        head = self._file.read(5)
        if len(head) < 5:
            raise ServerError("the server closed the connection", "08006")
        return head[:1], self._file.read(_LENGTH(head, 1)[0] - 4)


def literal(value: str | None) -> str:
    """Return a value as SQL writes it, in whatever type the place wants."""
    if value is None:
        return "NULL"
    text = value.replace("\0", "").replace("'", "''")
    return "E'" + text.replace("\\", "\\\\") + "'" if "\\" in text else f"'{text}'"


def quote(name: str) -> str:
    """Return a name as SQL writes it."""
    return '"' + name.replace('"', '""') + '"'


def drop_database(client: Client, name: str) -> None:
    """Remove a database, and end whoever is still connected to it; raise ServerError."""
    end_others(client, name)
    version = int(client.rows("SHOW server_version_num")[0][0] or 0)
    force = " WITH (FORCE)" if version >= _VERSION_WITH_FORCE else ""
    client.query(f"DROP DATABASE {quote(name)}{force}")


def end_others(client: Client, name: str) -> None:
    """End the connections to a database, but not that of `client`."""
    client.query(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
        f"WHERE datname = {literal(name)} AND pid <> pg_backend_pid()"
    )


def _row(body: bytes) -> Row:
    values: list[str | None] = []
    place, end = 2, len(body)
    while place < end:
        (size,) = _SIZE(body, place)
        place += 4
        if size < 0:
            values.append(None)
            continue
        values.append(str(body[place : place + size], "utf-8", "replace"))
        place += size
    return tuple(values)


def _error(body: bytes) -> ServerError:
    fields = {part[:1]: part[1:].decode("utf-8", "replace") for part in body.split(b"\0") if part}
    return ServerError(fields.get(b"M", "the server failed"), fields.get(b"C", ""))


def _md5(address: Address, salt: bytes) -> bytes:
    inner = hashlib.md5((address.password + address.user).encode()).hexdigest()  # noqa: S324
    return b"md5" + hashlib.md5(inner.encode() + salt).hexdigest().encode()  # noqa: S324


class _Scram:
    """The client's half of SCRAM-SHA-256 (RFC 7677), without channel binding."""

    def __init__(self, password: str) -> None:
        self._password = password.encode()
        self._bare = b"n=,r=" + base64.b64encode(os.urandom(18))

    def first(self) -> bytes:
        return b"n,," + self._bare

    def final(self, challenge: bytes) -> bytes:
        given = dict(part.split(b"=", 1) for part in challenge.split(b","))
        salt, rounds = base64.b64decode(given[b"s"]), int(given[b"i"])
        salted = hashlib.pbkdf2_hmac("sha256", self._password, salt, rounds)
        key = hmac.digest(salted, b"Client Key", "sha256")
        without_proof = b"c=biws,r=" + given[b"r"]
        said = b",".join((self._bare, challenge, without_proof))
        signature = hmac.digest(hashlib.sha256(key).digest(), said, "sha256")
        proof = bytes(one ^ other for one, other in zip(key, signature))
        return without_proof + b",p=" + base64.b64encode(proof)
