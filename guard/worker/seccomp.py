"""A filter of system calls: what Landlock does not see (sockets, other processes, the machine).

It reads numbers only, never the memory behind a pointer: a path or an address stays unknown to it.
"""

from __future__ import annotations

import ctypes
import errno
import os
import struct
from typing import NamedTuple

ALLOW = 0
_ANY = 0xFFFFFFFF
_INET = (2, 10)  # AF_INET, AF_INET6
_STREAM, _PACKETS = 1, 5  # kinds of socket that, once paired, reach nothing else
_FAST_OPEN = 0x20000000  # a flag that connects without connect()
_TRUNCATE, _ACCESS = 0o1000, 0o3  # of open()
_X32 = 0x40000000  # numbers of the other calling convention of x86-64

ARCHITECTURES = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
# Numbers of system calls on x86-64 and on aarch64; None where there is no such call.
CALLS: dict[str, tuple[int, int | None]] = {
    "bpf": (321, 280),
    "clock_settime": (227, 112),
    "delete_module": (176, 106),
    "finit_module": (313, 273),
    "init_module": (175, 105),
    "io_uring_setup": (425, 425),
    "kexec_file_load": (320, 294),
    "kexec_load": (246, 104),
    "kill": (62, 129),
    "mount": (165, 40),
    "move_mount": (429, 429),
    "open": (2, None),
    "open_by_handle_at": (304, 265),
    "openat": (257, 56),
    "pidfd_getfd": (438, 438),
    "pivot_root": (155, 41),
    "process_vm_writev": (311, 271),
    "ptrace": (101, 117),
    "reboot": (169, 142),
    "sendmmsg": (307, 269),
    "sendmsg": (46, 211),
    "sendto": (44, 206),
    "settimeofday": (164, 170),
    "socket": (41, 198),
    "socketpair": (53, 199),
    "truncate": (76, 45),
    "umount2": (166, 39),
}
_OTHER_PROCESSES = ("pidfd_getfd", "process_vm_writev", "ptrace")
_THE_MACHINE = (  # what only root could do, and in a container often is
    "bpf", "clock_settime", "delete_module", "finit_module", "init_module", "kexec_file_load",
    "kexec_load", "mount", "move_mount", "open_by_handle_at", "pivot_root", "reboot",
    "settimeofday", "umount2",
)  # fmt: skip


class Condition(NamedTuple):
    """That an `argument` of the call (0 for the first), under `mask`, is `value`."""

    argument: int
    mask: int
    value: int


class Rule(NamedTuple):
    """What comes of a `call` that meets all `conditions`: an error number, or ALLOW."""

    call: str
    conditions: tuple[Condition, ...]
    outcome: int


def rules(*, tcp: bool, truncates: bool) -> list[Rule]:
    """Return the rules, of which the first that fits decides; a call without any is allowed.

    `tcp`: TCP sockets can be made (Landlock says where they may go, or a server has to be reached);
    `truncates`: files are kept from truncation here, since Landlock does not.
    """
    families = _INET if tcp else ()
    found = [
        Rule("socket", (Condition(0, _ANY, family), Condition(1, 0xF, _STREAM), plain), ALLOW)
        for family in families
        for plain in (Condition(2, _ANY, 0), Condition(2, _ANY, 6))  # TCP; neither MPTCP nor SCTP
    ]
    found.append(Rule("socket", (), errno.EACCES))
    found += [Rule("socketpair", (Condition(1, 0xF, kind),), ALLOW) for kind in (_STREAM, _PACKETS)]
    found.append(Rule("socketpair", (), errno.EACCES))
    for call, flags in (("sendto", 3), ("sendmsg", 2), ("sendmmsg", 3)):
        found.append(Rule(call, (Condition(flags, _FAST_OPEN, _FAST_OPEN),), errno.EACCES))
    if truncates:
        found.append(Rule("truncate", (), errno.EACCES))
        for call, flags in (("open", 1), ("openat", 2)):
            only = Condition(flags, _TRUNCATE | _ACCESS, _TRUNCATE)
            found.append(Rule(call, (only,), errno.EACCES))
    found.append(Rule("io_uring_setup", (), errno.ENOSYS))  # its sockets pass by this filter
    found.append(Rule("kill", (Condition(0, _ANY, _ANY),), errno.EPERM))  # -1: every process
    return found + [Rule(call, (), errno.EPERM) for call in (*_OTHER_PROCESSES, *_THE_MACHINE)]


def program(machine: str, wanted: list[Rule]) -> bytes:
    """Return the rules as instructions for the kernel of a machine: a key of ARCHITECTURES."""
    column = list(ARCHITECTURES).index(machine)
    refused = _return(errno.EPERM)  # of programs for another architecture, every call
    code = [_load(4), _unless_equal(ARCHITECTURES[machine], 0, skip_if_equal=1), refused]
    if machine == "x86_64":
        code += [_load(0), struct.pack("HBBI", 0x35, 0, 1, _X32), refused]
    for rule in wanted:
        number = CALLS[rule.call][column]
        if number is None:
            continue
        body = [_return(rule.outcome)]
        for one in reversed(rule.conditions):
            test = [_load(16 + 8 * one.argument), _mask(one.mask)]
            body = [*test, _unless_equal(one.value, len(body)), *body]
        code += [_load(0), _unless_equal(number, len(body)), *body]
    return b"".join([*code, _return(ALLOW)])


def install(wanted: list[Rule]) -> None:
    """Put the filter up for this process and all that it starts; raise OSError.

    Needs `no_new_privs`. The process has one thread.
    """
    machine = os.uname().machine
    if machine not in ARCHITECTURES or struct.calcsize("P") != 8:
        raise OSError(errno.ENOSYS, os.strerror(errno.ENOSYS))
    code = ctypes.create_string_buffer(program(machine, wanted))
    header = struct.pack("HxxxxxxP", (len(code) - 1) // 8, ctypes.addressof(code))
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(22, 2, ctypes.create_string_buffer(header), 0, 0):  # PR_SET_SECCOMP, a filter
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


def _load(offset: int) -> bytes:
    return struct.pack("HBBI", 0x20, 0, 0, offset)


def _mask(bits: int) -> bytes:
    return struct.pack("HBBI", 0x54, 0, 0, bits)


def _unless_equal(value: int, skip: int, skip_if_equal: int = 0) -> bytes:
    """Skip so many instructions unless what was loaded is `value`."""
    return struct.pack("HBBI", 0x15, skip_if_equal, skip, value)


def _return(outcome: int) -> bytes:
    return struct.pack("HBBI", 0x06, 0, 0, 0x00050000 | outcome if outcome else 0x7FFF0000)
