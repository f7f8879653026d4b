"""Rules as pages: the list, and one rule with its reason and examples."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterator, Sequence

from guard.rule import Example, Rule


def rules_as_text(rules: Sequence[Rule]) -> str:
    """Return a table of the rules by group: name, severity, whether approval is needed, title."""
    width = max(len(rule.name) for rule in rules)
    lines: list[str] = []
    group = ""
    for rule in rules:
        if rule.group != group:
            group = rule.group
            lines += ["", group] if lines else [group]
        severity = rule.severity + (", approval" if rule.approvable else "")
        lines.append(f"  {rule.name:<{width}}  {severity:<16}  {rule.title}")
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
            }
            for rule in rules
        ],
        indent=2,
    )


def explain(rule: Rule) -> str:
    """Return the page of one rule."""
    return "\n".join(_page(rule)).rstrip()


def _page(rule: Rule) -> Iterator[str]:
    approval = ", needs an approval" if rule.approvable else ""
    dialects = f", only on {', '.join(rule.dialects)}" if rule.dialects else ""
    yield f"{rule.name} ({rule.group}, {rule.severity}{approval}{dialects})"
    yield ""
    yield rule.title
    yield ""
    yield rule.why
    for heading, examples in (("Unsafe", rule.unsafe), ("Safe", rule.safe)):
        for example in examples:
            yield ""
            yield f"{heading}:"
            yield textwrap.indent(_shown(example), "    ")


def _shown(example: Example) -> str:
    if example.source is not None:
        return example.source.strip()
    parts = [f"# on the base: {path}\n{text.strip()}" for path, text in example.base.items()]
    parts += [
        f"# in the change: {path}\n{text.strip() if text is not None else '(removed)'}"
        for path, text in example.change.items()
    ]
    parts += [f"# released before\n{textwrap.dedent(body).strip()}" for body in example.released]
    if not example.change:
        parts.append(textwrap.dedent(example.upgrade).strip())
        if example.downgrade is not None:
            parts.append("# downgrade\n" + textwrap.dedent(example.downgrade).strip())
    return "\n".join(parts)
