"""The page as HTML: one file that needs nothing else, and of which nothing is fetched or sent."""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from itertools import groupby
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from guard import __version__
from guard.finding import Report
from guard.patterns import lazy_re
from guard.printable import safe
from guard.reporters.background import Background
from guard.reporters.html.graph import ROW, x_of
from guard.reporters.html.page import page_of
from guard.reporters.wrap import is_code

_TEMPLATES = Path(__file__).parent / "templates"
_CODE = lazy_re(r"`([^`\n]+)`")


def html(report: Report, background: Background) -> str:
    """Return the page of the report, in which every text of others is escaped."""
    style, script = _file("page.css"), _file("page.js")
    return (
        _environment()
        .get_template("page.html.j2")
        .render(
            page=page_of(report, background),
            version=__version__,
            style=style,
            script=script,
            policy=_policy(style, script),
        )
    )


@cache
def _file(name: str) -> Markup:
    return Markup((_TEMPLATES / name).read_text(encoding="utf-8"))  # noqa: S704  (guard's own)


def _policy(style: str, script: str) -> str:
    """Return the policy that lets the page run its own style and script, and nothing else."""
    return (
        f"default-src 'none'; style-src {_hash(style)}; script-src {_hash(script)}; "
        "base-uri 'none'; form-action 'none'"
    )


def _hash(text: str) -> str:
    digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
    return f"'sha256-{digest}'"


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_shown,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"prose": _prose, "said": _said, "x": x_of, "web": _web}
    environment.globals["row_height"] = ROW
    return environment


def _shown(value: object) -> object:
    """Return what a hole of a template shows: text of others fit to be shown, then escaped."""
    return safe(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def _said(text: str) -> Markup:
    """Return the text as paragraphs, and the lines that are code as blocks of code."""
    first, *more = safe(text).splitlines() or [""]
    parts = [Markup("<p>{}</p>").format(_prose(first))]
    for code, lines in groupby(more, is_code):
        if code:
            parts.append(Markup("<pre>{}</pre>").format("\n".join(lines)))
        else:
            parts += [Markup("<p>{}</p>").format(_prose(line)) for line in lines]
    return Markup("").join(parts)


def _prose(text: str) -> Markup:
    """Return the text with what stands between backticks as code."""
    return Markup(_CODE.sub(r"<code>\1</code>", str(escape(safe(text)))))  # noqa: S704


def _web(url: str | None) -> str:
    """Return the address if it is one that may be linked, else nothing."""
    return url if url and url.startswith("https://") else ""
