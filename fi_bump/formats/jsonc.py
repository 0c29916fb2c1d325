"""Pins in JSON with comments: devcontainer.json, *.jsonc. Comments and commas before a closing bracket are blank.

A key that is a wanted variable has a version (`build.args.FLASHINFER_VERSION`, `containerEnv`), and a string may be a
command (`postCreateCommand`) or name an image. An anchor is the path of keys.
"""

from __future__ import annotations

from fi_bump.formats import shell
from fi_bump.formats.shared.beside import Leaf, guarded
from fi_bump.formats.shared.gathered import Gathered, release_at
from fi_bump.formats.shared.json_strings import scalars
from fi_bump.formats.shared.parts import FilePart, blank, read_parts, together, unescaped
from fi_bump.grammar import LazyPattern, variable_of
from fi_bump.pins import Found, Kind, Source, Wanted

_TOKEN = LazyPattern(
    rb'(?P<string>"(?:[^"\\\n]|\\.|(?!))*+")|//[^\n]*|/\*[\s\S]*?\*/|(?P<comma>,)(?=(?:\s|//[^\n]*|/\*[\s\S]*?\*/|(?!))*+[\]}])'
)


def find(source: Source, wanted: Wanted) -> Found:
    """Return the pins of a JSON file with comments. Raises ParseError for a file that is not JSON without them."""
    plain = Source(source.path, without_comments(source.masked))
    gathered = Gathered(source)
    leaves, commands = [], []
    for scalar in scalars(plain):
        keys = [key for key in scalar.path if isinstance(key, str)]
        if not scalar.is_string or not keys:
            continue
        containers = tuple([scalar.path[:depth] for depth in range(len(scalar.path))])
        leaves.append(Leaf(containers, tuple(keys), scalar.span, isinstance(scalar.path[-1], int)))
        value = plain.data[slice(*scalar.span)]
        subject = variable_of(keys[-1].replace("-", "_"), wanted.variables)
        version = release_at(plain, scalar.span)
        if subject is not None and version:
            gathered.pin(version, ".".join(keys), Kind.VARIABLE, subject)
        elif subject is not None and value and b"${" not in value:
            gathered.unpinned(scalar.span, subject, f"'{source.text(scalar.span)}' is not a version")
        elif subject is None:
            commands.append(FilePart(unescaped(value), scalar.span.start, ".".join(keys) + "/"))
    found = together(gathered.found(), read_parts(source, wanted, shell.find, commands))
    return guarded(source, found, leaves)


def without_comments(data: bytes) -> bytes:
    """Return JSON with blanks in place of its comments and of the commas that JSON does not allow."""
    return _TOKEN.sub(lambda match: match[0] if match["string"] else blank(match[0]), data)
