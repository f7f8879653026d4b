"""The kernel's fence (Linux): nothing outside is written or reached, in C, in children, by root.

Landlock holds files, TCP and signals; seccomp all other sockets. No privilege is needed, and what
is up cannot be taken down again. An older kernel holds less: `put_up` says what it holds.
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import os
import struct
from collections.abc import Iterable, Sequence

from . import seccomp

# What a program needs to write to though it is no file of the scratch folder.
DEVICES = ("/dev/null", "/dev/zero", "/dev/full")

_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446  # the same on every machine
_BENEATH, _PORT = 1, 2  # kinds of rule
_WRITE_FILE, _REFER, _TRUNCATE, _IOCTL = 1 << 1, 1 << 13, 1 << 14, 1 << 15
_WRITE = _WRITE_FILE | sum(1 << bit for bit in range(4, 13))  # and make and remove all kinds
_CONNECT_TCP, _BIND_TCP = 1 << 1, 1 << 0
_ABSTRACT_SOCKETS, _SIGNALS = 1 << 0, 1 << 1
_ABI_OF_REFER, _ABI_OF_TRUNCATE, _ABI_OF_TCP, _ABI_OF_IOCTL, _ABI_OF_SCOPES = 2, 3, 4, 5, 6


def put_up(folders: Sequence[str], ports: Sequence[int] = ()) -> list[str]:
    """Fence this process in, for good; return what the kernel holds: "files", "network", "signals".

    Files can be written below `folders`, TCP connections made to `ports`. Whatever can be had is
    put up; nothing is raised where the kernel has none. The process has one thread.
    """
    abi = 0
    with contextlib.suppress(OSError):
        _restrict_privileges()
        abi = _landlock(folders, ports)
    held = ["files"] if abi else []
    knows_ports = abi >= _ABI_OF_TCP
    with contextlib.suppress(OSError):
        filtered = seccomp.rules(
            tcp=bool(ports) or knows_ports, truncates=0 < abi < _ABI_OF_TRUNCATE
        )
        seccomp.install(filtered)
        held += ["network"] if knows_ports or not ports else []
    return held + (["signals"] if abi >= _ABI_OF_SCOPES else [])


def _restrict_privileges() -> None:
    """Let no program that this one starts gain a right; without this nobody is fenced in."""
    if ctypes.CDLL(None, use_errno=True).prctl(38, 1, 0, 0, 0):  # PR_SET_NO_NEW_PRIVS
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


def _landlock(folders: Iterable[str], ports: Iterable[int]) -> int:
    """Restrict this process and return the version of the interface; raise OSError."""
    abi = _call(_CREATE_RULESET, None, 0, 1)
    rights = _WRITE | sum(
        right
        for right, since in (
            (_REFER, _ABI_OF_REFER),
            (_TRUNCATE, _ABI_OF_TRUNCATE),
            (_IOCTL, _ABI_OF_IOCTL),
        )
        if abi >= since
    )
    attributes = struct.pack("Q", rights)
    if abi >= _ABI_OF_TCP:
        attributes += struct.pack("Q", _CONNECT_TCP | _BIND_TCP)
    if abi >= _ABI_OF_SCOPES:
        attributes += struct.pack("Q", _ABSTRACT_SOCKETS | _SIGNALS)
    rules = _call(_CREATE_RULESET, attributes, len(attributes), 0)
    try:
        for path in folders:
            _allow_below(rules, path, rights)
        for path in DEVICES:
            with contextlib.suppress(FileNotFoundError):
                _allow_below(rules, path, rights & (_WRITE_FILE | _TRUNCATE | _IOCTL))
        if abi >= _ABI_OF_TCP:
            for port in ports:
                _call(_ADD_RULE, rules, _PORT, struct.pack("QQ", _CONNECT_TCP, port), 0)
        _call(_RESTRICT_SELF, rules, 0)
    finally:
        os.close(rules)
    return abi


def _allow_below(rules: int, path: str, rights: int) -> None:
    place = os.open(path, os.O_PATH | os.O_CLOEXEC)
    try:
        _call(_ADD_RULE, rules, _BENEATH, struct.pack("=Qi", rights, place), 0)
    finally:
        os.close(place)


def _call(number: int, *arguments: int | bytes | None) -> int:
    libc = ctypes.CDLL(None, use_errno=True)
    result: int = libc.syscall(number, *arguments)
    if result < 0:
        code = ctypes.get_errno() or errno.EIO
        raise OSError(code, os.strerror(code))
    return result
