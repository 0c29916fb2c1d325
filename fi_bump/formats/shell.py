"""Pins in shell scripts: variables and defaults of references, requirements, git releases.

An anchor is what is pinned: `FLASHINFER_VERSION`, `flashinfer-python`, `git clone github.com/flashinfer-ai/flashinfer`.
A script is known by its name (`.sh`, `.bash`): one without an ending is only found where the lock records a literal.
"""

from __future__ import annotations

from fi_bump.formats.shell_script import find_in_shell
from fi_bump.pins import Found, Source, Span, Wanted


def find(source: Source, wanted: Wanted) -> Found:
    """Every pin, unpinned mention and range of what is wanted in a shell script. No input is an error."""
    return find_in_shell(source, wanted, [(Span(0, len(source.data)), "")])
