"""Constants that the configuration keeps in one module."""

from __future__ import annotations

from pathlib import Path

import pytest
from command_line import PROJECT, guard, write
from source_files import findings

POLICY = "backend/config/database_policy.py"
TABLE = {"DATA_START_DATE": POLICY, "MAX_LEVERAGE": POLICY, "KLINES": POLICY, "FEE": POLICY}
FILES = {
    POLICY: "from datetime import date\n\nDATA_START_DATE = date(2025, 1, 1)\nMAX_LEVERAGE = 10\n"
    "KLINES = 'klines_15m'\nFEE: float = 0.0006\n",
    "backend/__init__.py": "",
    "backend/config/__init__.py": "from .database_policy import DATA_START_DATE\n",
    "backend/old.py": "from datetime import date\nDATA_START_DATE = date(2024, 1, 1)\n",
}
COPIES = {
    "rows = [r for r in rows if r.day >= date(2025, 1, 1)]": "`date(2025, 1, 1)` is the value of",
    "def load(start=datetime(2025, 1, 1)): ...": "`datetime(2025, 1, 1)` is the value of",
    "fetch(start='2025-01-01')": "`'2025-01-01'` is the value of DATA_START_DATE",
    "START = date(year=2025, month=1, day=1)": "is the value of DATA_START_DATE",
    "sql = f\"SELECT * FROM {k} WHERE day >= '2025-01-01 00:00:00'\"": "is the value of",
    "from backend import old\nstart = old.DATA_START_DATE": "is imported from elsewhere",
    "START = datetime.date(2025, 1, 1)": "is the value of DATA_START_DATE",
    "q = q.filter(K.day >= datetime.fromisoformat('2025-01-01T00:00:00+00:00'))": "is the value of",
    "q = q.filter(K.day >= datetime(2025, 1, 1, tzinfo=UTC))": "is the value of DATA_START_DATE",
    "session.execute(text(\"SELECT * FROM k WHERE day >= '2025-01-01'\"))": "is the value of DATA",
    "start = config.get('start') or '2025-01-01'": "`'2025-01-01'` is the value of",
    "DATA_START_DATE = date(2024, 6, 1)": "DATA_START_DATE is defined once more",
    "class Settings:\n    DATA_START_DATE: str = ''": "DATA_START_DATE is defined once more",
    "import os\nDATA_START_DATE = os.environ['START']": "is read from the environment",
    "import os\nstart = os.getenv('DATA_START_DATE', None)": "is read from the environment",
    "from backend.old import DATA_START_DATE": "DATA_START_DATE is imported from elsewhere",
    "from settings import DATA_START_DATE as START": "DATA_START_DATE is imported from elsewhere",
    "if order.leverage > 10: ...": "`10` is the value of MAX_LEVERAGE",
    "def open_order(max_leverage=10): ...": "`10` is the value of MAX_LEVERAGE",
    "Order(leverage=10)": "`10` is the value of MAX_LEVERAGE",
    "table = 'klines_15m'": "`'klines_15m'` is the value of KLINES",
    "fee = 0.0006": "`0.0006` is the value of FEE",
}
FINE = (
    "from backend.config.database_policy import DATA_START_DATE",
    "from backend.config import DATA_START_DATE",
    "from config.database_policy import DATA_START_DATE as START",
    "from backend.config import database_policy\nDATA_START_DATE = database_policy.DATA_START_DATE",
    '"""Klines since 2025-01-01."""',
    "from backend.config import database_policy as policy\nstart = policy.DATA_START_DATE",
    "from backend import config\nstart = config.DATA_START_DATE",
    "log.info('since %s', '2025-01-01')",
    "raise ValueError('2025-01-01')",
    "label = f'since 2025-01-01 {x}'",
    "__version__ = '2025-01-01'",
    "note = 'since 2025-01-01 we collect'",
    "if day == date(2025, 1, 2): ...",
    "retries = 10\nfor i in range(10): ...",
    "Order(timeout=10, size=0.0006)",
    "x = 2025 - 1 - 1",
    "# DATA_START_DATE is 2025-01-01\n",
)


def copies(folder: Path, code: str, path: str = "backend/service.py") -> list[str]:
    settings = {"rules": {"policy-constant": TABLE}}
    files = {
        name: text for name, text in FILES.items() if name != "backend/old.py" or "old" in code
    }
    found = findings(folder, code, files, rule="policy-constant", path=path, settings=settings)
    return [f.message for f in found if f.span.path == path]


@pytest.mark.parametrize("code", COPIES)
def test_copies(code: str, tmp_path: Path) -> None:
    (message,) = copies(tmp_path, code)
    assert COPIES[code] in message


@pytest.mark.parametrize("code", FINE)
def test_what_is_no_copy(code: str, tmp_path: Path) -> None:
    assert copies(tmp_path, code) == []


def test_tests_may_write_it(tmp_path: Path) -> None:
    assert copies(tmp_path, "START = date(2025, 1, 1)", path="tests/test_load.py") == []


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ('A = "nowhere.py"', "guard.toml: rules.policy-constant.A: there is no file nowhere.py"),
        ('A = "p.py"', "rules.policy-constant.A: p.py does not define A"),
        ('B = "p.py"', "the value of B in p.py is computed (compute()): write it out there"),
        ('C = "broken.py"', "rules.policy-constant.C: broken.py cannot be read: it is not valid"),
        ("D = 3", "rules.policy-constant: D: 3 is not allowed: it is any name, a string"),
    ],
)
def test_a_policy_that_cannot_be_read_stops_the_run(table: str, said: str, tmp_path: Path) -> None:
    files = {
        "p.py": "B = compute()\n",
        "broken.py": "(",
        "guard.toml": f"[rules.policy-constant]\n{table}\n",
    }
    write(tmp_path, {**PROJECT, **files})
    done = guard(tmp_path, "lint")
    assert done.code == 2
    assert done.says("guard.toml", said)


def test_the_option_is_shown_by_its_form(tmp_path: Path) -> None:
    said = guard(tmp_path, "explain", "policy-constant")
    assert said.says("<NAME>", "the file that defines the constant of that name")
