"""The rules of a project's own folder and of installed packages: like the built-in ones."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any

import pytest
from branch import branch, findings
from command_line import PROJECT, STEP, Content, Done, chain, guard, write

RULE = '''\
"""A table of the shop has a name of its own.

Others come from elsewhere.
"""

from typing import Annotated

from guard.operations import CreateTable
from guard.rule import Example, Options, Problem, rule


class Prefix(Options, frozen=True):
    """How tables are called."""

    prefix: Annotated[str, "what a name begins with"] = "shop_"


@rule(
    CreateTable,
    severity="warning",
    approvable=True,
    options=Prefix,
    unsafe=(
        Example(
            upgrade="op.create_table('orders', sa.Column('id', sa.Integer()))",
            says="orders is no table of the shop",
            help="Call it shop_orders",
            at="op.create_table",
        ),
    ),
    safe=("op.create_table('shop_orders', sa.Column('id', sa.Integer()))",),
)
def shop_name(fact, context):
    prefix = context.options(Prefix).prefix
    if not str(fact.table).startswith(prefix):
        yield Problem(
            message=f"{fact.table} is no table of the shop", remedy=f"Call it {prefix}{fact.table}"
        )
'''
TRUSTED = {"GUARD_TRUST_RULES": "1"}
MINE = "guard-rules/naming/shop_name.py"


def project(settings: str = "", **rules: str) -> dict[str, Content]:
    """A revision that makes table a; `rules` by group and name, as in naming__shop_name."""
    own = {f"guard-rules/{name.replace('__', '/')}.py": text for name, text in rules.items()}
    return {
        **chain(STEP),
        "guard.toml": f"custom-rules = 'guard-rules'\n{settings}\n",
        **(own or {MINE: RULE}),
    }


def told(done: Done) -> dict[str, dict[str, Any]]:
    return {finding["rule"]: finding for finding in json.loads(done.output)["findings"]}


def lint(folder: Path, *arguments: str) -> dict[str, dict[str, Any]]:
    return told(guard(folder, "lint", *arguments, "--output-format", "json", **TRUSTED))


# Whether they run


@pytest.mark.parametrize("command", [("lint",), ("rules",), ("explain", "drop-table"), ("config",)])
def test_code_of_the_repository_runs_only_if_the_user_trusts_it(
    command: tuple[str, ...], tmp_path: Path
) -> None:
    write(tmp_path, project(naming__trap="raise SystemExit('it ran')"))
    done = guard(tmp_path, *command)
    assert done.code == 2
    assert done.says(
        "custom-rules = 'guard-rules' is code of this repository, and this command runs none "
        "unless you say that you trust it: GUARD_TRUST_RULES=1"
    )


def test_a_round_trip_runs_the_project_anyway(tmp_path: Path) -> None:
    write(tmp_path, project())
    done = guard(tmp_path, "check", "--output-format", "json")
    assert told(done)["shop-name"]["message"] == "a is no table of the shop"
    assert guard(tmp_path, "check", "--no-roundtrip").code == 2


# What they can do


def test_it_is_a_rule_like_others(tmp_path: Path) -> None:
    found = lint(write(tmp_path, project()))["shop-name"]
    assert (found["severity"], found["line"]) == ("warning", 9)
    assert "url" not in found


SETTINGS: dict[str, tuple[str, tuple[str, ...], str | None]] = {
    "its severity": ("[severity]\nshop-name = 'error'", (), "error"),
    "its group's": ("[severity]\nnaming = 'info'", (), "info"),
    "ignored": ("ignore = ['naming']", (), None),
    "ignored here": ("", ("--ignore", "shop-name"), None),
    "selected": ("select = ['shop-name']", (), "warning"),
    "selected here": ("", ("--select", "naming"), "warning"),
    "others selected": ("select = ['drop-table']", (), None),
    "options": ("[rules.shop-name]\nprefix = 'a'", (), None),
}


@pytest.mark.parametrize("name", SETTINGS)
def test_settings_name_it(name: str, tmp_path: Path) -> None:
    settings, arguments, expected = SETTINGS[name]
    found = lint(write(tmp_path, project(settings)), *arguments)
    assert found.get("shop-name", {}).get("severity") == expected


def test_it_takes_an_approval(tmp_path: Path) -> None:
    write(tmp_path, project())
    agreed = ("approve", "r1", "--rule", "shop-name", "--reason", "old", "--approver", "Ada")
    assert guard(tmp_path, *agreed, **TRUSTED).says("approved shop-name of a in r1, by Ada")
    assert lint(tmp_path)["shop-name"]["status"] == "approved"


def test_it_is_listed_and_explained(tmp_path: Path) -> None:
    write(tmp_path, project())
    assert guard(tmp_path, "rules", "--group", "naming", **TRUSTED).output == (
        "naming\n  shop-name  warning, approval  A table of the shop has a name of its own.\n"
    )
    done = guard(tmp_path, "explain", "shop-name", **TRUSTED)
    assert done.says('prefix = "shop_" (a string)', "says: orders is no table of the shop")


# What is wrong with them

BROKEN: dict[str, tuple[dict[str, str], str]] = {
    "the name of a built-in one": (
        {"naming__drop_table": RULE},
        "the rule naming/drop-table cannot be called so: there is a rule of that name",
    ),
    "the name of a group": (
        {"naming__history": RULE},
        "the rule naming/history cannot be called so: there is a group of that name",
    ),
    "one name twice": (
        {"naming__x": RULE, "other__x": RULE},
        "the rule other/x cannot be called so: there is a rule of that name",
    ),
    "no rule": ({"naming__x": "x = 1"}, "x.py holds 0 rules: a rule file holds exactly one"),
    "no Python": ({"naming__x": "("}, "x.py does not load: '(' was never closed"),
    "no folder of a group": (
        {"x": RULE},
        "custom-rules: guard-rules holds no rules: there is no <group>/<rule>.py",
    ),
    "a check that fails": (
        {"naming__x": RULE.replace("prefix = context", "prefix = 1 / 0 or context")},
        "the rule naming/x failed: ZeroDivisionError: division by zero",
    ),
}


@pytest.mark.parametrize("name", BROKEN)
def test_what_is_wrong_stops_the_run(name: str, tmp_path: Path) -> None:
    rules, said = BROKEN[name]
    done = guard(write(tmp_path, project(**rules)), "lint", **TRUSTED)
    assert done.code == 2
    assert done.says(said)


def test_the_rule_of_the_manual_does_what_it_says(tmp_path: Path) -> None:
    manual = (Path(__file__).parents[2] / "docs" / "custom-rules.md").read_text()
    path, text = re.findall(r"```python\n# (\S+)\n(.*?)```", manual, re.DOTALL)[0]
    write(tmp_path, {**chain(STEP), "guard.toml": "custom-rules = 'guard-rules'\n", path: text})
    assert guard(tmp_path, "rules", "--test").says("1 rule, 2 examples: all as they say")


# Their examples

TESTED: dict[str, tuple[str, str, str]] = {
    "right": ("", "", "1 rule, 2 examples: all as they say"),
    "another message": (
        "orders is no",
        "orders is one",
        "it does not say 'orders is one table of the shop', but 'orders is no table of the shop'",
    ),
    "another remedy": (
        '"Call it shop_orders"',
        '"Rename it"',
        "its help is not 'Rename it', but 'Call it shop_orders'",
    ),
    "another place": ('at="op.create_table"', 'at="sa."', "it does not point at 'sa.', but at"),
    "no rule of it": (
        "op.create_table('orders'",
        "op.create_table('shop_x'",
        "it trips the rule 0 times",
    ),
    "an error beside it": (
        "upgrade=\"op.create_table('orders', sa.Column('id', sa.Integer()))\"",
        "upgrade=\"op.create_table('orders'); op.execute('DELETE FROM x')\"",
        "it also trips delete-without-where",
    ),
    "a safe one": (
        "safe=(\"op.create_table('shop_orders'",
        "safe=(\"op.create_table('orders'",
        "shop-name, safe example 1: it trips shop-name: orders is no table",
    ),
}


@pytest.mark.parametrize("name", TESTED)
def test_examples_are_tested(name: str, tmp_path: Path) -> None:
    before, after, said = TESTED[name]
    text = RULE.replace(before, after, 1) if before else RULE
    assert not before or before in RULE
    done = guard(write(tmp_path, project(naming__shop_name=text)), "rules", "--test")
    assert done.says(said)
    assert done.code == (1 if before else 0)


def test_a_project_without_rules_has_none_to_test(tmp_path: Path) -> None:
    done = guard(write(tmp_path, PROJECT), "rules", "--test")
    assert done.code == 2
    assert done.says("the project has no rules of its own: custom-rules names their folder")


# Of a package


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A package with a rule and its entry point, where Python finds it."""
    site = tmp_path / "site"
    entry = "[guard.rules]\nacme = acme_rules_of_the_test\nbroken = acme_nowhere\n"
    package = "acme_rules_of_the_test"
    write(
        site,
        {
            f"{package}/__init__.py": "",
            f"{package}/naming/shop_name.py": RULE,
            "acme-1.0.dist-info/METADATA": "Metadata-Version: 2.1\nName: acme\nVersion: 1.0\n",
            "acme-1.0.dist-info/entry_points.txt": entry,
        },
    )
    monkeypatch.syspath_prepend(str(site))
    monkeypatch.delitem(sys.modules, package, raising=False)


