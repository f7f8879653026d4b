"""Flask-SQLAlchemy: it hands on SQLAlchemy's names."""

from __future__ import annotations

from guard.reader.evaluate.run import Library
from guard.reader.libraries.sqlalchemy.names import in_package

LIBRARY = Library(names=in_package("flask_sqlalchemy"))
