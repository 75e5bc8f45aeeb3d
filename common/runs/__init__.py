"""Finished trainings on disk, and what they scored."""
