"""What docs/outputs.md says of outputs is so."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any, get_args

import pytest
import yaml  # type: ignore[import-untyped]

from guard.note import NoteKind
from guard.reporters import FORMATS
from guard.reporters.markdown import MARKER

PAGE = (Path(__file__).parents[2] / "docs" / "outputs.md").read_text(encoding="utf-8")
# Says what it was asked, and knows a comment if there is one.
GH = """\
#!/usr/bin/env bash
echo "$@" >> "$ASKED"
case "$*" in *--jq*) [ -z "$COMMENT" ] || printf '%s\\n' $COMMENT ;; esac
"""


def steps() -> list[dict[str, Any]]:
    """The steps of a workflow that the page shows."""
    blocks = map(yaml.safe_load, re.findall(r"^```yaml\n(.*?)^```", PAGE, re.M | re.S))
    return [step for block in blocks if isinstance(block, list) for step in block]


def test_the_page_lists_the_formats() -> None:
    rows = re.findall(r"^\| (`.*?`) \|", PAGE.partition("## JSON")[0], re.M)
    assert [name for row in rows for name in re.findall(r"`([\w-]+)`", row)] == [*FORMATS]


def test_the_page_lists_the_kinds_of_notes() -> None:
    table = PAGE.partition("| kind |")[2].partition("\n\n")[0]
    assert re.findall(r"^\| `(.*?)` \|", table, re.M) == [*get_args(NoteKind)]


def test_what_the_page_asks_for_there_is() -> None:
    asked = re.findall(r"--output ([a-z][\w-]+)", PAGE)
    assert set(asked) <= {*FORMATS}
    assert len(asked) > 10


@pytest.mark.skipif(not shutil.which("bash"), reason="the recipe is one for bash")
@pytest.mark.parametrize(
    ("there", "last"),
    [
        ("", "api repos/ann/shop/issues/7/comments -F body=@guard.md"),
        ("41", "api -X PATCH repos/ann/shop/issues/comments/41 -F body=@guard.md"),
        ("41 42", "api -X PATCH repos/ann/shop/issues/comments/41 -F body=@guard.md"),
    ],
    ids=["first run", "later run", "two comments"],
)
def test_the_recipe_replaces_the_comment_that_is_there(
    there: str, last: str, tmp_path: Path
) -> None:
    (script,) = [step["run"] for step in steps() if "gh api" in step.get("run", "")]
    assert f'startswith("{MARKER}")' in script
    program = tmp_path / "gh"
    program.write_text(GH, encoding="utf-8")
    program.chmod(0o755)
    environ = {
        "PATH": f"{tmp_path}{os.pathsep}{os.environ['PATH']}",
        "ASKED": str(tmp_path / "asked"),
        "COMMENT": there,
        "GITHUB_REPOSITORY": "ann/shop",
        "NUMBER": "7",
    }
    subprocess.run(
        ["bash", "-eo", "pipefail", "-c", script],
        env=os.environ | environ,
        check=True,
        cwd=tmp_path,
    )
    assert (tmp_path / "asked").read_text().splitlines()[-1] == last
