"""How samples are divided, what leaks across a split, and what scores without looking at a face."""
