"""The facts of the `source` rules: Python and configuration around the database."""
