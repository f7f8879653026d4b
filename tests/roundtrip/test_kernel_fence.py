"""What the kernel's fence refuses, and that the same is done where no fence stands.

Every row is code that runs in a process of its own: `real` is a folder that must stay as it is,
`scratch` the one that may be written.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import json
import os
import re
import socket
import sqlite3
import struct
import subprocess
import sys
import tempfile
import textwrap
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from guard.roundtrip.process import WORKER
from guard.worker import kernel_fence, seccomp

HEAD = """
import ctypes, os, shutil, signal, socket, sqlite3, subprocess, sys, time
real, scratch, target = sys.argv[1:4]
file = real + "/app.db"
def run(code): subprocess.run([sys.executable, "-I", "-S", "-c", code, file])
"""
TELL = "import sys; held = sys.argv[-1]; print(held)"


def command(code: str, *arguments: object) -> list[str]:
    return [sys.executable, "-I", "-S", "-c", HEAD + textwrap.dedent(code), *map(str, arguments)]


def fenced(
    scratch: Path, inner: list[str], ports: tuple[int, ...] = (), memory: int = 1 << 32
) -> tuple[int, str]:
    """Run a command as guard runs the worker; return its exit code and what it printed."""
    order = json.dumps(
        {"folder": str(scratch), "writable": [], "ports": ports, "memory": memory,
         "guard": os.getpid()}
    )  # fmt: skip
    outer = [sys.executable, "-I", "-S", str(WORKER), "supervise", order]
    with subprocess.Popen(
        [*outer, *inner], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    ) as process:
        assert process.stdout
        said = process.stdout.read().decode()
        return process.wait(), said


def some(table: Mapping[str, object], *quick: str) -> list[Any]:
    """Return the rows, of which all but a few are tried by the slow tests alone."""
    return [row if row in quick else pytest.param(row, marks=pytest.mark.slow) for row in table]


def holds(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    if sys.platform != "linux":
        return []
    code, said = fenced(tmp_path_factory.mktemp("ask"), [sys.executable, "-c", TELL])
    assert code == 0, said
    found: list[str] = json.loads(said)
    return found


@pytest.fixture(scope="session")
def held(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    return holds(tmp_path_factory)


def needs(held: list[str], what: str) -> None:
    if what not in held:
        pytest.skip(f"this kernel has no fence for {what}")


@pytest.fixture
def folders(tmp_path: Path) -> tuple[Path, Path]:
    """Return a folder with a database, its log and a folder, and an empty scratch folder."""
    real, scratch = tmp_path / "real", tmp_path / "scratch"
    (real / "uploads").mkdir(parents=True)
    scratch.mkdir()
    connection = sqlite3.connect(real / "app.db")
    connection.executescript("CREATE TABLE t (a); INSERT INTO t VALUES (1), (2);")
    connection.close()
    (real / "uploads" / "one.txt").write_text("kept")
    (real / "empty").mkdir()
    return real, scratch


def state(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        if path.is_file() and not path.is_symlink()
        else "other"
        for path in sorted(folder.rglob("*"))
    }


WRITES = {
    "open": "open(file, 'w')",
    "append": "open(file, 'ab').write(b'x')",
    "a new file": "open(real + '/new', 'w')",
    "open to empty": "os.open(file, os.O_RDWR | os.O_TRUNC)",
    "open for reading, to empty": "os.open(file, os.O_RDONLY | os.O_TRUNC)",
    "truncate": "os.truncate(file, 0)",
    "remove": "os.remove(file)",
    "rename away": "os.rename(file, real + '/x')",
    "rename over": "open(scratch + '/a', 'w').close(); os.rename(scratch + '/a', file)",
    "rename into scratch": "os.rename(file, scratch + '/x')",
    "mkdir": "os.mkdir(real + '/folder')",
    "rmdir": "os.rmdir(real + '/empty')",
    "rmtree": "shutil.rmtree(real + '/uploads')",
    "symbolic link there": "os.symlink(scratch, real + '/link')",
    "fifo": "os.mkfifo(real + '/fifo')",
    "a socket's file": "socket.socket(socket.AF_UNIX).bind(real + '/socket')",
    "through a symbolic link": "os.symlink(file, scratch + '/l'); open(scratch + '/l', 'w')",
    "through a hard link": "os.link(file, scratch + '/h'); open(scratch + '/h', 'w')",
    "through /proc": "n = os.open(file, os.O_RDONLY); open(f'/proc/self/fd/{n}', 'w')",
    "relative": "os.chdir(real); open('app.db', 'w')",
    "up from the scratch folder": "os.chdir(scratch); open('../real/app.db', 'w')",
    "sqlite3": "sqlite3.connect(file, isolation_level=None).execute('DELETE FROM t')",
    "ATTACH with a parameter": """
        connection = sqlite3.connect(':memory:', isolation_level=None)
        connection.execute('ATTACH DATABASE ? AS other', (file,))
        connection.execute('DELETE FROM other.t')""",
    "ATTACH with an expression": """
        connection = sqlite3.connect(':memory:', isolation_level=None)
        connection.execute(f"ATTACH DATABASE '{real}' || '/app.db' AS other")
        connection.execute('DELETE FROM other.t')""",
    "journal of a database": "open(file + '-journal', 'w')",
    "the C library": """
        import ctypes.util
        lib = ctypes.CDLL(ctypes.util.find_library('sqlite3') or 'libsqlite3.so.0')
        db = ctypes.c_void_p()
        lib.sqlite3_open(file.encode(), ctypes.byref(db))
        if lib.sqlite3_exec(db, b'DELETE FROM t', None, None, None): raise PermissionError""",
    "write() of C": """
        libc = ctypes.CDLL(None)
        if libc.open(file.encode(), os.O_RDWR | os.O_TRUNC) < 0: raise PermissionError""",
    "a Python child": "run('import sys; open(sys.argv[1], \"w\")')",
    "a shell": "subprocess.run(['sh', '-c', 'echo x > ' + file])",
    "the sqlite3 program": "subprocess.run(['sqlite3', file, 'DELETE FROM t'])",
    "a fork": "os.fork() or (open(file, 'w'), os._exit(0)); os.wait()",
    "a daemon": """
        if not os.fork():
            os.setsid()
            if not os.fork():
                open(file, 'w')
            os._exit(0)
        os.wait(); time.sleep(0.3)""",
    "multiprocessing": """
        import multiprocessing
        one = multiprocessing.get_context('fork').Process(target=open, args=(file, 'w'))
        one.start(); one.join()""",
}  # fmt: skip


@pytest.mark.parametrize("how", some(WRITES, "open", "a shell", "ATTACH with a parameter"))
def test_files_stay(how: str, folders: tuple[Path, Path], held: list[str]) -> None:
    needs(held, "files")
    if "sqlite3 program" in how and not _program("sqlite3"):
        pytest.skip("no sqlite3 program here")
    real, scratch = folders
    before = state(real)
    code, said = fenced(scratch, command(WRITES[how], real, scratch, ""))
    assert state(real) == before
    assert code == 0 or "Error" in said
    scratch = Path(tempfile.mkdtemp(dir=real.parent))
    free = subprocess.run(command(WRITES[how], real, scratch, ""), check=False, capture_output=True)
    assert state(real) != before, free.stderr  # else the row would prove nothing


@contextlib.contextmanager
def listening(kind: str, folder: Path) -> Iterator[tuple[socket.socket, str]]:
    """Yield a server's socket, and the words of its address for `target`."""
    family = socket.AF_INET if kind in ("tcp", "udp") else socket.AF_UNIX
    flavour = socket.SOCK_DGRAM if kind in ("udp", "datagram") else socket.SOCK_STREAM
    with socket.socket(family, flavour) as server:
        path = "\0guard-test-" + folder.name if kind == "abstract" else str(folder / "s")
        server.bind(("127.0.0.1", 0) if family == socket.AF_INET else path)
        if flavour == socket.SOCK_STREAM:
            server.listen()
        server.settimeout(0.5)
        yield server, str(server.getsockname()[1]) if family == socket.AF_INET else path


