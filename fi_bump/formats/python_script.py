"""The table of a Python script that says what it needs: `# /// script` (PEP 723, "Inline script metadata").

The table is TOML in a comment. `dependencies` and `[tool.uv]` mean what they mean in pyproject.toml.
"""

from __future__ import annotations

import re

from fi_bump.formats.shared.parts import FilePart, blank, read_parts
from fi_bump.grammar import LazyPattern
from fi_bump.pins import Found, Source, Wanted

# The pattern of the specification.
_BLOCK = LazyPattern(rb"^# /// script[ \t]*\r?\n(?P<table>(?:^#(?:| [^\n]*)\r?\n)+?)^# ///[ \t]*\r?$", re.MULTILINE)
_COMMENT = LazyPattern(rb"^# ?", re.MULTILINE)


def script_tables(source: Source, wanted: Wanted) -> Found:
    """Return the pins of a script's table. A table that is not TOML has none."""
    from fi_bump.formats.pyproject import find_in_script

    parts = [
        FilePart(_COMMENT.sub(lambda match: blank(match[0]), block["table"]), block.start("table"), "script.")
        for block in _BLOCK.finditer(source.data)
    ]
    return read_parts(source, wanted, find_in_script, parts)
