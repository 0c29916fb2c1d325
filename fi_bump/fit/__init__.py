"""Hold the calls of a repository against the signatures of a release, without installing or importing either.

`engine/` reads the repository's Python files, `wheel/` reads a release's sources out of its remote wheel, `signature`
binds a call to a signature, and `judge` compares two releases. Nothing here prints.
"""
