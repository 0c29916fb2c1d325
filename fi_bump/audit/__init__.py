"""Hold what a release requires against what the repository states, and propose what agrees with both.

`statements` reads the repository, `conflicts` and `proposal` are pure, `notes` are the hints that are no conflict, and
`command` is `fi-bump audit` and the part of it that `set` runs.
"""
