"""Texts that are no report: the steps of revisions, the schema they make, the rules."""
