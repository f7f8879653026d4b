"""Write the generated parts of README.md: what guard prints, and its rules.

python scripts/readme.py            write them
python scripts/readme.py --check    compare only: print the difference and exit with 1
"""

from __future__ import annotations

import argparse
import contextlib
import difflib
import os
import re
import shlex
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Iterator
from pathlib import Path

from guard.judge.load_rules import load_rules

ROOT = Path(__file__).parent.parent
README = ROOT / "README.md"
BLOCK = re.compile(r"(?<=<!-- generated: )(?P<name>[^>]*)( -->\n)(.*?)(?=<!-- end -->)", re.DOTALL)

# The change that the README shows being refused. It also edits a revision that is released.
BAD_REVISION = "alembic/versions/0007_owner_for_metrics.py"
BAD_REVISION_TEXT = '''"""Every result has an owner; nobody needs the metrics."""

import sqlalchemy as sa

from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade(engine_name):
    if engine_name == "primary":
        op.drop_column("backtest_results", "metrics")
        op.add_column("backtest_results", sa.Column("owner", sa.String(64), nullable=False))


def downgrade(engine_name):
    if engine_name == "primary":
        op.drop_column("backtest_results", "owner")
        op.add_column("backtest_results", sa.Column("metrics", sa.JSON(), nullable=True))
'''
EDITS = (
    ("alembic/versions/0001_create_backtest_results.py", "sa.String(8)", "sa.String(16)"),
    (
        "alembic/models.py",
        "timeframe: Mapped[str] = mapped_column(String(8))",
        "timeframe: Mapped[str] = mapped_column(String(16))",
    ),
    (
        "alembic/models.py",
        "metrics: Mapped[dict[str, Any] | None] = mapped_column(JSON)",
        "owner: Mapped[str] = mapped_column(String(64))",
    ),
)
REASON = "Metrics moved to the reports service"
# What would change the output: a CI system, another repository, another interpreter.
FOREIGN = ("CI", "GITHUB_", "GITLAB_", "GIT_", "FORCE_COLOR", "VIRTUAL_ENV")
IDENTITY = ("-c", "user.name=Somebody", "-c", "user.email=somebody@example.org")


def run(*command: str, cwd: Path, expect: int = 0) -> str:
    """Return what the command prints, without colour and 100 columns wide.

    Raises RuntimeError where it ends with another exit code than expected.
    """
    plain = {key: value for key, value in os.environ.items() if not key.startswith(FOREIGN)}
    variables = {
        "NO_COLOR": "1",
        "COLUMNS": "100",
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_SYSTEM": os.devnull,
    }
    done = subprocess.run(
        command,
        cwd=cwd,
        env=plain | variables,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if done.returncode != expect:
        raise RuntimeError(f"{command} ended with {done.returncode}:\n{done.stdout}")
    return done.stdout.rstrip()


def guard(*arguments: str, cwd: Path = ROOT, expect: int = 0) -> str:
    """Return the command line and what it prints, as a block of Markdown."""
    program = Path(sysconfig.get_path("scripts")) / "guard"
    printed = run(str(program), *arguments, cwd=cwd, expect=expect)
    return f"```console\n$ {shlex.join(('guard', *arguments))}\n{printed}\n```"


@contextlib.contextmanager
def changed_project() -> Iterator[Path]:
    """Give a copy of the sample project, released, with the bad change in its working tree."""
    with tempfile.TemporaryDirectory() as scratch:
        project = Path(scratch)
        for name in ("alembic.ini", "pyproject.toml"):
            shutil.copy(ROOT / name, project)
        unwanted = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / "alembic", project / "alembic", ignore=unwanted)
        for command in (("init", "-q", "-b", "main"), ("add", "."), ("commit", "-q", "-m", "All")):
            run("git", *IDENTITY, *command, cwd=project)
        (project / BAD_REVISION).write_text(BAD_REVISION_TEXT, encoding="utf-8")
        for name, before, after in EDITS:
            text = (project / name).read_text(encoding="utf-8")
            (project / name).write_text(text.replace(before, after, 1), encoding="utf-8")
        yield project


def rules() -> str:
    """Return the table of rules, by group."""
    lines = ["| rule | what it finds | default | approval |", "|---|---|---|---|"]
    for rule in sorted(load_rules(), key=lambda rule: (rule.group, rule.name)):
        approval = "yes" if rule.approvable else ""
        name = f"[`{rule.name}`](docs/rules/{rule.name}.md)"
        lines.append(f"| {name} | {rule.title} | {rule.severity} | {approval} |")
    return "\n".join(lines)


def generated() -> dict[str, str]:
    """Return the text of each generated block, by its name in the README."""
    with changed_project() as project:
        refused = guard("check", cwd=project, expect=1)
        approved = guard("approve", "0007", "--reason", REASON, "--approver", "Ada", cwd=project)
    return {
        "bad revision": f"```python\n# {BAD_REVISION}\n{BAD_REVISION_TEXT}```",
        # The time it took is the one thing that differs from run to run.
        "refusal": re.sub(r"in \d+\.\d s$", "in 1.0 s", refused, flags=re.MULTILINE),
        "approval": approved,
        "help": "\n\n".join((guard("--help"), guard("check", "--help"))),
        "rules": rules(),
    }


def render(readme: str) -> str:
    """Return the README with its generated blocks as they should be."""
    blocks = generated()
    return BLOCK.sub(lambda block: f"{block['name']} -->\n{blocks[block['name']]}\n", readme)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--check", action="store_true", help="compare only")
    check: bool = parser.parse_args().check
    before = README.read_text(encoding="utf-8")
    after = render(before)
    if check and before != after:
        difference = difflib.unified_diff(
            before.splitlines(), after.splitlines(), "README.md", "as it should be", lineterm=""
        )
        print("\n".join(difference))
        sys.exit("README.md is not up to date: run `python scripts/readme.py`")
    if not check:
        README.write_text(after, encoding="utf-8")


if __name__ == "__main__":
    main()
