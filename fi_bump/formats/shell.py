"""Pins in shell scripts: variables, defaults of references, requirements, git releases.

An anchor is the name of what is pinned: `FLASHINFER_VERSION`, `flashinfer-python`,
`git clone github.com/flashinfer-ai/flashinfer`. A script is known by its name (`.sh`, `.bash`), or by its first line
(formats/other.py).
"""

from __future__ import annotations

from fi_bump.formats.shell_script import find_in_shell
from fi_bump.pins import Found, Source, Span, Wanted


def find(source: Source, wanted: Wanted) -> Found:
    """Return every pin, unpinned mention and range of wanted names in a shell script. No input is an error."""
    return find_in_shell(source, wanted, [(Span(0, len(source.data)), "")])
