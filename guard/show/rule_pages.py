"""The reference: a page of Markdown for each rule, and an index of them by group."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby

from guard.finding import Finding
from guard.options import describe
from guard.rule import Example, Rule
from guard.show.rules import code_of, default_of, effect_in_words, servers_of, where_of

_TITLES = {
    "destructive": "Data is gone",
    "locking": "Traffic stops while it runs",
    "compatibility": "Code that is still running breaks",
    "correctness": "It fails, or does something else than it says",
    "transactions": "What runs together, and how long it waits",
    "history": "The chain of revisions",
    "source": "Python and configuration around the database",
    "style": "Taste and long-term health",
    "roundtrip": "What running it showed",
    "suppression": "The gate guards itself",
}


def index(rules: Sequence[Rule]) -> str:
    """Return the page that lists the rules, group by group."""
    order = [*_TITLES]
    chapters = sorted(
        rules,
        key=lambda r: (order.index(r.group) if r.group in order else len(order), r.group, r.name),
    )
    lines = ["# Rules", "", "One page each: why, what is refused, and what to do instead."]
    for group, members in groupby(chapters, key=lambda rule: rule.group):
        lines += ["", f"## {group}", ""]
        lines += [f"{_TITLES[group]}.", ""] if group in _TITLES else []
        lines += ["| rule | what it finds | default | servers |", "|---|---|---|---|"]
        lines += [
            f"| [{one.name}]({one.name}.md) | {one.title} | {default_of(one)} | {servers_of(one)} |"
            for one in members
        ]
    return "\n".join(lines) + "\n"


def page(rule: Rule, findings: Sequence[Finding | None]) -> str:
    """Return a rule's page; `findings` are those of its unsafe examples, as far as known."""
    return "\n".join(_page(rule, findings)).rstrip() + "\n"


def _page(rule: Rule, findings: Sequence[Finding | None]) -> Iterator[str]:
    yield f"# {rule.name}"
    yield ""
    yield rule.title
    yield ""
    yield f"Group `{rule.group}`. By default: {default_of(rule)}. Servers: {servers_of(rule)}."
    yield ""
    yield rule.why
    yield from _manuals(findings)
    yield from _options(rule)
    yield ""
    yield "## Unsafe"
    for example, finding in zip(rule.unsafe, findings, strict=True):
        yield from _example(example)
        yield from _said(example, finding)
    yield ""
    yield "## Safe"
    for example in rule.safe:
        yield from _example(example)


def _manuals(findings: Sequence[Finding | None]) -> Iterator[str]:
    """The pages that the findings rest on."""
    effects = (finding.effect for finding in findings if finding is not None)
    pages = dict.fromkeys(effect.source for effect in effects if effect is not None)
    if pages:
        yield ""
        yield "The servers' manuals:"
        yield ""
        yield from (f"- <{page}>" for page in pages)


def _options(rule: Rule) -> Iterator[str]:
    if rule.options is None:
        return
    yield ""
    yield "## Options"
    yield ""
    yield f"In `[tool.guard.rules.{rule.name}]`:"
    yield ""
    yield "| key | what it may be | meaning |"
    yield "|---|---|---|"
    for option in describe(rule.options):
        yield f"| `{option.key}` | {option.type} | {_one_line(option.meaning)} |"


def _example(example: Example) -> Iterator[str]:
    where = where_of(example).strip()
    yield ""
    if where:
        yield f"{where[0].upper()}{where[1:]}:"
        yield ""
    yield "```python"
    yield code_of(example)
    yield "```"


def _said(example: Example, finding: Finding | None) -> Iterator[str]:
    """What guard says of an unsafe example: the whole of it, or the part that the example pins."""
    message, remedy = example.says, example.help
    if finding is not None:
        message, remedy = finding.message, finding.remedy
    yield ""
    yield from _quoted(message)
    if finding is not None and finding.effect is not None:
        yield ">"
        yield f"> {effect_in_words(finding.effect)}"
    if remedy:
        yield ">"
        yield from _quoted(f"help: {remedy}")


def _quoted(text: str) -> Iterator[str]:
    """A sentence, and the code below it."""
    sentence, *code = text.splitlines()
    yield f"> {_one_line(sentence)}"
    if code:
        yield from (f"> {line}".rstrip() for line in ("```", *code, "```"))


def _one_line(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|").replace("<", "\\<")
