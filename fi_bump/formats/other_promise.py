"""Whether a file that no format claims can contain anything wanted: most of them name a backend, and no version.

A script is left to its own reader. Of any other file the finder reads each line by itself as a shell script does, so
that a line end after a backslash joins nothing.
"""

from __future__ import annotations

from fi_bump.formats.shell_promise import has_version
from fi_bump.pins import BOM, Source, Wanted


def is_promising(source: Source, wanted: Wanted) -> bool:
    """Whether the finder may find something in a file without a format of its own."""
    return source.data.removeprefix(BOM).startswith(b"#!") or has_version(source, wanted)
