"""Instructions for coding assistants: what the rules in force say, and where that is written."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from pathlib import Path

import pytest
from command_line import PROJECT, Content, guard, write

from guard.config import Config
from guard.judge.load_rules import load_rules
from guard.judge.select_rules import select_rules
from guard.show.instructions import BEGIN, END, Project, instructions

ROOT = Path(__file__).parent.parent.parent
Files = Mapping[str, Content]


def told(folder: Path, settings: str = "") -> str:
    """Return the instructions under these settings."""
    files = {**PROJECT, "guard.toml": textwrap.dedent(settings)}
    done = guard(write(folder, files), "rules", "--output-format", "instructions")
    assert done.code == 0, done.output
    return done.output


# What the file of instructions says from which the project was made, as the sample project says it.
SEED = {
    "hardcode": "- **NEVER** hardcode a database path or URL: take it from the settings or the "
    "environment.",
    "threads": "- **ALWAYS** use `asyncio.to_thread()` for a blocking database call in "
    "asynchronous code.",
    "drops": "`DROP TABLE` or `TRUNCATE` without explicit approval.",
    "parameters": "- **ALWAYS** use bound parameters for what a query is given.",
    "strings": "- **NEVER** put SQL together from strings: no f-string, no `+`, no `%`, no "
    "`.format()`.",
    "a migration first": "- **ALWAYS** make a migration for a change of the models: `alembic "
    'revision --autogenerate -m "description"`.',
    "existing files": "- **NEVER** edit, delete or reparent a released migration without explicit "
    "approval.",
    "the test": "- **ALWAYS** test a migration up, down and up again, with rows in the tables: "
    "`guard check` does it.",
}


@pytest.mark.parametrize("name", SEED)
def test_the_sample_project_says(name: str) -> None:
    done = guard(ROOT, "rules", "--output-format", "instructions", GUARD_CACHE_DIR="")
    assert SEED[name] in done.output


SETTINGS: dict[str, tuple[str, tuple[str, ...], tuple[str, ...]]] = {
    "nothing set": ("", ("`DROP TABLE`", "released migration"), ("the database is",)),
    "a rule that is off": (
        "severity = { drop-table = 'off' }",
        ("`TRUNCATE`",),
        ("`DROP TABLE`", "no longer uses a table"),
    ),
    "a group that is ignored": ("ignore = ['source']", ("`TRUNCATE`",), ("hardcode", "Models,")),
    "some that are selected": (
        "select = ['string-built-sql']",
        ("bound parameters",),
        ("DROP", "approve anything", "Exceptions"),
    ),
    "a warning": (
        "severity = { string-built-sql = 'warning' }",
        ("**ALWAYS** use bound parameters for what a query is given (a warning, not refused).",),
        (),
    ),
    "warnings that stop the gate": (
        "fail-on = 'warning'",
        ("**NEVER** use `UPDATE` without a `WHERE`: leave out the rows that are right already.",),
        ("a warning",),
    ),
    "a server": (
        "dialect = 'postgresql'\nserver-version = '15'",
        ("Migrations are in `migrations/versions`, the database is PostgreSQL 15.",),
        (),
    ),
}


@pytest.mark.parametrize("name", SETTINGS)
def test_it_is_what_the_settings_say(name: str, tmp_path: Path) -> None:
    settings, said, unsaid = SETTINGS[name]
    output = told(tmp_path, settings)
    assert [text for text in said if text not in output] == []
    assert [text for text in unsaid if text in output] == []


def test_each_sentence_is_a_short_order_and_said_once() -> None:
    rules = load_rules()
    sentences = {sentence for rule in rules for sentence in rule.instructions}
    assert [s for s in sentences if not s.startswith(("NEVER ", "ALWAYS ")) or s[-1] == "."] == []
    assert [s for s in sentences if len(s) > 160] == []
    bullets = [line for line in instructions(rules, Project()).splitlines() if line[:2] == "- "]
    assert len(bullets) == len(set(bullets))
    assert len(bullets) < len(rules)


def test_a_rule_may_say_what_its_options_are(tmp_path: Path) -> None:
    rule = """
    from typing import Annotated
    from guard.operations import DropTable
    from guard.rule import Options, rule

    class Kept(Options, frozen=True):
        '''Tables.'''
        kept: Annotated[str, "a table"] = "orders"

    def told(options):
        yield f"NEVER touch `{options.kept}`"

    @rule(DropTable, options=Kept, instructs=told, unsafe=(), safe=())
    def check(fact, context):
        yield from ()
    """
    write(tmp_path, {"shop/kept.py": f'"""A title."""\n{textwrap.dedent(rule)}'})
    config = Config(rules={"kept": {"kept": "users"}})
    rules = select_rules(config, load_rules(tmp_path))
    assert "### Shop\n\n- **NEVER** touch `users`." in instructions(rules, Project())


def test_a_rule_without_a_sentence_is_named(tmp_path: Path) -> None:
    assert "- See also `guard explain RULE` for `edited-downgrade`." in told(tmp_path)


OLD = f"{BEGIN}\nold\n{END}"
WHERE: dict[str, tuple[Files, str]] = {
    "nothing yet": ({}, "AGENTS.md"),
    "a file of agents": ({"AGENTS.md": "# Ours\n"}, "AGENTS.md"),
    "a folder of instructions": (
        {".github/instructions/x.instructions.md": "Be kind.\n"},
        ".github/instructions/migrations.instructions.md",
    ),
    "a file that holds them": (
        {".github/instructions/db.instructions.md": f"---\napplyTo: '**'\n---\n{OLD}\n"},
        ".github/instructions/db.instructions.md",
    ),
    "another one that does": ({"AGENTS.md": "# Ours\n", "CLAUDE.md": f"{OLD}\n"}, "CLAUDE.md"),
}


@pytest.mark.parametrize("name", WHERE)
def test_where_it_is_written(name: str, tmp_path: Path) -> None:
    files, path = WHERE[name]
    write(tmp_path, {**PROJECT, ".git/HEAD": "", **files})
    assert guard(tmp_path, "init", "--instructions", "--check").code == 1
    assert guard(tmp_path, "init", "--instructions", "--yes").says(f"wrote {path}")
    assert guard(tmp_path, "init", "--instructions", "--check").code == 0
    others = {name for name in files if name != path}
    assert [name for name in others if (tmp_path / name).read_text() != files[name]] == []


def test_what_stands_around_it_is_kept(tmp_path: Path) -> None:
    around = "# Ours\n\n{}\n\nBe kind.\n"
    write(tmp_path, {**PROJECT, ".git/HEAD": "", "AGENTS.md": around.format(OLD)})
    guard(tmp_path, "init", "--instructions", "--yes")
    before, after = (tmp_path / "AGENTS.md").read_text().split(BEGIN)
    assert before == "# Ours\n\n"
    assert after.split(END)[1] == "\n\nBe kind.\n"


def test_a_new_file_of_instructions_says_what_it_applies_to(tmp_path: Path) -> None:
    files = {**PROJECT, ".git/HEAD": "", ".github/instructions/x.instructions.md": ""}
    write(tmp_path, {**files, "guard.toml": "source = ['db/*.py']\n"})
    guard(tmp_path, "init", "--instructions", "--yes")
    written = (tmp_path / ".github/instructions/migrations.instructions.md").read_text()
    assert written.startswith('---\napplyTo: "db/*.py,migrations/versions/**/*.py"\n---\n')


def test_check_shows_what_differs(tmp_path: Path) -> None:
    write(tmp_path, {**PROJECT, ".git/HEAD": ""})
    guard(tmp_path, "init", "--instructions", "--yes")
    write(tmp_path, {"guard.toml": "ignore = ['drop-table']\n"})
    before = (tmp_path / "AGENTS.md").read_text()
    done = guard(tmp_path, "init", "--instructions", "--check")
    assert done.code == 1
    assert done.says("`DROP SCHEMA` or `TRUNCATE`", "AGENTS.md differs: guard init --instructions")
    assert (tmp_path / "AGENTS.md").read_text() == before


@pytest.mark.parametrize(
    ("text", "arguments", "message"),
    [
        (
            f"{BEGIN}\nold\n",
            ("--instructions", "--yes"),
            "AGENTS.md: the section needs both markers",
        ),
        ("", ("--check",), "--check compares the instructions: give --instructions as well"),
    ],
)
def test_refused(text: str, arguments: tuple[str, ...], message: str, tmp_path: Path) -> None:
    write(tmp_path, {**PROJECT, ".git/HEAD": "", "AGENTS.md": text})
    done = guard(tmp_path, "init", *arguments)
    assert done.code == 2
    assert done.says(message)
