"""Pins in JSON with comments: devcontainer.json, *.jsonc. Comments and commas before a closing bracket are blank.

A key that is a wanted variable has a version (`build.args.FLASHINFER_VERSION`, `containerEnv`), and a string may be a
command (`postCreateCommand`) or name an image. An anchor is the path of keys.
"""

from __future__ import annotations

from fi_bump.formats.shared.beside import Leaf, guarded
from fi_bump.formats.shared.gathered import RELEASE, Gathered
from fi_bump.formats.shared.json_strings import scalars
from fi_bump.formats.shared.parts import FilePart, blank, read_parts, together, unescaped
from fi_bump.formats.shell_script import ScriptReader
from fi_bump.grammar import LazyPattern, variable_of
from fi_bump.pins import Found, Kind, Source, Span, Wanted

_TOKEN = LazyPattern(
    rb'(?P<string>"(?:[^"\\\n]|\\.)*+")|//[^\n]*|/\*[\s\S]*?\*/|(?P<comma>,)(?=(?:\s|//[^\n]*|/\*[\s\S]*?\*/)*+[\]}])'
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
        release = RELEASE.match(value)
        if subject is not None and release:
            start = scalar.span.start
            span = Span(start + release.start("version"), start + release.end("version"))
            gathered.pin(span, ".".join(keys), Kind.VARIABLE, subject)
        elif subject is not None and value and b"${" not in value:
            gathered.unpinned(scalar.span, subject, f"'{source.text(scalar.span)}' is not a version")
        elif subject is None:
            commands.append(FilePart(unescaped(value), scalar.span.start, ".".join(keys) + "/"))
    found = together(gathered.found(), read_parts(source, wanted, _command, commands))
    return guarded(source, found, leaves)


def _command(source: Source, wanted: Wanted) -> Found:
    reader = ScriptReader(source, wanted)
    reader.script(Span(0, len(source.data)))
    return reader.found()


def without_comments(data: bytes) -> bytes:
    """Return JSON with blanks in place of its comments and of the commas that JSON does not allow."""
    return _TOKEN.sub(lambda match: match[0] if match["string"] else blank(match[0]), data)
