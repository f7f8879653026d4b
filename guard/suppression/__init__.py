"""Approvals and comments, which silence findings."""
