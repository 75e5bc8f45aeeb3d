"""A paper as data: its printed numbers, its auditors, and the rule of verdicts."""
