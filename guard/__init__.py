"""A migration-safety linter and CI gate for Alembic and SQLAlchemy projects."""

__version__ = "0.1.0"
