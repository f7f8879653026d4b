"""What silences a finding: approvals and comments."""