@pytest.mark.usefixtures("installed")
def test_an_installed_package_brings_rules(tmp_path: Path) -> None:
    files = {**chain(STEP), "guard.toml": "rule-packages = ['acme']\n"}
    done = guard(write(tmp_path / "p", files), "lint", "--output-format", "json")
    assert told(done)["shop-name"]["severity"] == "warning"


@pytest.mark.usefixtures("installed")
@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("nope", "no installed package has the entry point 'nope' of the group 'guard.rules'"),
        ("broken", "rule-packages: broken does not load: No module named 'acme_nowhere'"),
    ],
)
def test_a_package_that_is_not_there_stops_the_run(name: str, said: str, tmp_path: Path) -> None:
    files = {**chain(STEP), "guard.toml": f"rule-packages = ['{name}']\n"}
    done = guard(write(tmp_path / "p", files), "lint")
    assert done.code == 2
    assert done.says(said)


# A change to them

ON: dict[str, Content] = {"guard.toml": "custom-rules = 'guard-rules'\n", MINE: RULE}
WEAKER: dict[str, tuple[dict[str, Content], str]] = {
    "edited": ({MINE: RULE.replace("not str", "not 'shop_' + str")}, "the rule is another"),
    "removed": (
        {MINE: None, "guard-rules/naming/y.py": RULE},
        "the rule is no longer there",
    ),
    "no longer named": ({"guard.toml": "heads = 1\n"}, "the rules in guard-rules no longer judge"),
    "another folder": (
        {"guard.toml": "custom-rules = 'other'\n", "other/naming/shop_name.py": RULE},
        "the rules in guard-rules no longer judge, but those in other",
    ),
}


@pytest.mark.parametrize("name", WEAKER)
def test_a_change_to_them_is_told(name: str, tmp_path: Path) -> None:
    change, said = WEAKER[name]
    found = findings(branch(tmp_path, {**chain(STEP), **ON}, change), "lint", **TRUSTED)
    messages = [one["message"] for one in found if one["rule"] == "gate-weakened"]
    assert [message for message in messages if "custom-rules" in message and said in message]


def test_a_new_rule_weakens_nothing(tmp_path: Path) -> None:
    new: dict[str, Content] = {"guard-rules/naming/more.py": RULE}
    found = findings(branch(tmp_path, {**chain(STEP), **ON}, new), "lint", **TRUSTED)
    assert "gate-weakened" not in [one["rule"] for one in found]
