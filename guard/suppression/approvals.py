"""guard-approvals.toml: who agreed to which dangerous operation, and why.

An approval is bound to one operation of one revision by its fingerprint, so it does not cover
what the revision becomes later. Read strictly: a file that lets dangerous operations through must
not hold anything that guard does not understand.
"""

from __future__ import annotations

import datetime
import itertools
import re
import tomllib
import unicodedata
from collections.abc import Iterable, Mapping, MutableMapping
from typing import Any

import msgspec

from guard.config import nearest
from guard.errors import GuardError
from guard.finding import Finding
from guard.patterns import lazy_re
from guard.statement import Span
from guard.toml import parse_toml

_HEADER = lazy_re(r"\s*\[\[\s*(['\"]?)approval\1\s*\]\]")
_NEW_FILE = "# Each entry lets one operation of one revision pass. `guard approve` writes them."
_NO_TABLES = "write each approval as a table of its own: [[approval]]"

Key = tuple[str, str, str, str]


class Approval(msgspec.Struct, frozen=True, kw_only=True):
    """One entry. It holds up to and including the day `expires`; `span` is its first line.

    `revision` is the id, or the file's path for a finding that belongs to no revision;
    `fingerprint` is empty only where the finding has none.
    """

    revision: str
    rule: str
    object: str
    fingerprint: str = ""
    reason: str
    approver: str
    expires: datetime.date | None = None
    span: Span = Span("guard-approvals.toml", 1)

    @property
    def key(self) -> Key:
        """The revision, rule, object and fingerprint: together they are one operation."""
        return (self.revision, self.rule, self.object, self.fingerprint)

    @property
    def entry(self) -> tuple[Key, str]:
        """The operation and who agreed to it: each may do so once."""
        return (self.key, same_person(self.approver))

    def expired(self, today: datetime.date) -> bool:
        """Return whether it no longer counts on that day."""
        return self.expires is not None and today > self.expires


_FIELDS = tuple(name for name in Approval.__struct_fields__ if name != "span")
_OPTIONAL = {"fingerprint", "expires"}
_MAY_BE_EMPTY = {"fingerprint", "object"}


def same_person(name: str) -> str:
    """Return the name as it is compared with others: what is not seen in it does not count."""
    plain = unicodedata.normalize("NFKC", name).casefold()
    return " ".join("".join(c for c in plain if unicodedata.category(c) != "Cf").split())


def finding_key(finding: Finding) -> Key:
    """Return the key that an approval of this finding has."""
    owner = finding.revision or finding.span.path
    return (owner, finding.rule, finding.object, finding.fingerprint)


def approval_of(
    finding: Finding, *, reason: str, approver: str, expires: datetime.date | None = None
) -> Approval:
    """Return the approval of just this finding."""
    revision, rule, object_, fingerprint = finding_key(finding)
    return Approval(
        revision=revision,
        rule=rule,
        object=object_,
        fingerprint=fingerprint,
        reason=reason,
        approver=approver,
        expires=expires,
    )


def load_approvals(path: str, text: str) -> tuple[Approval, ...]:
    """Return the approvals of a file's text in their order.

    Raises GuardError, with the line, for what is not TOML, an unknown key, a missing or empty
    field, a wrong type and a second approval of the same operation.
    """
    try:
        document = parse_toml(text)
    except tomllib.TOMLDecodeError as error:
        raise GuardError(f"{path}: not valid TOML: {error}") from None
    for name in document:
        if name != "approval":
            raise GuardError(
                f"{path}: unknown key {name!r}: approvals stand in tables named [[approval]]"
            )
    entries = document.get("approval", [])
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise GuardError(f"{path}: {_NO_TABLES}")
    places = _places(path, text, len(entries))
    approvals = tuple(map(_approval, entries, places))
    _refuse_duplicates(approvals)
    return approvals


def outdated(approvals: Iterable[Approval], findings: Iterable[Finding]) -> tuple[Approval, ...]:
    """Return the approvals whose operation is still there but does something else by now."""
    keys = {finding_key(finding) for finding in findings}
    objects = {key[:3] for key in keys}
    return tuple(a for a in approvals if a.key not in keys and a.key[:3] in objects)


def add_approval(text: str, approval: Approval, *, replaces: Approval | None = None) -> str:
    """Return the file's text with the approval added at its end, comments and order kept.

    One by the same approver of the same operation, or the one that it `replaces`, is rewritten
    where it stands.
    Raises GuardError for a text that is not TOML or holds approvals in an inline array.
    """
    # Only who writes approvals pays for tomlkit.
    import tomlkit
    from tomlkit.exceptions import TOMLKitError
    from tomlkit.items import AoT

    try:
        document = tomlkit.parse(text)
    except TOMLKitError as error:
        raise GuardError(f"{approval.span.path}: not valid TOML: {error}") from None
    entries = document.get("approval", tomlkit.aot())
    if not isinstance(entries, AoT):
        raise GuardError(f"{approval.span.path}: {_NO_TABLES}")
    known = {approval.entry, replaces.entry if replaces else approval.entry}
    for entry in entries:
        if _entry_of(entry) in known:
            _fill(entry, approval)
            return tomlkit.dumps(document)
    added = tomlkit.table()
    _fill(added, approval)
    written = tomlkit.dumps({"approval": [added]})
    line_end = "\r\n" if "\r\n" in text else "\n"
    return (text.rstrip() or _NEW_FILE) + (f"\n\n{written}").replace("\n", line_end)


