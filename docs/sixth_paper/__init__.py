"""The One-Frame Net (Nobody 2026): a small network on the middle frame of each clip of SAVEE."""