def was_reached(server: socket.socket) -> bool:
    try:
        if server.type == socket.SOCK_STREAM:
            server.accept()[0].close()
        else:
            server.recv(10)
    except TimeoutError:
        return False
    return True


CONNECT = "socket.create_connection(('127.0.0.1', int(target)))"
REACHES = {
    "TCP": ("tcp", CONNECT),
    "a child": ("tcp", f"run('import socket; ' + {CONNECT!r}.replace('target', target))"),
    "fast open": (
        "tcp",
        "socket.socket().sendto(b'x', 0x20000000, ('127.0.0.1', int(target)))",
    ),
    "MPTCP": (
        "tcp",
        "socket.socket(2, 1, 262).connect(('127.0.0.1', int(target)))",
    ),
    "UDP": ("udp", "socket.socket(2, 2).sendto(b'x', ('127.0.0.1', int(target)))"),
    "a Unix socket": ("unix", "socket.socket(socket.AF_UNIX).connect(target)"),
    "a Unix datagram": ("datagram", "socket.socket(1, 2).sendto(b'x', target)"),
    "a pair that goes elsewhere": ("datagram", "socket.socketpair(1, 2)[0].sendto(b'x', target)"),
    "an abstract Unix socket": (
        "abstract",
        "socket.socket(socket.AF_UNIX).connect('\\0' + target)",
    ),
    "the C library": (
        "tcp",
        """
        import struct
        libc = ctypes.CDLL(None)
        address = struct.pack('=H', 2) + struct.pack('!H', int(target)) + bytes([127, 0, 0, 1])
        s = libc.socket(2, 1, 0)
        if libc.connect(s, address.ljust(16, b'\\0'), 16): raise PermissionError""",
    ),
}


