"""Pins in Apptainer's and Singularity's definition files: the commands of their sections, `%arguments`, `%labels`.

The image after `From:` is read as the one in a Dockerfile's FROM.
"""

from __future__ import annotations

import re

from fi_bump.formats import dockerfile
from fi_bump.formats.just import references
from fi_bump.formats.shared.parts import FilePart, blank, read_parts, together
from fi_bump.formats.shell_script import ScriptReader
from fi_bump.grammar import LazyPattern
from fi_bump.pins import Found, Source, Span, Wanted

_HEADER = LazyPattern(rb"^[ \t]*(?:%(?P<section>\w+)|(?P<key>[A-Za-z]+):)[^\n]*", re.MULTILINE)
_FROM = LazyPattern(rb"^[ \t]*(?:From|Stage):", re.IGNORECASE)
_LABEL = LazyPattern(rb"^([ \t]*)([\w.-]+)([ \t]+)(?=\S)", re.MULTILINE)
_NOT_A_NAME = LazyPattern(rb"[.-]")


def find(source: Source, wanted: Wanted) -> Found:
    """Return every pin, unpinned mention and range of wanted names in a definition file. No input is an error."""
    data = references(source.masked)
    pieces, images, position, section = [], [], 0, b""
    for match in (*_HEADER.finditer(data), None):
        if match is not None and match["key"] and section:
            continue  # A section has commands, whose words may end with a colon.
        pieces.append(_section(data[position : match.start() if match else None], section))
        if match is None:
            break
        section, position = (match["section"] or section).lower(), match.end()
        pieces.append(blank(match[0]))
        if match["key"]:
            start = _FROM.match(match[0])
            if start:
                images.append(FilePart(b"FROM ".rjust(start.end()) + match[0][start.end() :], match.start()))
    scripts = ScriptReader(source, wanted, b"".join(pieces))
    scripts.script(Span(0, len(data)))
    return together(scripts.found(), read_parts(source, wanted, dockerfile.find, images))


def _section(data: bytes, section: bytes) -> bytes:
    """Return a section as shell commands: in `%labels` a label `NAME V` is `NAME=V`; text for people is blank."""
    if section == b"labels":
        return _LABEL.sub(
            lambda match: (_NOT_A_NAME.sub(b"_", match[2]) + b"=").rjust(len(match[0])) if match[3] else match[0],
            data,
        )
    return blank(data) if section in (b"help", b"files") else data
