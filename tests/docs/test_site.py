"""The site: the README in pages, links that lead there, and nothing from elsewhere."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
from load_script import script

docs = script("docs")
ROOT = Path(__file__).parent.parent.parent
REPOSITORY = "https://example.org/migration-guard"


@pytest.mark.parametrize(
    ("source", "page", "link", "leads"),
    [
        ("README.md", "index.md", "docs/ci.md", "ci.md"),
        ("README.md", "index.md", "SECURITY.md", "security.md"),
        ("README.md", "configuration.md", "#several-services", "#several-services"),
        ("README.md", "findings.md", "#several-services", "configuration.md#several-services"),
        ("docs/ci.md", "ci.md", "../README.md", "index.md"),
        ("docs/ci.md", "ci.md", "../README.md#pre-commit", "use.md#pre-commit"),
        ("docs/ci.md", "ci.md", "../README.md#configuration", "configuration.md"),
        ("docs/ci.md", "ci.md", "rules/drop-table.md", "rules/drop-table.md"),
        ("docs/rules/README.md", "rules/README.md", "drop-table.md", "drop-table.md"),
        ("docs/rules/drop-table.md", "rules/drop-table.md", "../ci.md#x", "../ci.md#x"),
        ("docs/decisions/README.md", "decisions/README.md", "../../SECURITY.md", "../security.md"),
        ("docs/ci.md", "ci.md", "../action.yml", f"{REPOSITORY}/blob/main/action.yml"),
        ("docs/decisions/README.md", "decisions/README.md", "../ci.md", "../ci.md"),
        ("docs/ci.md", "ci.md", "../tests", f"{REPOSITORY}/tree/main/tests"),
        ("docs/ci.md", "ci.md", "https://example.org/x", "https://example.org/x"),
    ],
)
def test_a_link_is_led(source: str, page: str, link: str, leads: str) -> None:
    assert docs.led(f"[a]({link})", source, page, REPOSITORY) == f"[a]({leads})"


@pytest.mark.parametrize("link", ["../README.md#nothing", "nothing.md", "../nothing"])
def test_a_link_to_nothing_is_refused(link: str) -> None:
    with pytest.raises(ValueError, match=r"docs/ci\.md: (there is no|README\.md has no)"):
        docs.led(f"[a]({link})", "docs/ci.md", "ci.md", REPOSITORY)


def test_code_and_what_is_for_scripts_is_left_out() -> None:
    text = "<!-- run -->\n```python\n# [a](nothing.md)\n```\n"
    assert (
        docs.led(text, "docs/ci.md", "ci.md", REPOSITORY) == "```python\n# [a](nothing.md)\n```\n"
    )


def test_every_section_of_the_readme_has_its_place() -> None:
    assert set(docs.readme_sections()) == set(docs.SECTIONS) | set(docs.ELSEWHERE)


def test_every_page_is_in_the_navigation_once() -> None:
    named = re.findall(r'"([\w/-]+\.md)"', (ROOT / "zensical.toml").read_text(encoding="utf-8"))
    written = {path.relative_to(ROOT / "docs").as_posix() for path in (ROOT / "docs").glob("*.md")}
    sections = set(docs.SECTIONS.values()) | set(docs.TAKEN.values())
    all_of_them = written | sections | {"rules/README.md", "decisions/README.md"}
    assert sorted(named) == sorted(all_of_them)


def test_every_rule_is_in_the_navigation() -> None:
    rules = (ROOT / "docs" / "rules" / "README.md").read_text(encoding="utf-8")
    entries = tomllib.loads(f"nav = [{docs.navigation(rules)}]")["nav"]
    linked = {path.stem for path in (ROOT / "docs" / "rules").glob("*.md")} - {"README"}
    groups = [pages for entry in entries[1:] for pages in entry.values()]
    assert {name for pages in groups for page in pages for name in page} == linked


@pytest.mark.parametrize(
    "html",
    [
        '<script src="https://cdn.example/x.js"></script>',
        "<script src=//cdn.example/x.js></script>",
        '<img alt="a" src="http://cdn.example/x.png">',
        '<link rel="stylesheet" href="https://fonts.example/css">',
        '<link href="https://fonts.example" rel="preconnect">',
        "<style>@import 'https://fonts.example/css';</style>",
        "body{background:url(https://cdn.example/x.png)}",
    ],
)
def test_what_is_loaded_from_elsewhere_is_found(html: str) -> None:
    assert docs.from_elsewhere(html)


@pytest.mark.parametrize(
    "html",
    [
        '<a href="https://example.org/">there</a>',
        '<script src="../assets/x.js"></script><link rel="stylesheet" href="./x.css">',
        '<link rel="canonical" href="https://example.org/page/">',
        "body{background:url(data:image/svg+xml;base64,PHN2Zz4=)}",
    ],
)
def test_what_is_here_may_be_loaded(html: str) -> None:
    assert not docs.from_elsewhere(html)
