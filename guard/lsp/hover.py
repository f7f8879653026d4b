"""What an editor shows over a finding: what it locks, and why there is a rule."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from guard.effects.effect import Effect
from guard.finding import Finding
from guard.patterns import lazy_re
from guard.printable import encodable, safe
from guard.rule import Rule
from guard.show.rules import effect_in_words

_MARKDOWN = lazy_re(r"([\\`*_{}\[\]<>#|~])")


def hover_text(findings: Sequence[Finding], rules: Mapping[str, Rule]) -> str:
    """Return Markdown about these findings; what comes from the repository cannot write into it."""
    return encodable("\n\n---\n\n".join("\n\n".join(_about(one, rules)) for one in findings))


def _about(finding: Finding, rules: Mapping[str, Rule]) -> Iterator[str]:
    approval = ", needs an approval" if finding.approvable else ""
    name = f"[{finding.rule}]({finding.url})" if finding.url else finding.rule
    yield f"**{name}** ({finding.severity}{approval})"
    yield _plain(finding.message)
    if finding.effect is not None:
        yield f"**Locks:** {_plain(effect_in_words(finding.effect))}. {_held(finding.effect)}"
        yield f"[The manual of the server]({finding.effect.source})"
    rule = rules.get(finding.rule)
    if rule is not None:
        yield f"**Why:** {_plain(rule.title)}"
        yield _plain(rule.why)


def _held(effect: Effect) -> str:
    """How long that waits which is blocked: MySQL commits after each statement of DDL."""
    all_ = (effect, *effect.related)
    done = "written" if any(one.rewrites for one in all_) else "read"
    every_row = any(one.rewrites or one.scans for one in all_)
    work = f", while every row is {done}" if every_row else ""
    end = "transaction" if "postgresql" in effect.source else "statement"
    return f"Held to the end of the {end}{work}."


def _plain(text: str) -> str:
    return _MARKDOWN.sub(r"\\\1", safe(text))
