"""A revision cannot write into the terminal, the log or the comment, in no format."""

from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ET
from html.parser import HTMLParser

import cmarkgfm  # type: ignore[import-untyped]
import pytest
from cmarkgfm.cmark import Options  # type: ignore[import-untyped]
from hostile import CONTROLS, HOSTILE, report
from reports import PATH, rendered

from guard.operations import DropTable, Name, Opaque
from guard.reader import ParsedRevision
from guard.reporters import REPORTERS
from guard.reporters.background import Change
from guard.reporters.text import Form, text
from guard.statement import Span, Statement, Steps

pytestmark = pytest.mark.no_cover  # each row runs the same lines

every = pytest.mark.parametrize("said", HOSTILE.values(), ids=HOSTILE)


@every
@pytest.mark.parametrize("name", REPORTERS)
def test_no_format_steers_a_terminal(name: str, said: str) -> None:
    assert not CONTROLS.search(rendered(name, report(said)))


@every
@pytest.mark.parametrize("form", ["full", "concise", "statistics"])
@pytest.mark.parametrize("links", [True, False])
def test_no_text_steers_a_terminal(form: Form, links: bool, said: str) -> None:
    shown = text(report(said), form=form, verbose=True, links=links)
    ours = re.sub(r"\x1b\]8;;(https://rules\.example/drop-table\.md)?\x1b\\", "", shown)
    assert not CONTROLS.search(ours)


@every
@pytest.mark.parametrize("name", ["text", "concise", "github", "azure", "junit", "markdown"])
def test_no_log_is_commanded(name: str, said: str) -> None:
    form: Form = "concise" if name == "concise" else "full"
    whole = (
        text(report(said), form=form, verbose=True)
        if name in ("text", "concise")
        else rendered(name, report(said))
    )
    for line in whole.splitlines():
        if name == "github" and line.startswith("::error "):
            line = line.removeprefix("::error ")  # noqa: PLW2901
        if name == "azure" and line.startswith("##vso[task.logissue "):
            line = line.removeprefix("##vso[task.logissue ")  # noqa: PLW2901
        assert not re.match(r"\s*::\w", line)
        assert not re.search(r"##\w*\[", line)


@every
def test_annotations_stay_in_their_lines(said: str) -> None:
    for name, opened in (("github", "::error "), ("azure", "##vso[task.logissue ")):
        lines = rendered(name, report(said)).splitlines()
        assert sum(line.startswith(opened) for line in lines) == 2
        plain = ("approved: ", "note: ", "checked: ", "found: ", "guard: ", opened)
        assert all(line.startswith(plain) for line in lines)


@every
@pytest.mark.parametrize("name", ["json", "sarif", "gitlab", "rdjson"])
def test_json_is_json_in_ascii(name: str, said: str) -> None:
    output = rendered(name, report(said))
    assert output.isascii()
    json.loads(output)


@every
def test_xml_is_xml_with_the_tests_that_it_has(said: str) -> None:
    root = ET.fromstring(rendered("junit", report(said)).encode())
    assert {element.tag for element in root.iter()} == {
        "testsuites",
        "testsuite",
        "testcase",
        "failure",
        "skipped",
        "error",
        "system-out",
    }
    assert len(root.findall("testsuite/testcase")) == 4


class Page(HTMLParser):
    """What a page holds: its tags with their links, and the text that is no code."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.links: list[str] = []
        self.prose = ""
        self._code = 0
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.links += [value or "" for name, value in attrs if name in ("href", "src")]
        self._code += tag in ("code", "pre")

    def handle_endtag(self, tag: str) -> None:
        self._code -= tag in ("code", "pre")

    def handle_data(self, data: str) -> None:
        if not self._code:
            self.prose += data


def revision(said: str) -> ParsedRevision:
    """A revision that drops a table of that name by SQL that holds it."""
    drop = Statement(
        operations=(DropTable(table=Name(said)), Opaque(code=said, reason=said)),
        span=Span(PATH, 5),
        direction="upgrade",
        sql=f"DROP TABLE {said}",
        condition=said,
    )
    upgrade = Steps(direction="upgrade", statements=(drop,), span=Span(PATH, 4))
    downgrade = Steps(direction="downgrade", raises=said, span=Span(PATH, 9))
    path = f"db/{said}.py"
    return ParsedRevision(path=path, revision=said, upgrade=upgrade, downgrade=downgrade)


def markdown(name: str, said: str) -> str:
    return rendered(name, report(said), changes=(Change(revision=revision(said)),))


def page(name: str, said: str) -> Page:
    """What GitHub's own parser makes of it, with the raw HTML that it lets through."""
    output = markdown(name, said)
    return Page(cmarkgfm.github_flavored_markdown_to_html(output, Options.CMARK_OPT_UNSAFE))


@every
@pytest.mark.parametrize("name", ["markdown", "github-summary"])
def test_a_comment_holds_what_guard_says_and_nothing_else(name: str, said: str) -> None:
    hostile, plain = page(name, said), page(name, "orders")
    assert hostile.links == plain.links == ["https://rules.example/drop-table.md"]
    assert [tag for tag in hostile.tags if tag not in ("code", "pre")] == [
        tag for tag in plain.tags if tag not in ("code", "pre")
    ]
    assert not re.search(r"@\w|#\d|://|www\.", hostile.prose)


@every
def test_only_guard_writes_the_marker(said: str) -> None:
    output = markdown("markdown", said)
    assert output.startswith("<!-- migration-guard: report -->\n")
    outside = re.sub(r"(`+).*?\1", "", output, flags=re.DOTALL)
    assert outside.count("<!--") == 1
    assert not re.search(r"^/\w", re.sub(r"^(`{3,}).*?^\1", "", output, flags=re.M | re.S), re.M)