@pytest.mark.parametrize("how", some(REACHES, "TCP", "a Unix socket"))
def test_servers_are_not_reached(how: str, folders: tuple[Path, Path], held: list[str]) -> None:
    needs(held, "network")
    real, scratch = folders
    kind, code = REACHES[how]
    with listening(kind, real) as (server, target):
        inner = command(code, real, scratch, target.lstrip("\0"))
        fenced(scratch, inner)
        assert not was_reached(server)
        free = subprocess.run(inner, check=False, capture_output=True)
        if b"Protocol not" in free.stderr or b"not supported" in free.stderr:
            pytest.skip("this kernel has no such protocol")
        assert was_reached(server), free.stderr


def test_the_port_of_the_scratch_server_alone_is_open(
    folders: tuple[Path, Path], held: list[str]
) -> None:
    needs(held, "network")
    real, scratch = folders
    with listening("tcp", real) as (ours, port), listening("tcp", real) as (other, closed):
        code, said = fenced(scratch, command(CONNECT, real, scratch, port), (int(port),))
        assert (code, said) == (0, "")
        assert was_reached(ours)
        if "signals" in held:  # a kernel that knows ports
            code, said = fenced(scratch, command(CONNECT, real, scratch, closed), (int(port),))
            assert "PermissionError" in said
            assert not was_reached(other)


OTHERS = {
    "a signal": "os.kill(int(target), signal.SIGKILL)",
    "a signal to everybody": "os.kill(-1, signal.SIGCONT); os.kill(int(target), signal.SIGKILL)",
    "a signal by descriptor": "signal.pidfd_send_signal(os.pidfd_open(int(target)), 9)",
    "its memory": "open(f'/proc/{target}/mem', 'r+b')",
    "ptrace": "if ctypes.CDLL(None).ptrace(16, int(target), 0, 0): raise PermissionError",
}


