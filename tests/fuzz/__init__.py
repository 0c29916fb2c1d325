"""Hostile input for every reader: `python -m tests.fuzz` looks for it, and the corpus keeps what was found."""
