"""Options of a rule: declared in its file alone, set in the project's settings, shown to people."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from ask_rules import judge
from command_line import STEP, chain, guard, write

from guard.errors import GuardError
from guard.judge.load_rules import load_rules
from guard.show.rules import explain, rules_as_json

# One file, and nothing else knows of it.
RULE = '''
    """Long names are hard to type."""

    from collections.abc import Iterator
    from typing import Annotated, Literal

    from guard.operations import CreateTable
    from guard.rule import Context, Options, Problem, rule


    class LongName(Options, frozen=True):
        """How long a name may be."""

        longest: Annotated[int, "characters that a table's name may have"] = 3
        count_as: Annotated[Literal["bytes", "characters"], "what is counted"] = "characters"
        except_for: Annotated[tuple[str, ...], "names that may be longer"] = ()

        def __post_init__(self) -> None:
            if self.longest < 1:
                raise ValueError("longest is at least 1")


    @rule(CreateTable, options=LongName, unsafe=(), safe=())
    def long_name(create: CreateTable, context: Context) -> Iterator[Problem]:
        options = context.options(LongName)
        name = create.table.name
        if len(name) > options.longest and name not in options.except_for:
            yield Problem(message=f"{name} is longer than {options.longest}.", remedy="Cut it.")
'''
PLAIN = '''
    """A rule without options."""

    from guard.operations import CreateTable
    from guard.rule import rule


    @rule(CreateTable, unsafe=(), safe=())
    def plain(create, context):
        return iter(())
'''
RULES = {"style/long_name": RULE, "style/plain": PLAIN}
STEPS = ("op.create_table('orders')", "op.create_table('tax')")


def messages(folder: Path, **options: object) -> list[str]:
    settings: dict[str, object] = {"rules": {"long-name": options}} if options else {}
    return [f.message for f in judge(folder, RULES, *STEPS, settings=settings)]


@pytest.mark.parametrize(
    ("options", "found"),
    [
        ({}, ["orders is longer than 3."]),
        ({"longest": 2}, ["orders is longer than 2.", "tax is longer than 2."]),
        ({"longest": 6}, []),
        ({"except-for": ["orders"]}, []),
    ],
)
def test_a_rule_reads_its_options(
    options: dict[str, object], found: list[str], tmp_path: Path
) -> None:
    assert messages(tmp_path, **options) == found


@pytest.mark.parametrize(
    ("rules", "said"),
    [
        (
            {"long-name": {"longst": 2}},
            "unknown key 'longst' in rules.long-name: did you mean 'longest'?",
        ),
        (
            {"long-name": {"x": 2}},
            "'x' in rules.long-name; known are count-as, except-for, longest",
        ),
        (
            {"long-name": {"longest": "two"}},
            "rules.long-name.longest: 'two' is not allowed: it is a whole number",
        ),
        (
            {"long-name": {"count-as": "words"}},
            'rules.long-name.count-as: \'words\' is not allowed: it is "bytes" or "characters"',
        ),
        (
            {"long-name": {"except-for": [1]}},
            "rules.long-name.except-for: [1] is not allowed: it is a list, each a string",
        ),
        ({"long-name": {"longest": 0}}, "rules.long-name: longest is at least 1"),
        ({"long-nam": {}}, "no rule or group is called 'long-nam': did you mean 'long-name'?"),
        ({"plain": {"longest": 2}}, "rules.plain: the rule plain has no options"),
        ({"long-name": 3}, "rules of long-name: 3 is not a table"),
        (3, "rules: 3 is not a table"),
    ],
)
def test_options_that_cannot_be_stop_the_run(rules: object, said: str, tmp_path: Path) -> None:
    with pytest.raises(GuardError) as caught:
        judge(tmp_path, RULES, *STEPS, settings={"rules": rules})
    assert str(caught.value).startswith("guard.toml: ")
    assert said in str(caught.value)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (('"""How long a name may be."""\n', "\n"), "LongName has no docstring"),
        (
            ('Annotated[int, "characters that a table\'s name may have"]', "int"),
            "LongName.longest has no meaning",
        ),
        ((" = 3\n", "\n"), "Missing required argument 'longest'"),
    ],
)
def test_options_that_explain_nothing_do_not_load(
    change: tuple[str, str], said: str, tmp_path: Path
) -> None:
    with pytest.raises(GuardError) as caught:
        judge(tmp_path, {"style/long_name": RULE.replace(*change)})
    assert said in str(caught.value)


def test_a_rule_gets_only_the_options_that_it_declares(tmp_path: Path) -> None:
    with pytest.raises(TypeError) as caught:
        judge(tmp_path, {"style/long_name": RULE.replace("options=LongName, ", "")}, *STEPS)
    assert str(caught.value) == "long-name does not declare options=LongName"


def test_options_are_shown(tmp_path: Path) -> None:
    judge(tmp_path, RULES)
    long_name, plain = load_rules(tmp_path / "rules")
    assert (
        "Options, in [tool.guard.rules.long-name] of pyproject.toml, "
        "or [rules.long-name] of guard.toml:\n"
        "    How long a name may be.\n\n"
        "    longest = 3  (a whole number)\n"
        "        characters that a table's name may have\n\n"
        '    count-as = "characters"  ("bytes" or "characters")\n'
        "        what is counted\n\n"
        "    except-for = []  (a list, each a string)\n"
        "        names that may be longer"
    ) in explain(long_name)
    assert "Options" not in explain(plain)
    shown = json.loads(rules_as_json([long_name, plain]))
    assert shown[0]["options"][0] == {
        "key": "longest",
        "type": "a whole number",
        "default": 3,
        "meaning": "characters that a table's name may have",
    }
    assert shown[1]["options"] == []


# Identifiers that are built into SQL: an option that once stood at the top

BUILT = "for table in ('a', 'b'):\n    op.execute(f'ANALYZE {table}')"


@pytest.mark.parametrize(
    ("settings", "severities"),
    [
        ("", {"warning"}),
        ('identifiers = "allow"', set()),
        ('identifiers = "error"', {"error"}),
        ('[rules.string-built-sql]\nidentifiers = "allow"', set()),
        ('[rules.string-built-sql]\nidentifiers = "error"', {"error"}),
    ],
)
def test_identifiers(settings: str, severities: set[str], tmp_path: Path) -> None:
    files = chain((BUILT, "pass"))
    write(tmp_path, {**files, "guard.toml": f'select = ["string-built-sql"]\n{settings}'})
    done = guard(tmp_path, "lint", "--output-format", "json")
    assert {finding["severity"] for finding in json.loads(done.output)["findings"]} == severities


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        (
            'identifiers = "allow"\n[rules.string-built-sql]\nidentifiers = "error"',
            "'identifiers' and 'identifiers' of rules.string-built-sql say the same: keep one",
        ),
        ('identifiers = "never"', '\'never\' is not allowed: it is "allow", "warning" or'),
        ('identifiers = "allow"\nrules = 3', "guard.toml:2: rules: 3 is not a table"),
    ],
)
def test_identifiers_that_cannot_be(settings: str, said: str, tmp_path: Path) -> None:
    write(tmp_path, {**chain(STEP), "guard.toml": settings})
    done = guard(tmp_path, "lint")
    assert done.code == 2
    assert done.says("guard.toml", said)
