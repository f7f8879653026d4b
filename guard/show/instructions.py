"""The rules in force as instructions for who writes code: coding assistants, and people."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import msgspec

from guard.rule import Rule
from guard.server import Server

BEGIN = "<!-- guard:begin -->"
END = "<!-- guard:end -->"
# The groups in the order in which somebody needs them, and what they are about.
TITLES = {
    "destructive": "Data that would be lost",
    "history": "Migrations, released and new",
    "correctness": "What a migration may say",
    "locking": "Locks and traffic",
    "compatibility": "Code that still runs",
    "roundtrip": "Before a migration is committed",
    "source": "Models, queries and settings",
    "style": "Style",
    "suppression": "Exceptions",
}
_NAMES = {"postgresql": "PostgreSQL", "mysql": "MySQL", "mariadb": "MariaDB", "sqlite": "SQLite"}
_JOINED = "NEVER use "
_NO_WAY_AROUND = (
    "NEVER switch a rule off, exclude a file or touch the baseline to make `guard check` pass"
)
_APPROVALS = (
    "NEVER approve anything yourself: no `guard approve`, no line in the approvals; show a person "
    "the command that `guard check` prints"
)


class Project(msgspec.Struct, frozen=True, kw_only=True):
    """What of a project its instructions tell: where migrations are, and for which server.

    `warnings_fail`: a warning stops the gate as an error does.
    """

    folders: tuple[str, ...] = ()
    server: Server = Server()
    warnings_fail: bool = False


class _Told(msgspec.Struct, frozen=True):
    """One sentence, and what must be said with it."""

    sentence: str
    approvable: bool
    warning: bool


def instructions(rules: Sequence[Rule], project: Project) -> str:
    """Return a section in Markdown, between its markers, of the rules that can refuse a change.

    `rules` are those in force, with their severity and options. What several rules say is said
    once; a rule with nothing to say is named.
    """
    judging = [
        rule
        for rule in rules
        if rule.severity in ("error", "warning")
        and (rule.dialects is None or project.server.dialect in rule.dialects)
    ]
    groups = {rule.group: None for rule in judging}
    ordered = [*(g for g in TITLES if g in groups), *(g for g in groups if g not in TITLES)]
    lines = [BEGIN, "## Database migrations", "", *_introduction(project)]
    said: set[str] = set()
    for group in ordered:
        told = list(_group([r for r in judging if r.group == group], project, said))
        if group == "suppression":
            told += [_bullet(_NO_WAY_AROUND)]
            told += [_bullet(_APPROVALS)] * any(rule.approvable for rule in judging)
        title = TITLES.get(group, group.replace("-", " ").capitalize())
        lines += ["", f"### {title}", "", *told] if told else []
    return "\n".join([*lines, END])


def _introduction(project: Project) -> Iterator[str]:
    yield "`guard check` refuses a change that breaks one of these rules, and prints the safe way."
    yield "`guard init --instructions` writes this part anew from the rules in force."
    places = ", ".join(f"`{folder}`" for folder in project.folders)
    server = project.server
    version = ".".join(map(str, server.version)) if server.version else ""
    database = f"{_NAMES[server.dialect]} {version}".rstrip() if server.dialect else ""
    facts = [f"migrations are in {places}"] * bool(places)
    facts += [f"the database is {database}"] * bool(database)
    if facts:
        sentence = ", ".join(facts)
        yield f"{sentence[0].upper()}{sentence[1:]}."


def _group(rules: Sequence[Rule], project: Project, said: set[str]) -> Iterator[str]:
    """Yield the lines of a group: what may be approved, what each rule says, what says nothing."""
    by_sentence = {one.sentence: one for rule in rules for one in _told(rule, project)}
    told = [one for sentence, one in by_sentence.items() if sentence not in said]
    said.update(by_sentence)
    joined = [one for one in told if one.approvable and _is_joined(one)]
    if joined:
        acts = _or([one.sentence.removeprefix(_JOINED) for one in joined])
        yield _bullet(f"{_JOINED}{acts} without explicit approval")
    for one in told:
        if one not in joined:
            yield _bullet(_with_conditions(one))
    silent = [f"`{rule.name}`" for rule in rules if not rule.instructions]
    if silent:
        yield f"- See also `guard explain RULE` for {', '.join(silent)}."


def _told(rule: Rule, project: Project) -> Iterator[_Told]:
    warning = rule.severity == "warning" and not project.warnings_fail
    for sentence in rule.instructions:
        never = sentence.startswith("NEVER ")
        yield _Told(sentence, rule.approvable and never, warning)


def _is_joined(one: _Told) -> bool:
    plain = ":" not in one.sentence and not one.warning
    return plain and one.sentence.startswith(_JOINED)


def _with_conditions(one: _Told) -> str:
    sentence = one.sentence
    if one.approvable:
        act, colon, rest = sentence.partition(":")
        sentence = f"{act} without explicit approval{colon}{rest}"
    return f"{sentence} (a warning, not refused)" if one.warning else sentence


def _bullet(sentence: str) -> str:
    for word in ("NEVER", "ALWAYS"):
        sentence = sentence.replace(f"{word} ", f"**{word}** ", 1)
    return f"- {sentence}."


def _or(names: Iterable[str]) -> str:
    *others, last = names
    return f"{', '.join(others)} or {last}" if others else last
