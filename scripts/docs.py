"""Build the documentation site into build/site: docs/, and what README and its neighbours say.

python scripts/docs.py              build it; a link or anchor that leads nowhere fails
python scripts/docs.py --pages      only write its pages into build/pages

The files stay as GitHub shows them. Here the README's sections become pages of their own, and links
are led to where their targets are on the site, or to the repository. A page that loads something of
another host fails too. It needs the group `docs` only, and no network.
"""

from __future__ import annotations

import argparse
import re
import shutil
import subprocess
import sys
import sysconfig
import tomllib
from collections.abc import Iterator
from pathlib import Path
from posixpath import dirname, normpath, relpath

ROOT = Path(__file__).parent.parent
BUILD = ROOT / "build"
PAGES = BUILD / "pages"
CONFIG = ROOT / "zensical.toml"
RULES = "rules/README.md"
# Which page a section of the README is part of; what stands before the first is its introduction.
SECTIONS = {
    "guard": "index.md",
    "A bad revision is refused": "index.md",
    "Install": "install.md",
    "Where to use it": "use.md",
    "Commands": "commands.md",
    "When a finding is not a problem": "findings.md",
    "Configuration": "configuration.md",
    "What guard does not do": "index.md",
}
# Those that the site has in another form.
ELSEWHERE = {"Try it": "start.md", "Rules": RULES, "More": "index.md"}
TAKEN = {
    "SECURITY.md": "security.md",
    "CHANGELOG.md": "changelog.md",
    "CONTRIBUTING.md": "contributing.md",
}
FENCE = re.compile(r"^( *```.*?^ *```$)", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"(?<=\]\()(?!https?:|mailto:)([^)#\s]*)(#[^)\s]*)?(?=\))")
HEADING = re.compile(r"^(#+) (.*)$", re.MULTILINE)
COMMENT = re.compile(r"<!--.*?-->\n?", re.DOTALL)


def prose(text: str) -> Iterator[tuple[bool, str]]:
    """Return the text in pieces, and of each whether it is prose (else a block of code)."""
    for number, piece in enumerate(FENCE.split(text)):
        yield number % 2 == 0, piece


def slug(title: str) -> str:
    """Return the anchor of a heading, as GitHub and the site make it."""
    return re.sub(r"\s", "-", re.sub(r"[^\w\s-]", "", title.lower()).strip())


def readme_sections() -> dict[str, str]:
    """Return the sections of the README by their titles, each with its heading."""
    sections: dict[str, str] = {}
    title = ""
    for is_prose, piece in prose((ROOT / "README.md").read_text(encoding="utf-8")):
        parts = re.split(r"^(?=##? )", piece, flags=re.MULTILINE) if is_prose else [piece]
        for part in parts:
            if is_prose and (found := re.match(r"##? (.*)", part)):
                title = found[1]
            sections[title] = sections.get(title, "") + part
    return {title: text for title, text in sections.items() if title}


def anchors() -> dict[str, str]:
    """Return the page on which each heading of the README is."""
    found = {}
    for title, text in readme_sections().items():
        page = (SECTIONS | ELSEWHERE)[title]
        for is_prose, piece in prose(text):
            for heading in HEADING.finditer(piece) if is_prose else ():
                found[slug(heading[2])] = page
    return found


def readme_pages() -> dict[str, str]:
    """Return the pages that the README's sections make; a page of one section has its title."""
    pages: dict[str, str] = {}
    for title, text in readme_sections().items():
        if page := SECTIONS.get(title):
            pages[page] = pages.get(page, "") + (text if page == "index.md" else raised(text))
    return pages


def raised(text: str) -> str:
    """Return the text with its headings one level higher."""
    return "".join(
        re.sub(r"^#(?=#+ )", "", piece, flags=re.MULTILINE) if is_prose else piece
        for is_prose, piece in prose(text)
    )


def target(source: str, path: str, anchor: str, repository: str) -> str:
    """Return where on the site a link of a file of the repository leads, from the site's root.

    Raises ValueError where there is nothing.
    """
    there = normpath(f"{dirname(source)}/{path}".lstrip("/")) if path else source
    if there == "README.md":
        page = anchors().get(anchor.removeprefix("#"), "" if anchor else "index.md")
        if not page:
            raise ValueError(f"{source}: README.md has no heading {anchor}")
        return page if slug_of_page(page) == anchor else page + anchor
    if there in TAKEN:
        return TAKEN[there] + anchor
    if not (ROOT / there).exists():
        raise ValueError(f"{source}: there is no {there}")
    if (ROOT / there).is_dir() and (ROOT / there / "README.md").exists():
        there += "/README.md"
    if there.startswith("docs/") and (ROOT / there).is_file():
        return there.removeprefix("docs/") + anchor
    kind = "tree" if (ROOT / there).is_dir() else "blob"
    return f"{repository}/{kind}/main/{there}{anchor}"


