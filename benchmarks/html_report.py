"""Measure the HTML report: how long it takes to write, how large it is, how soon it is open.

    python benchmarks/html_report.py [--revisions 450] [--corpus FOLDER/HISTORY ...]

It needs Chromium and its driver, and selenium. The first rows are of synthetic histories
(benchmarks/generate.py), all revisions judged, and the last one new; the others of real ones that
benchmarks/corpus.py has unpacked. `write` is the user CPU time that the page costs beside the
JSON report, `ready` what the browser says of the page: loaded, and its script run, from the
navigation's start; `search` how long it takes to show what has a word. The best of several.
"""

from __future__ import annotations

import argparse
import gzip
import os
import resource
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from selenium import webdriver

HERE = Path(__file__).parent
SUPPORT = HERE.parent / "tests" / "support"
GUARD = str(Path(sys.executable).with_name("guard"))
ROUNDS = 5
READY = """
const done = arguments[0];
const ask = () => {
  const page = performance.getEntriesByType('navigation')[0];
  if (page.loadEventEnd) done(page.loadEventEnd); else setTimeout(ask, 5);
};
ask();
"""
SEARCH = """
const search = document.querySelector('#search');
const start = performance.now();
search.value = 'add';
document.querySelector('.filters').dispatchEvent(new Event('change'));
document.body.getBoundingClientRect();
const took = performance.now() - start;
document.querySelector('.filters').reset();
return took;
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--revisions", type=int, nargs="+", default=[450])
    parser.add_argument("--corpus", type=Path, nargs="*", default=[])
    options = parser.parse_args()
    head = ("history", "rows", "write s", "kB", "gzip kB", "ready ms", "search ms")
    print(f"{head[0]:36}" + "".join(f"{title:>11}" for title in head[1:]))
    with tempfile.TemporaryDirectory() as name, chromium(Path(name)) as browser:
        for count in options.revisions:
            project = Path(name) / f"synthetic-{count}"
            generate = [
                sys.executable,
                str(HERE / "generate.py"),
                "--revisions",
                str(count),
                str(project),
            ]
            subprocess.run(generate, check=True, capture_output=True)
            measure(f"{count} synthetic, all judged", project, ["--all"], browser)
            in_git(project)
            measure(f"{count} synthetic, one new", project, ["--base", "HEAD"], browser)
        for project in options.corpus:
            measure(f"{project.name}, all judged", project, ["--all"], browser)


def in_git(project: Path) -> None:
    """Commit all revisions but the last."""
    last = max((project / "migrations" / "versions").glob("*.py"))
    text = last.read_text(encoding="utf-8")
    last.unlink()
    identity = ["-c", "user.name=x", "-c", "user.email=x@example.org"]
    for command in (["init", "-q"], ["add", "-A"], [*identity, "commit", "-q", "-m", "base"]):
        subprocess.run(["git", *command], cwd=project, check=True)
    last.write_text(text, encoding="utf-8")


def measure(title: str, project: Path, arguments: list[str], browser: webdriver.Chrome) -> None:
    with tempfile.TemporaryDirectory() as name:
        page = Path(name) / "report.html"
        plain = cpu(project, [*arguments, "--output", "json"])
        drawn = cpu(project, [*arguments, "--output", f"html:{page}"])
        data = page.read_bytes()
        ready, search = zip(*(opened(browser, page) for _ in range(ROUNDS)), strict=True)
        rows = len(browser.find_elements("css selector", ".rev"))
    packed = len(gzip.compress(data))
    print(
        f"{title:36}{rows:11}{drawn - plain:11.2f}{len(data) / 1000:11.0f}{packed / 1000:11.0f}"
        f"{min(ready):11.0f}{min(search):11.0f}"
    )


def opened(browser: webdriver.Chrome, page: Path) -> tuple[float, float]:
    browser.get("about:blank")
    browser.get(page.as_uri())
    return browser.execute_async_script(READY), browser.execute_script(SEARCH)


def cpu(project: Path, arguments: list[str]) -> float:
    """The user CPU time of a lint, the best of several; the first one fills the cache."""
    return min(_once(project, arguments) for _ in range(3))


def _once(project: Path, arguments: list[str]) -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
    command = [GUARD, "lint", *arguments, "--exit-zero"]
    environ = {name: value for name, value in os.environ.items() if name != "CI"}
    subprocess.run(command, cwd=project, check=True, capture_output=True, env=environ)
    return resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - before


@contextmanager
def chromium(folder: Path) -> Iterator[webdriver.Chrome]:
    sys.path.insert(0, str(SUPPORT))
    from browser import started

    with started(folder / "profile") as browser:
        yield browser


if __name__ == "__main__":
    main()
