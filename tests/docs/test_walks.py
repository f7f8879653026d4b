"""The pages of docs/ that can be followed: what they print is what the commands print."""

from __future__ import annotations

from pathlib import Path

import pytest
from load_script import script

walk_pages = script("walk_pages")


@pytest.mark.slow
@pytest.mark.parametrize("path", walk_pages.pages(), ids=lambda path: path.stem)
def test_a_page_can_be_followed(path: Path) -> None:
    assert walk_pages.walked(path) == path.read_text(encoding="utf-8"), (
        f"python scripts/walk_pages.py {path.stem} writes it"
    )


@pytest.mark.parametrize("path", walk_pages.pages(), ids=lambda path: path.stem)
def test_who_reads_it_is_told_the_files(path: Path) -> None:
    page = path.read_text(encoding="utf-8")
    for block in walk_pages.BLOCK.finditer(page):
        if block["order"] != "run":
            name, _, old = block["rest"].strip().partition(": ")
            told = page[: block.start()].rstrip().rpartition("\n\n")[2]
            assert f"`{name}`" in told
            assert not old or f"`{old}`" in told


def follow(page: str, folder: Path) -> str:
    return "".join(walk_pages.pieces(page, folder))


def test_what_is_written_run_and_replaced(tmp_path: Path) -> None:
    page = """\
<!-- write a.txt -->
```text
one
two
```
<!-- replace a.txt: two -->
```text
three
```
<!-- run -->
```console
$ cat a.txt
$ guard --version | cut -c 1-5
old
```
<!-- run quietly -->
```console
$ echo nothing
```
"""
    assert "$ cat a.txt\none\nthree\n$ guard --version | cut -c 1-5\nguard\n```" in follow(
        page, tmp_path
    )
    assert follow(page, tmp_path).endswith("```console\n$ echo nothing\n```\n")


@pytest.mark.parametrize(
    ("page", "said"),
    [
        ("<!-- run -->\n```console\n$ false\n```\n", "false ended with 1"),
        ("<!-- run quietly -->\n```console\n$ guard nonsense\n```\n", "ended with 2"),
        ("<!-- replace a.txt: zero -->\n```text\none\n```\n", "holds 'zero' 0 times"),
    ],
)
def test_what_does_not_work_is_told(page: str, said: str, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("one", encoding="utf-8")
    with pytest.raises(RuntimeError, match=said):
        follow(page, tmp_path)
