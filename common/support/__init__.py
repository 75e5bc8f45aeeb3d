"""What everything stands on: errors, files, timing, worker processes, the console."""
