"""Migrations run up, down and up again in another process, on a scratch database with rows."""