def slug_of_page(page: str) -> str:
    """Return the anchor of a page's own title, which needs none."""
    titles = [title for title, its in (SECTIONS | ELSEWHERE).items() if its == page]
    return "#" + slug(titles[0]) if page != "index.md" and titles else ""


def led(text: str, source: str, page: str, repository: str) -> str:
    """Return the text with its links led to where their targets are, seen from the page."""

    def lead(link: re.Match[str]) -> str:
        found = target(source, link[1], link[2] or "", repository)
        if found.startswith("https:"):
            return found
        path, mark, anchor = found.partition("#")
        return (relpath(path, dirname(page) or ".") if path != page else "") + mark + anchor

    return "".join(
        LINK.sub(lead, COMMENT.sub("", piece)) if is_prose else piece
        for is_prose, piece in prose(text)
    )


def navigation(rules: str) -> str:
    """Return the entries of the rules' pages, by group, as zensical.toml has them."""
    groups = re.split(r"^## ", rules, flags=re.MULTILINE)[1:]
    entries = []
    for group in groups:
        names = re.findall(r"^\| \[([\w-]+)\]", group, re.MULTILINE)
        pages = ", ".join(f'{{ "{name}" = "rules/{name}.md" }}' for name in names)
        entries.append(f'{{ "{group.splitlines()[0].strip()}" = [{pages}] }}')
    return ", ".join((f'"{RULES}"', *entries))


def write_pages() -> Path:
    """Write what the site is built of, and return its configuration."""
    shutil.rmtree(PAGES, ignore_errors=True)
    shutil.copytree(ROOT / "docs", PAGES)
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    repository = project["urls"]["Source"]
    texts = {page: ("README.md", text) for page, text in readme_pages().items()}
    for name, page in TAKEN.items():
        texts[page] = (name, (ROOT / name).read_text(encoding="utf-8"))
    for path in sorted((ROOT / "docs").rglob("*.md")):
        name = path.relative_to(ROOT).as_posix()
        texts[name.removeprefix("docs/")] = (name, path.read_text(encoding="utf-8"))
    for page, (source, text) in texts.items():
        written = PAGES / page
        written.parent.mkdir(parents=True, exist_ok=True)
        written.write_text(led(text, source, page, repository), encoding="utf-8")
    config = BUILD / "zensical.toml"
    rules = (ROOT / "docs" / RULES).read_text(encoding="utf-8")
    settings = CONFIG.read_text(encoding="utf-8").replace(f'"{RULES}"', navigation(rules), 1)
    config.write_text(settings, encoding="utf-8")
    return config


def from_elsewhere(html: str) -> list[str]:
    """Return the addresses from which a page would load something, of another host."""
    tags = re.findall(r"<(?:script|img|iframe|source|video|audio|embed|object)\b[^>]*>", html)
    links = [
        tag
        for tag in re.findall(r"<link\b[^>]*>", html)
        if not re.search(r"rel=\"?(?:canonical|next|prev|alternate)", tag)
    ]
    styles = re.findall(r"(?:url\(|@import\s+)[\"']?(?:https?:)?//[^\s\"')]+", html)
    return [
        found[0].rstrip("\"'")
        for part in (*tags, *links, *styles)
        if (found := re.search(r"(?<=[\"'(=\s])(?:https?:)?//[^\s>]+", part))
    ]


def loaded_from_elsewhere(site: Path) -> list[str]:
    """Return a line for each file of the site that would load something of another host."""
    return [
        f"{path.relative_to(site)} loads {address}"
        for path in sorted(site.rglob("*"))
        if path.suffix in (".html", ".css")
        for address in from_elsewhere(path.read_text(encoding="utf-8"))
    ]


def main() -> int:
    """Run the script; return the exit code."""
    parser = argparse.ArgumentParser(description="Build the documentation site.")
    parser.add_argument("--pages", action="store_true")
    asked = parser.parse_args()
    try:
        config = write_pages()
    except ValueError as error:
        print(error, file=sys.stderr)
        return 1
    if asked.pages:
        return 0
    shutil.rmtree(BUILD / "site", ignore_errors=True)
    program = Path(sysconfig.get_path("scripts")) / "zensical"
    command = [str(program), "build", "--clean", "--strict", "-f", str(config)]
    if code := subprocess.run(command, check=False).returncode:
        return code
    foreign = loaded_from_elsewhere(BUILD / "site")
    for line in foreign:
        print(line, file=sys.stderr)
    return 1 if foreign else 0


if __name__ == "__main__":
    sys.exit(main())
