"""What runs under the project's own interpreter: migrations up, down and up on a scratch database.

Plain files for Python 3.9 or later that need the standard library and the project's own alembic
(1.9 or later) and SQLAlchemy (1.4 or later), nothing of guard. They are run by path and loaded
under a name of their own, so that no module of the project is ever shadowed.
"""
