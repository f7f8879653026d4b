"""What lies on disk: Alembic environments, folders of .sql files, revision files."""
