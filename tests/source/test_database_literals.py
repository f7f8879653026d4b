"""Database URLs and files that are written into code and configuration."""

from __future__ import annotations

import pytest

from guard.facts import DatabaseLiteral
from guard.python_source import PythonSource
from guard.source.database_literals import find_in_ini, find_in_python

CODE = {
    # what connects
    "create_engine('sqlite:///data.sqlite3')": ["sqlite:///data.sqlite3"],
    "create_engine('postgresql+psycopg://db.internal/shop')": [
        "postgresql+psycopg://db.internal/shop"
    ],
    "create_engine('mysql://root:s3cret@db/shop')": ["mysql://root:***@db/shop"],
    "sqlite3.connect('klines.db')": ["klines.db"],
    "aiosqlite.connect('file')": ["file"],
    "config.set_main_option('sqlalchemy.url', 'sqlite:///x.db')": ["sqlite:///x.db"],
    # what is connected to later
    "DATABASE_URL = 'sqlite:///./app.db'": ["sqlite:///./app.db"],
    "DB_PATH = Path('data') / 'market.sqlite3'": ["market.sqlite3"],
    "class C:\n    database: str = 'app.db'": ["app.db"],
    "def connect(path='x', url='postgresql://h/d'): pass": ["postgresql://h/d"],
    "url = f'sqlite:///data.db?timeout={n}'": ["sqlite:///data.db"],
    "serve(url='sqlite:///d.db')": ["sqlite:///d.db"],
    "connect(database=os.path.join('data', 'app.db'))": ["app.db"],
    "for url in ['sqlite:///d.db']: pass": ["sqlite:///d.db"],
    "create_engine('sqlite:///' + os.path.join(HERE, 'app.db'))": ["app.db"],
    "URL.create('sqlite', database='app.db')": ["app.db"],
    "url = make_url(base).set(database='app.db')": ["app.db"],
    # a password by itself
    "psycopg2.connect('host=db user=u password=hunter22')": ["host=db user=u password=***"],
    "psycopg.connect(f'host={h}', password='hunter22')": ["password=***"],
    "await asyncpg.create_pool(host=host, password='hunter22')": ["password=***"],
    "sa.URL.create('postgresql', host=host, password='hunter22')": ["password=***"],
    "psycopg2.connect('host=db password={password}')": [],
    "psycopg.connect(host=host, password=os.environ['PASSWORD'])": [],
    "psycopg.connect(host=host, password='')": [],
    "ssh.connect(host, password='hunter22')": [],
    "form = Form(user='u', password='hunter22')": [],
    # no real database
    "create_engine('sqlite://')": [],
    "create_engine('sqlite:///:memory:')": [],
    "create_engine('sqlite:///file::memory:?cache=shared')": [],
    "create_engine('postgresql://')": [],
    "create_engine('driver://user:pass@localhost/dbname')": [],
    "create_engine('postgresql://{user}@{host}/{name}')": [],
    "create_engine(f'postgresql://{user}@{host}/{name}')": [],
    "create_engine(os.environ['DATABASE_URL'])": [],
    "SHOWN = re.sub(found, 'mysql://[REDACTED]@[HOST]/[NAME]', url)": [],
    "metadata = {'connection_string': 'sqlite:///path/to/file.db'}": [],
    "create_engine('postgresql://[::1]/shop')": ["postgresql://[::1]/shop"],
    "DB = 'sqlite:////srv/to/file.db'": ["sqlite:////srv/to/file.db"],
    # only talked about
    "'''Connects to sqlite:///data.db by default.'''": [],
    "if url.startswith('postgresql://h'): pass": [],
    "if url == 'sqlite:///data.db': pass": [],
    "raise ValueError('sqlite:///data.db')": [],
    "logger.info('sqlite:///data.db')": [],
    "icon = 'thumbs.db'": [],
    "f''": [],
    "return_ = open('thumbs.db')": [],
    "sqlite3.connect(':memory:')": [],
}


def literals(code: str, path: str = "app/db.py") -> tuple[DatabaseLiteral, ...]:
    return find_in_python(PythonSource(path, code.encode()))


@pytest.mark.parametrize("code", CODE)
def test_literals_in_code(code: str) -> None:
    found = literals(code)
    assert [literal.text for literal in found] == CODE[code]


@pytest.mark.parametrize(
    ("code", "where", "fallback", "password"),
    [
        ("e = create_engine('sqlite:///d.db')", "create_engine()", False, False),
        ("URL = 'sqlite:///d.db'", "assigned to URL", False, False),
        ("DEFAULT_URL = 'sqlite:///d.db'", "assigned to DEFAULT_URL", True, False),
        ("URL_DEFAULT: str = 'sqlite:///d.db'", "assigned to URL_DEFAULT", True, False),
        ("DEFAULTED = 'sqlite:///d.db'", "assigned to DEFAULTED", False, False),
        ("u = os.getenv('URL', 'sqlite:///d.db')", "os.getenv()", True, False),
        ("u = os.environ.get('URL') or 'sqlite:///d.db'", "a fallback", True, False),
        ("class S(BaseSettings):\n    url: str = 'sqlite:///d.db'", "assigned to url", True, False),
        ("u = os.getenv('URL', 'mysql://a:b@h/d')", "os.getenv()", True, True),
        ("u = str('sqlite:///d.db')", "str()", False, False),
        ("class S(Base):\n    url: str = 'sqlite:///d.db'", "assigned to url", False, False),
        ("def f(u='sqlite:///d.db'): pass", "a default argument", False, False),
        ("for u in ['sqlite:///d.db']: pass", "in the code", False, False),
        ("lambda: 'sqlite:///d.db'", "in the code", False, False),
    ],
)
def test_what_a_literal_is_used_for(code: str, where: str, fallback: bool, password: bool) -> None:
    (literal,) = literals(code)
    assert (literal.where, literal.fallback, literal.has_password) == (where, fallback, password)


@pytest.mark.parametrize(
    "code",
    [
        "Field(examples=['s3://a', 'sqlite:///d.db'])",
        "Field(description='sqlite:///d.db')",
        "add_argument('--url', help='sqlite:///d.db')",
    ],
)
def test_an_example_is_no_database(code: str) -> None:
    assert literals(code) == ()


@pytest.mark.parametrize(
    "path", ["tests/db.py", "app/tests/db.py", "test_db.py", "db_test.py", "app/conftest.py"]
)
def test_tests_may_write_their_database(path: str) -> None:
    assert literals("create_engine('sqlite:///d.db')", path) == ()


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("sqlalchemy.url = sqlite:///d.db", ["sqlite:///d.db"]),
        ("sqlalchemy.url: sqlite:///d.db", ["sqlite:///d.db"]),
        ("klines.sqlalchemy.url = mysql://a:b@h/d", ["mysql://a:***@h/d"]),
        ("# sqlalchemy.url = sqlite:///d.db", []),
        ("sqlalchemy.url =", []),
        ("sqlalchemy.url = driver://user:pass@localhost/dbname", []),
        ("sqlalchemy.url = %(DATABASE_URL)s", []),
    ],
)
def test_literals_in_ini_files(line: str, found: list[str]) -> None:
    literals = find_in_ini("alembic.ini", f"[alembic]\n{line}\n")
    assert [literal.text for literal in literals] == found
    assert all(literal.span.line == 2 for literal in literals)