def _fill(entry: MutableMapping[str, Any], approval: Approval) -> None:
    for name in _FIELDS:
        value = getattr(approval, name)
        if value or name not in _OPTIONAL:
            entry[name] = value
        else:
            entry.pop(name, None)


def _entry_of(entry: Mapping[str, Any]) -> tuple[Key, str]:
    key = (
        str(entry.get("revision")),
        str(entry.get("rule")),
        str(entry.get("object")),
        str(entry.get("fingerprint", "")),
    )
    return key, same_person(str(entry.get("approver")))


def without_approvals(text: str, gone: Iterable[Approval]) -> str:
    """Return the file's text without some of its approvals, and without the comments above those.

    Raises GuardError where the entries are not to be told apart in the text.
    """
    lines = text.splitlines(keepends=True)
    headers = [number for number, line in enumerate(lines) if _HEADER.match(line)]
    starts = {approval.span.line - 1: approval for approval in gone}
    if not starts.keys() <= {*headers}:
        path = next(iter(starts.values())).span.path
        raise GuardError(f"{path}: {_NO_TABLES}")
    begins = [_with_comment(lines, header) for header in headers]
    left = "".join(lines[: begins[0]]) if begins else text
    spans = itertools.pairwise([*begins, len(lines)])
    for header, (begin, end) in zip(headers, spans, strict=True):
        if header not in starts:
            left += "".join(lines[begin:end])
    return left.rstrip() + ("\r\n" if "\r\n" in text else "\n") if left.strip() else ""


def _with_comment(lines: list[str], header: int) -> int:
    """Where an entry begins: at the comment right above it, if there is one."""
    while header > 0 and lines[header - 1].lstrip().startswith("#"):
        header -= 1
    return header


class _Place(msgspec.Struct, frozen=True):
    """The lines of one entry, to point into."""

    path: str
    first: int
    lines: tuple[str, ...]

    def of(self, field: str) -> str:
        """`path:line` of a field, of the entry where the field is not to be seen."""
        key = re.compile(rf"""\s*(['"]?){re.escape(field)}\1\s*=""")
        offset = next((n for n, line in enumerate(self.lines) if key.match(line)), 0)
        return f"{self.path}:{self.first + offset}"


def _places(path: str, text: str, count: int) -> list[_Place]:
    lines = text.splitlines()
    headers = [number for number, line in enumerate(lines) if _HEADER.match(line)]
    if len(headers) != count:  # an inline array
        return [_Place(path, 1, ())] * count
    return [
        _Place(path, start + 1, tuple(lines[start:end]))
        for start, end in itertools.pairwise([*headers, len(lines)])
    ]


def _approval(entry: Mapping[str, Any], place: _Place) -> Approval:
    for name in entry:
        if name not in _FIELDS:
            guess = nearest(name, _FIELDS)
            hint = f"did you mean {guess!r}?" if guess else f"known are {', '.join(_FIELDS)}"
            raise GuardError(f"{place.of(name)}: unknown key {name!r} in an approval: {hint}")
    for name in _FIELDS:
        if name not in entry and name not in _OPTIONAL:
            raise GuardError(f"{place.of('')}: the approval has no {name!r}: every one needs it")
    for name, value in entry.items():
        _check_value(place, name, value)
    return Approval(**entry, span=Span(place.path, place.first))


def _check_value(place: _Place, name: str, value: object) -> None:
    if name == "expires":
        if type(value) is not datetime.date:
            raise GuardError(
                f"{place.of(name)}: 'expires' must be a date without quotes and time, "
                "as in expires = 2030-12-31"
            )
    elif not isinstance(value, str):
        raise GuardError(f"{place.of(name)}: {name!r} must be a string")
    elif not value.strip() and name not in _MAY_BE_EMPTY:
        raise GuardError(f"{place.of(name)}: {name!r} is empty: every approval needs it")


def _refuse_duplicates(approvals: Iterable[Approval]) -> None:
    first: dict[tuple[Key, str], Approval] = {}
    for approval in approvals:
        other = first.setdefault(approval.entry, approval)
        if other is not approval:
            raise GuardError(
                f"{approval.span.path}:{approval.span.line}: {approval.rule} of "
                f"{approval.object or approval.revision} is approved already by "
                f"{other.approver} on line {other.span.line}: keep one of the two"
            )
