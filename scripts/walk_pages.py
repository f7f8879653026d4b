"""Do what the pages of docs/ say, and write what the commands print.

python scripts/walk_pages.py [NAME ...]    do it, and write the outputs anew

A page that says `<!-- walk -->` is followed from its top in an empty folder. Above a block of code
a comment says what happens with it:

    <!-- write PATH -->           the file holds this now
    <!-- replace PATH: TEXT -->   in the file this stands where the text stood
    <!-- run -->                  the commands after `$` run and print this
    <!-- run quietly -->          they run, and what they print is not shown
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Iterator
from pathlib import Path

DOCS = Path(__file__).parent.parent / "docs"
MARK = "<!-- walk -->\n"
BLOCK = re.compile(
    r"^<!-- (?P<order>write|replace|run)(?P<rest>[^\n]*?) -->\n\n?"
    r"(?P<fence>```\w+\n)(?P<text>.*?)(?=^```$)",
    re.MULTILINE | re.DOTALL,
)
# What would change the output: a CI system, another repository, another interpreter.
FOREIGN = ("CI", "GITHUB_", "GITLAB_", "GIT_", "GUARD_", "FORCE_COLOR")
# What differs from run to run and from server to server.
VARIES = (
    (re.compile(r"in \d+\.\d s$", re.MULTILINE), "in 1.0 s"),
    (re.compile(r"(?<=on PostgreSQL )\d+\.\d+"), "18.6"),
    (re.compile(r"(?<= at )[0-9a-f]{12}"), "4f5e0a1b2c3d"),
)


def pages() -> list[Path]:
    """Return the pages that can be followed."""
    return sorted(p for p in DOCS.glob("*.md") if MARK in p.read_text(encoding="utf-8"))


def environment(home: Path) -> dict[str, str]:
    """Return the variables that the commands get: plain, 100 columns wide, with a git identity."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith(FOREIGN)}
    scripts = sysconfig.get_path("scripts")
    names = dict.fromkeys(("GIT_AUTHOR_NAME", "GIT_COMMITTER_NAME"), "Ada")
    mails = dict.fromkeys(("GIT_AUTHOR_EMAIL", "GIT_COMMITTER_EMAIL"), "ada@example.org")
    plain = {
        "PATH": f"{scripts}{os.pathsep}{os.environ['PATH']}",
        "VIRTUAL_ENV": str(Path(scripts).parent),
        "NO_COLOR": "1",
        "COLUMNS": "100",
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_SYSTEM": os.devnull,
        "GUARD_CACHE_DIR": str(home / "cache"),
    }
    return kept | names | mails | plain


def run(command: str, folder: Path) -> str:
    """Return what the command prints, without what varies.

    Raises RuntimeError where it fails, or where guard ends with anything but 0 or 1.
    """
    done = subprocess.run(
        ["bash", "-c", command],
        cwd=folder,
        env=environment(folder.parent),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if done.returncode > (1 if command.startswith("guard ") else 0):
        raise RuntimeError(f"{command} ended with {done.returncode}:\n{done.stdout}")
    printed = done.stdout
    for pattern, instead in VARIES:
        printed = pattern.sub(instead, printed)
    return printed


def ran(text: str, folder: Path, quiet: bool) -> str:
    """Return a block of commands with what they print."""
    lines: list[str] = []
    for line in text.splitlines():
        if line.startswith("$ "):
            printed = run(line.removeprefix("$ "), folder)
            lines += [line] if quiet else [line, *printed.rstrip().splitlines()]
    return "\n".join(lines) + "\n"


def done(block: re.Match[str], folder: Path) -> str:
    """Do what the block's comment says, and return the block's text as it should be."""
    rest = block["rest"].strip()
    if block["order"] == "run":
        return ran(block["text"], folder, rest == "quietly")
    name, _, old = rest.partition(": ")
    path = folder / name
    text = block["text"]
    if block["order"] == "replace":
        before = path.read_text(encoding="utf-8")
        if before.count(old) != 1:
            raise RuntimeError(f"{name} holds {old!r} {before.count(old)} times:\n{before}")
        text = before.replace(old, text.rstrip("\n"))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return block["text"]


def pieces(page: str, folder: Path) -> Iterator[str]:
    """Yield the page piece by piece, as it should be, while it is followed in the folder."""
    end = 0
    for block in BLOCK.finditer(page):
        yield page[end : block.start("text")]
        yield done(block, folder)
        end = block.end("text")
    yield page[end:]


def walked(path: Path) -> str:
    """Return the page as it should be, after following it in an empty folder."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / "shop"
        folder.mkdir()
        return "".join(pieces(path.read_text(encoding="utf-8"), folder))


def main() -> None:
    """Follow the pages named, else all, and write their outputs."""
    for path in pages():
        if len(sys.argv) == 1 or path.stem in sys.argv[1:]:
            path.write_text(walked(path), encoding="utf-8")


if __name__ == "__main__":
    main()
