"""Rules as pages: the list, and one rule with its reason and examples."""

from __future__ import annotations

import inspect
import json
import textwrap
from collections.abc import Iterator, Sequence
from itertools import zip_longest

import msgspec

from guard.effects.effect import Effect, TableEffect
from guard.finding import Finding
from guard.options import describe
from guard.rule import DOES_NOTHING, Example, Rule


def rules_as_text(rules: Sequence[Rule]) -> str:
    """Return a table of the rules by group: name, severity, whether approval is needed, title."""
    if not rules:
        return ""
    width = max(len(rule.name) for rule in rules)
    lines: list[str] = []
    group = ""
    for rule in rules:
        if rule.group != group:
            group = rule.group
            lines += ["", group] if lines else [group]
        lines.append(f"  {rule.name:<{width}}  {default_of(rule):<16}  {rule.title}")
    return "\n".join(lines)


def rules_as_json(rules: Sequence[Rule]) -> str:
    """Return the rules as a JSON array, for programs."""
    return json.dumps(
        [
            {
                "name": rule.name,
                "group": rule.group,
                "severity": rule.severity,
                "approval": rule.approvable,
                "dialects": list(rule.dialects) if rule.dialects else None,
                "title": rule.title,
                "why": rule.why,
                "url": rule.url,
                "options": msgspec.to_builtins(describe(rule.options)) if rule.options else [],
            }
            for rule in rules
        ],
        indent=2,
    )


def explain(rule: Rule, findings: Sequence[Finding | None] = ()) -> str:
    """Return the page of one rule; `findings` are those of its unsafe examples, as far as known."""
    return "\n".join(_page(rule, findings)).rstrip()


def _page(rule: Rule, findings: Sequence[Finding | None]) -> Iterator[str]:
    approval = ", needs an approval" if rule.approvable else ""
    dialects = f", only on {', '.join(rule.dialects)}" if rule.dialects else ""
    yield f"{rule.name} ({rule.group}, {rule.severity}{approval}{dialects})"
    yield ""
    yield rule.title
    yield ""
    yield rule.why
    yield from _options(rule)
    shown = [("Unsafe", *one) for one in zip_longest(rule.unsafe, findings)]
    for heading, example, finding in (*shown, *(("Safe", one, None) for one in rule.safe)):
        yield ""
        yield f"{heading}{where_of(example)}:"
        yield ""
        yield textwrap.indent(code_of(example), "    ")
        if example.says:
            yield ""
            yield from _pinned(example, finding)
    if rule.url:
        yield ""
        yield f"See {rule.url}"


def servers_of(rule: Rule) -> str:
    """Return the servers that the rule is about."""
    return ", ".join(rule.dialects) if rule.dialects else "all"


def default_of(rule: Rule) -> str:
    """Return how severe it is where nobody says, and whether it takes an approval."""
    return rule.severity + (", approval" if rule.approvable else "")


def effect_in_words(effect: Effect) -> str:
    """Return the locks, what they block, and what they grow with, as one line."""
    return "; ".join(
        f"{one.lock} on {one.table}, blocks {_blocked(one)}"
        + (", writes every row" if one.rewrites else ", reads every row" if one.scans else "")
        for one in (effect, *effect.related)
    )


def _blocked(effect: TableEffect) -> str:
    words = {"reads": "reads", "writes": "writes", "ddl": "other DDL"}
    *others, last = [said for what, said in words.items() if what in effect.blocks] or ["nothing"]
    return f"{', '.join(others)} and {last}" if others else last


def _options(rule: Rule) -> Iterator[str]:
    if rule.options is None:
        return
    yield ""
    name = f"rules.{rule.name}"
    yield f"Options, in [tool.guard.{name}] of pyproject.toml, or [{name}] of guard.toml:"
    yield textwrap.indent(inspect.cleandoc(type(rule.options).__doc__ or ""), "    ")
    for option in describe(rule.options):
        yield ""
        yield f"    {option.key} = {json.dumps(option.default)}  ({option.type})"
        yield textwrap.indent(textwrap.fill(option.meaning, 92), "        ")


def where_of(example: Example) -> str:
    """Return what must hold for the example besides its code: the dialect, settings."""
    on = f" on {example.dialect} {example.version or ''}".rstrip() if example.dialect else ""
    settings = ", ".join(f"{key} = {json.dumps(value)}" for key, value in example.config.items())
    return on + (f" with {settings}" if settings else "")


def code_of(example: Example) -> str:
    """Return the example's parts, each under its name; of an upgrade or source alone, the text."""
    parts = [(name, textwrap.dedent(text).strip()) for name, text in _parts(example)]
    if len(parts) == 1 and parts[0][0] in ("upgrade()", "app/models.py"):
        return parts[0][1]
    return "\n\n".join(f"# {name}\n{text}".rstrip() for name, text in parts)


def _parts(example: Example) -> Iterator[tuple[str, str]]:
    for path, text in example.base.items():
        yield f"{path}, on the base", text.removesuffix(DOES_NOTHING)
    for path, changed in example.change.items():
        if changed is None:
            yield f"{path}, removed in the change", ""
        else:
            yield f"{path}, in the change", changed.removesuffix(DOES_NOTHING)
    for body in example.released:
        yield "upgrade() of a revision that is on the base", body
    if example.source is not None:
        yield example.path, example.source
    elif example.upgrade != "pass":
        yield "upgrade()", example.upgrade
    if example.downgrade is not None:
        yield "downgrade()", example.downgrade
    if example.approvals is not None:
        yield "guard-approvals.toml", example.approvals


def _pinned(example: Example, finding: Finding | None) -> Iterator[str]:
    """Yield what guard says of an unsafe example, as far as the example tells."""
    effect = finding.effect if finding is not None else None
    lock = effect_in_words(effect) if effect is not None else ""
    manual = effect.source if effect is not None else ""
    said = (("says", example.says), ("lock", lock), ("help", example.help), ("manual", manual))
    for label, text in said:
        if text:
            first, *more = text.strip().splitlines()
            indent = 4 + len(f"{label}: ")
            yield from textwrap.wrap(
                f"{label}: {first}",
                100,
                initial_indent=" " * 4,
                subsequent_indent=" " * indent,
                break_on_hyphens=False,
                break_long_words=False,
            )
            yield from (" " * indent + line for line in more)
