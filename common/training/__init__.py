"""From a recipe and a fold to a finished run."""
