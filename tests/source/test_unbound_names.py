"""Names that a model uses and nothing binds: a NameError when the module is imported."""

from __future__ import annotations

from pathlib import Path

import pytest
from source_files import facts

HEAD = """
from sqlalchemy import Column, Integer, MetaData, Table, ForeignKey
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

class Base(DeclarativeBase):
    pass

"""


def model(*lines: str) -> str:
    body = "\n".join(f"    {line}" for line in ("__tablename__ = 'orders'", *lines))
    return f"{HEAD}class Order(Base):\n{body}\n"


# The code, and the name with the import that is missing (or the line that is too late).
UNBOUND = {
    model("made_at = Column(Integer, default=func.now())"): ("func", "from sqlalchemy import func"),
    model("note = Column(String(30))"): ("String", "from sqlalchemy import String"),
    model("__table_args__ = (UniqueConstraint('a'),)"): (
        "UniqueConstraint",
        "from sqlalchemy import UniqueConstraint",
    ),
    model("data: Mapped[dict] = mapped_column(JSONB)"): (
        "JSONB",
        "from sqlalchemy.dialects.postgresql import JSONB",
    ),
    model("at = Column(Integer, default=datetime.utcnow)"): (
        "datetime",
        "from datetime import datetime",
    ),
    model("id = Column(Integer, default=uuid.uuid4)"): ("uuid", "import uuid"),
    model("note: Mapped[Optional[str]] = mapped_column()"): (
        "Optional",
        "from typing import Optional",
    ),
    model("@validates('note')", "def check(self, key, value): ..."): (
        "validates",
        "from sqlalchemy.orm import validates",
    ),
    model("state = Column(Integer, default=OPEN)"): ("OPEN", None),
    model("state = Column(Integer, default=OPEN)") + "OPEN = 1\n": ("OPEN", 11),
    model("lines = relationship(Line)") + "class Line(Base):\n    pass\n": ("Line", 11),
    HEAD + "class Mixin:\n    at = Column(Integer, default=func.now())\n": (
        "func",
        "from sqlalchemy import func",
    ),
    HEAD + "t = Table('t', MetaData(), Column('a', Text))\n": (
        "Text",
        "from sqlalchemy import Text",
    ),
}
BOUND = (
    model("made_at = Column(Integer, default=lambda: func.now())"),
    model("made_at = Column(Integer)", "def f(self):", "    return func.now()"),
    model("lines: Mapped[list['Line']] = relationship('Line')"),
    model("lines: Mapped[Line] = relationship()"),  # the registry knows it, or Python 3.14
    model("lines = relationship('Line', foreign_keys='[Line.order_id]')"),
    model("def f(self) -> Line: ...", "def g(self, line: Line, n: Line | None = None): ...")
    + "class Line(Base):\n    pass\n",
    model("a = Column(Integer)", "b = Column(ForeignKey(a))", "c = [x for x in range(3)]"),
    "from sqlalchemy import *\n" + model("made_at = Column(Integer, default=func.now())"),
    "if TYPE_CHECKING:\n    from x import Y\n" + model("y: Mapped[Y] = relationship()"),
    "try:\n    from x import func\nexcept ImportError:\n    func = None\n"
    + model("made_at = Column(Integer, default=func.now())"),
    "globals().update(names)\n" + model("made_at = Column(Integer, default=func.now())"),
    "def setup():\n    global OPEN\n    OPEN = 1\nsetup()\n"
    + model("state = Column(Integer, default=OPEN)"),
    "for OPEN in range(3):\n    pass\n" + model("state = Column(Integer, default=OPEN)"),
    "with open(x) as f, g() as (OPEN, y):\n    pass\n" + model("s = Column(Integer, default=OPEN)"),
    "if (OPEN := 3) > 2:\n    pass\n" + model("state = Column(Integer, default=OPEN)"),
    "def make(OPEN):\n    class Order(Base):\n        __tablename__ = 'o'\n        a = OPEN\n"
    + HEAD,
    model("name = __name__", "kind = __qualname__", "size = len(name)"),
    "class Settings:\n    limit = unknown\n" + HEAD,  # no model: somebody else's affair
    "def f():\n    return Table('t', MetaData(), Column('a', Text))\n" + HEAD,
)


@pytest.mark.parametrize("code", UNBOUND)
def test_unbound(code: str, tmp_path: Path) -> None:
    (found,) = facts(tmp_path, code).unbound
    assert (found.name, found.later or found.imported) == UNBOUND[code]


@pytest.mark.parametrize("code", BOUND)
def test_bound(code: str, tmp_path: Path) -> None:
    assert facts(tmp_path, code).unbound == ()


def test_a_future_import_leaves_annotations_alone(tmp_path: Path) -> None:
    code = "from __future__ import annotations\n" + model("a: Mapped[Optional[int]] = b")
    assert [found.name for found in facts(tmp_path, code).unbound] == ["b"]
