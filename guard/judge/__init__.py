"""From facts to findings: rules, the context that they ask, the replay behind it."""
