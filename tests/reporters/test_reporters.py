"""What holds of every format: one order, no password, nothing that a revision can do with it."""

from __future__ import annotations

import re

import msgspec
import pytest
from reports import REPORT, rendered

from guard.credentials import mask_credentials
from guard.reporters import REPORTERS
from guard.reporters.text import text


@pytest.mark.parametrize("name", REPORTERS)
def test_the_order_does_not_depend_on_the_order_of_discovery(name: str) -> None:
    turned = msgspec.structs.replace(REPORT, findings=REPORT.findings[::-1])
    assert rendered(name, turned) == rendered(name)


# Passwords


@pytest.mark.parametrize("name", REPORTERS)
def test_no_format_prints_a_password(name: str) -> None:
    output = rendered(name) + text(REPORT, verbose=True)
    assert not re.search("s3cret|pw@|notes@", output)


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("postgresql://u:p@h/db", "postgresql://u:***@h/db"),
        ("mysql+pymysql://u:p@h:3306/db", "mysql+pymysql://u:***@h:3306/db"),
        ("redis://:p@h", "redis://:***@h"),
        ("x://u:p@ss/w:rd@h/db", "x://u:***@h/db"),
        ("x://u:it's@h/db", "x://u:***@h/db"),
        ("x://u:" + "p" * 2000 + "@h", "x://u:***@h"),
        ('e("x://u:p@h",to="a@b")', 'e("x://u:***@h",to="a@b")'),
        ("e('x://u:p@h','a@b')", "e('x://u:***@h','a@b')"),
        ("x://u:1?password=p@ss h", "x://u:*** h"),
        ("x://u:a@h and y://v:b@i", "x://u:***@h and y://v:***@i"),
        ("x://h/db?user=u&password=p&z=1", "x://h/db?user=u&password=***&z=1"),
        ("'host=h password=p dbname=d'", "'host=h password=*** dbname=d'"),
        ('connect(user="u", password="p q")', 'connect(user="u", password="***")'),
        ('{"password": "p"}', '{"password": "***"}'),
        ("ALTER ROLE u PASSWORD 'p'", "ALTER ROLE u PASSWORD '***'"),
        ("CREATE USER u IDENTIFIED BY 'p'", "CREATE USER u IDENTIFIED BY '***'"),
        ("x://u:***@h", "x://u:***@h"),
    ],
)
def test_password_is_masked(written: str, expected: str) -> None:
    assert mask_credentials(written) == expected


@pytest.mark.parametrize(
    "written",
    [
        "sqlite:///data.sqlite3",
        "postgresql://u@h:5432/db",
        "https://example.org:8080/path",
        "x://{user}:{password}@{host}/db",
        "x://$USER:${PASSWORD}@h",
        "x://%(user)s:%(password)s@h",
        "x://u:<password>@h",
        "connect(password=settings.password)",
        'sa.Column("password", sa.String(), comment="c")',
        "op.drop_column('users', 'password')",
        "",
    ],
)
def test_what_holds_no_password_is_left_alone(written: str) -> None:
    assert mask_credentials(written) == written
