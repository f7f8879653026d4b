"""The HTML report in a browser: its filters, its switch of themes, its keys, and what it loads."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from browser import prefer, size, started
from reported import report_of, shop

if TYPE_CHECKING:
    from selenium.webdriver import Chrome

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chrome]:
    with started(tmp_path_factory.mktemp("profile")) as running:
        yield running


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("report")
    page = folder / "report.html"
    page.write_text(report_of(shop(folder, released=40).root), encoding="utf-8")
    return page


class Shown:
    """The page as somebody who uses it sees it."""

    def __init__(self, browser: Chrome, file: Path) -> None:
        self.browser = browser
        self.file = file

    def open(self, anchor: str = "") -> None:
        self.browser.get("about:blank")
        self.browser.get(self.file.as_uri() + anchor)

    def run(self, code: str) -> Any:
        return self.browser.execute_script(code)

    def seen(self, selector: str) -> list[str]:
        """The first line of each element of that kind that can be seen."""
        found: list[str] = self.run(
            f"return [...document.querySelectorAll({selector!r})]"
            ".filter(e => e.checkVisibility()).map(e => e.textContent.trim().split('\\n')[0])"
        )
        return found

    def press(self, keys: str) -> None:
        self.browser.switch_to.active_element.send_keys(keys)

    def click(self, selector: str) -> None:
        self.browser.find_element("css selector", selector).click()

    def settle(self) -> None:
        """Wait until the page has painted what it was told."""
        self.browser.execute_async_script(
            "const done = arguments[0];"
            "requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(done, 0)))"
        )

    @property
    def focus(self) -> str:
        return str(self.run("return document.activeElement.innerText.split('\\n')[0]"))


@pytest.fixture
def page(browser: Chrome, file: Path) -> Iterator[Shown]:
    """The report, freshly opened; what the browser complains of fails the test."""
    size(browser, 1280)
    prefer(browser, "light")
    shown = Shown(browser, file)
    shown.open()
    shown.run("localStorage.clear()")
    yield shown
    assert browser.get_log("browser") == []  # type: ignore[no-untyped-call]


CARDS, REVISIONS = ".card > summary h3", ".rev h4 .id"


def test_words_narrow_findings_and_revisions(page: Shown) -> None:
    assert len(page.seen(REVISIONS)) == 10
    page.click("#search")
    page.press("Notes e1")
    page.settle()
    assert page.seen(REVISIONS) == ["e1"]
    assert all("orders.note" in card or "e1" in card for card in page.seen(CARDS))
    page.press("no such thing")
    page.settle()
    assert page.seen(REVISIONS) == page.seen(CARDS) == []
    assert "No finding matches the filters." in page.seen(".empty")
    assert page.seen("#shown")[0].startswith("0 of ")
    page.click("[type=reset]")
    page.settle()
    assert len(page.seen(REVISIONS)) == 10


def test_words_find_what_is_folded_away(page: Shown) -> None:
    page.click("#search")
    page.press("merge both")
    page.settle()
    assert page.seen(REVISIONS) == ["c1"]


def test_severity_rule_and_new_narrow_too(page: Shown) -> None:
    page.click("[value=error]")
    page.settle()
    assert set(page.seen(".card .severity")) == {"warning"}
    page.click("[value=error]")
    page.run("const r = document.querySelector('#rule'); r.value = 'drop-column';"
             "r.dispatchEvent(new Event('change', {bubbles: true}))")  # fmt: skip
    page.settle()
    assert page.seen(".card .rule") == ["drop-column"]
    assert page.seen(REVISIONS) == ["e1"]
    page.click("[type=reset]")
    page.click("#new")
    page.settle()
    assert sorted(page.seen(REVISIONS)) == ["e1", "f1"]


def test_older_revisions_are_shown_when_asked(page: Shown) -> None:
    page.click("[data-more]")
    page.settle()
    assert len(page.seen(REVISIONS)) == 46
    assert page.seen("[data-more]") == []


def test_the_theme_follows_the_system_or_the_switch(page: Shown) -> None:
    def ground() -> object:
        return page.run("return getComputedStyle(document.body).backgroundColor")

    light = ground()
    prefer(page.browser, "dark")
    dark = ground()
    assert light != dark
    for theme, color in (("light", light), ("dark", dark), ("auto", dark)):
        page.run(f"const t = document.querySelector('#theme'); t.value = '{theme}';"
                 "t.dispatchEvent(new Event('change', {bubbles: true}))")  # fmt: skip
        assert ground() == color
    page.run("const t = document.querySelector('#theme'); t.value = 'light';"
             "t.dispatchEvent(new Event('change', {bubbles: true}))")  # fmt: skip
    page.open()
    assert ground() == light  # the browser has kept it


def test_all_can_be_done_with_keys(page: Shown) -> None:
    page.press("\ue004")  # Tab
    assert page.focus == "Skip to the report"
    page.press("j")
    first = page.focus
    page.press("j")
    assert page.focus != first
    page.press("k")
    assert page.focus == first
    opened = "return document.activeElement.parentElement.open"
    was = page.run(opened)
    page.press("\ue007")  # Enter
    assert page.run(opened) is not was
    page.press("/")
    assert page.run("return document.activeElement.id") == "search"
    page.press("jk/")
    assert page.run("return document.activeElement.value") == "jk/"
    page.press("\ue00c")  # Escape
    page.settle()
    assert page.run("return document.querySelector('#search').value") == ""
    outline = "return getComputedStyle(document.activeElement).outlineStyle"
    page.press("\ue004")
    assert page.run(outline) != "none"


def test_a_link_opens_what_it_leads_to(page: Shown) -> None:
    page.click(".card .links a")
    page.settle()
    assert page.run("return document.querySelector(location.hash).open")
    assert page.focus in ("e1 Drop the notes of orders", "f1 Create shipments", "e1", "f1")
    page.open("#r1-1")  # the first revision, which is folded away
    page.settle()
    assert "a1" in page.seen(REVISIONS)


def test_everything_opens_and_closes_at_once(page: Shown) -> None:
    for pressed in ("true", "false"):
        page.click("[data-toggle=revisions]")
        state = page.run("return document.querySelector('[data-toggle=revisions]').ariaPressed")
        assert state == pressed
        assert page.run("return document.querySelectorAll('.rev > details[open]').length") == (
            2 if pressed == "true" else 0
        )


@pytest.mark.parametrize("width", [320, 400, 800, 1920])
def test_nothing_is_wider_than_the_window(page: Shown, width: int) -> None:
    size(page.browser, width)
    page.run("document.querySelectorAll('details').forEach(one => { one.open = true })")
    page.settle()
    assert page.run("return document.documentElement.scrollWidth") <= width


def test_what_is_too_wide_is_scrolled_with_keys(page: Shown) -> None:
    size(page.browser, 400)
    page.run("document.querySelectorAll('details').forEach(one => { one.open = false })")
    page.run("document.querySelectorAll('details').forEach(one => { one.open = true })")
    page.settle()
    wide = page.run(
        "return [...document.querySelectorAll('pre')]"
        ".filter(one => one.scrollWidth > one.clientWidth).map(one => one.tabIndex)"
    )
    assert wide
    assert set(wide) == {0}


def test_nothing_is_loaded(page: Shown) -> None:
    assert page.run("return performance.getEntriesByType('resource').length") == 0


def test_without_scripts_everything_is_there(page: Shown) -> None:
    page.browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
    try:
        page.open()
        shown = page.browser.find_elements("css selector", ".rev")
        assert len(shown) == 46
        assert all(row.is_displayed() for row in shown)
        assert not page.browser.find_element("css selector", ".filters").is_displayed()
    finally:
        page.browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})