@pytest.mark.parametrize("how", some(OTHERS, "a signal"))
def test_other_processes_stay(how: str, folders: tuple[Path, Path], held: list[str]) -> None:
    needs(held, "signals")
    real, scratch = folders
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as victim:
        code, said = fenced(scratch, command(OTHERS[how], real, scratch, victim.pid))
        assert code != 0
        assert "PermissionError" in said
        assert victim.poll() is None
        victim.kill()


STILL = {
    "reads": "assert open(file, 'rb').read(15) == b'SQLite format 3'",
    "asks SQLite": "assert sqlite3.connect(f'file:{file}?mode=ro', uri=True)"
    ".execute('SELECT count(*) FROM t').fetchone() == (2,)",
    "lists": "assert os.listdir(real) and os.listdir('/') and os.stat(file)",
    "writes scratch": "os.mkdir(scratch + '/d'); open(scratch + '/d/f', 'w').write('x'); "
    "os.rename(scratch + '/d/f', scratch + '/g'); os.truncate(scratch + '/g', 0); "
    "shutil.rmtree(scratch + '/d')",
    "a scratch database": "sqlite3.connect(scratch + '/x').execute('CREATE TABLE t (a)')",
    "devices": "open('/dev/null', 'w').write('x'); open('/dev/urandom', 'rb').read(4)",
    "children": "assert subprocess.check_output(['sh', '-c', 'echo hi; cat /etc/passwd'])",
    "its own children's end": "p = subprocess.Popen(['sleep', '9']); p.kill(); p.wait()",
    "a signal to itself": "signal.signal(10, lambda *_: None); os.kill(os.getpid(), 10)",
    "asyncio": "import asyncio; asyncio.run(asyncio.sleep(0))",
    "pairs and pipes": "a, b = socket.socketpair(); a.send(b'x'); assert b.recv(1) == b'x'",
    "threads": "import threading as t; t = t.Thread(target=len, args='x'); t.start(); t.join()",
    "names of users": "import pwd; assert pwd.getpwuid(0)",
    "memory files": "os.write(os.memfd_create('x'), b'x')",
    "the host's name": "assert socket.gethostname()",
}


@pytest.mark.parametrize("how", some(STILL, "reads", "writes scratch", "asyncio"))
def test_what_goes_on_as_ever(how: str, folders: tuple[Path, Path], held: list[str]) -> None:
    needs(held, "files")
    real, scratch = folders
    assert fenced(scratch, command(STILL[how], real, scratch, "")) == (0, "")


def test_a_kernel_without_a_fence_holds_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(*_: object) -> int:
        raise OSError(errno.ENOSYS, "")

    monkeypatch.setattr(kernel_fence, "_restrict_privileges", lambda: None)
    monkeypatch.setattr(kernel_fence, "_landlock", missing)
    monkeypatch.setattr(seccomp, "install", missing)
    assert kernel_fence.put_up([]) == []


# The filter's instructions, carried out here: also those for machines that are not at hand.

