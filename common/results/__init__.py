"""What a command is asked for, and what finished runs say about the printed numbers."""
