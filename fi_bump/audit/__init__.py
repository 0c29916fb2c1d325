"""Compare what releases require with what the repository requires, and propose versions that resolve conflicts.

`statements` reads the repository's requirements, `conflicts` and `proposal` are pure functions over them, `notes` are
warnings that are not conflicts, `audit` puts these together, and `preflight` is the part that `set` runs.
"""
