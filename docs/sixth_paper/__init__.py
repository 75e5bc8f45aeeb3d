"""The One-Frame Net (Nobody 2026): a small network on the middle frame of each clip of SAVEE.

An invented paper that stands for the next real one; `docs/adding-a-paper.md` walks through it.
"""