INET, UNIX, STREAM, DATAGRAM, TYPE_FLAGS = 2, 1, 1, 2, 0o2004000
CALLS = [
    # what is called, with what, and what comes of it: with TCP, without
    ("socket", (INET, STREAM), 0, errno.EACCES),
    ("socket", (INET, STREAM | TYPE_FLAGS, 6), 0, errno.EACCES),
    ("socket", (10, STREAM), 0, errno.EACCES),
    ("socket", (INET, STREAM, 262), errno.EACCES, errno.EACCES),
    ("socket", (INET, DATAGRAM), errno.EACCES, errno.EACCES),
    ("socket", (UNIX, STREAM), errno.EACCES, errno.EACCES),
    ("socket", (16, 3), errno.EACCES, errno.EACCES),
    ("socket", (40, STREAM), errno.EACCES, errno.EACCES),
    ("socketpair", (UNIX, STREAM | TYPE_FLAGS), 0, 0),
    ("socketpair", (UNIX, DATAGRAM), errno.EACCES, errno.EACCES),
    ("sendto", (3, 0, 0, 0x4000), 0, 0),
    ("sendto", (3, 0, 0, 0x20004000), errno.EACCES, errno.EACCES),
    ("sendmsg", (3, 0, 0x20000000), errno.EACCES, errno.EACCES),
    ("kill", (0xFFFFFFFF, 9), errno.EPERM, errno.EPERM),
    ("kill", (4711, 9), 0, 0),
    ("io_uring_setup", (), errno.ENOSYS, errno.ENOSYS),
    ("ptrace", (16,), errno.EPERM, errno.EPERM),
    ("mount", (), errno.EPERM, errno.EPERM),
    ("openat", (0, 0, 0o1000), 0, errno.EACCES),  # the second set stands in for Landlock too
    ("openat", (0, 0, 0o1002), 0, 0),
    ("truncate", (), 0, errno.EACCES),
]


@pytest.mark.parametrize("machine", seccomp.ARCHITECTURES)
@pytest.mark.parametrize(("name", "arguments", "with_tcp", "without"), CALLS)
def test_the_filter(
    name: str, arguments: tuple[int, ...], with_tcp: int, without: int, machine: str
) -> None:
    number = seccomp.CALLS[name][list(seccomp.ARCHITECTURES).index(machine)]
    assert number is not None
    wide = seccomp.program(machine, seccomp.rules(tcp=True, truncates=False))
    narrow = seccomp.program(machine, seccomp.rules(tcp=False, truncates=True))
    for code, expected in ((wide, with_tcp), (narrow, without)):
        assert outcome(code, seccomp.ARCHITECTURES[machine], number, arguments) == expected


@pytest.mark.parametrize("machine", seccomp.ARCHITECTURES)
def test_the_filter_lets_no_other_convention_through(machine: str) -> None:
    code = seccomp.program(machine, seccomp.rules(tcp=True, truncates=False))
    own = seccomp.ARCHITECTURES[machine]
    assert outcome(code, own, 1, ()) == 0
    assert outcome(code, 0x40000003, 1, ()) == errno.EPERM  # of 32 bits
    assert machine != "x86_64" or outcome(code, own, 0x40000001, ()) == errno.EPERM


def outcome(code: bytes, machine: int, number: int, arguments: tuple[int, ...]) -> int:
    """Return what the kernel would make of a system call: an error number, or 0."""
    data = struct.pack("iIQ6Q", number, machine, 0, *arguments, *(6 - len(arguments)) * (0,))
    steps = list(struct.iter_unpack("HBBI", code))
    value = at = 0
    while True:
        kind, if_true, if_false, constant = steps[at]
        at += 1
        if kind == 0x20:
            (value,) = struct.unpack_from("I", data, constant)
        elif kind == 0x54:
            value &= constant
        elif kind == 0x15:
            at += if_true if value == constant else if_false
        elif kind == 0x35:
            at += if_true if value >= constant else if_false
        else:
            assert kind == 0x06
            assert constant in (0x7FFF0000, 0x50000 | (constant & 0xFFFF))
            return 0 if constant == 0x7FFF0000 else constant & 0xFFFF


@pytest.mark.skipif(not Path("/usr/include/asm-generic/unistd.h").is_file(), reason="no headers")
def test_the_numbers_are_the_kernels() -> None:
    text = Path("/usr/include/asm-generic/unistd.h").read_text()
    for name, (_, number) in seccomp.CALLS.items():
        defined = rf"#define __NR(3264)?_{name}\s+{number}\n"
        assert number is None or re.search(defined, text), name


def _program(name: str) -> bool:
    return subprocess.run(["which", name], check=False, capture_output=True).returncode == 0
