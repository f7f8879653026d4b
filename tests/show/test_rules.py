"""The page of a rule: its reason, and examples that can be copied, with what guard says of them."""

from __future__ import annotations

import textwrap

import pytest

from guard.operations import DropTable
from guard.rule import Example, Rule, revision_file
from guard.show.rules import explain


def page(unsafe: Example, safe: Example) -> str:
    """Return the page of a rule without its head."""
    rule = Rule(
        name="drop-table",
        group="destructive",
        doc="A dropped table takes its rows with it.\n\nNo downgrade brings them back.",
        on=(DropTable,),
        severity="error",
        approvable=True,
        dialects=None,
        unsafe=(unsafe,),
        safe=(safe,),
        check=lambda fact, context: (),
    )
    head, shown, rest = explain(rule).partition("Unsafe")
    assert head.startswith("drop-table (destructive, error, needs an approval)\n\nA dropped table")
    return shown + rest


SAFE = Example(upgrade="op.create_table('t')")
PAGES = {
    "an upgrade": (
        Example(
            upgrade="""
            for name in ('a', 'b'):
                op.drop_table(name)
            """,
            says="Dropping table a\n  - table a",
            help="Keep it:\nop.create_table('a')",
        ),
        """
        Unsafe:

            for name in ('a', 'b'):
                op.drop_table(name)

            says: Dropping table a
                    - table a
            help: Keep it:
                  op.create_table('a')

        Safe:

            op.create_table('t')
        """,
    ),
    "a downgrade, for a dialect and with settings": (
        Example(
            released=("op.create_table('t')",),
            downgrade="op.drop_table('t')",
            dialect="postgresql",
            version="14",
            config={"identifiers": "allow"},
            says="gone",
        ),
        """
        Unsafe on postgresql 14 with identifiers = "allow":

            # upgrade() of a revision that is on the base
            op.create_table('t')

            # downgrade()
            op.drop_table('t')

            says: gone

        Safe:

            op.create_table('t')
        """,
    ),
    "a history": (
        Example(
            base=revision_file("a1"),
            change={
                "migrations/versions/a1.py": None,
                **revision_file("b2", upgrade="op.drop_table('t')", downgrade=None),
            },
            says="gone",
        ),
        '''
        Unsafe:

            # migrations/versions/a1.py, on the base
            """Revision a1."""

            from alembic import op

            revision = 'a1'
            down_revision = None


            def upgrade():
                op.execute('SELECT 1')


            def downgrade():
                pass

            # migrations/versions/a1.py, removed in the change

            # migrations/versions/b2.py, in the change
            """Revision b2."""

            from alembic import op

            revision = 'b2'
            down_revision = None


            def upgrade():
                op.drop_table('t')

            says: gone

        Safe:

            op.create_table('t')
        ''',
    ),
    "other files": (
        Example(
            source="URL = 'x'",
            path="alembic.ini",
            approvals="[[approval]]",
            says="A URL",
            help="No",
        ),
        """
        Unsafe:

            # alembic.ini
            URL = 'x'

            # guard-approvals.toml
            [[approval]]

            says: A URL
            help: No

        Safe:

            op.create_table('t')
        """,
    ),
}


@pytest.mark.parametrize("case", PAGES)
def test_a_page_shows(case: str) -> None:
    unsafe, expected = PAGES[case]
    assert page(unsafe, SAFE) == textwrap.dedent(expected).strip()
