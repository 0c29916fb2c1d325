"""The string values of a TOML text with their byte offsets, which no parser gives.

`strings` parses the text with tomllib, finds every string value a second time by itself, and raises an error if the
two do not agree on all of them. The search is iterative, takes linear time, and keeps no string: a file of 8 MB may
have 300,000.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator
from typing import Any

from fi_bump.errors import REPORT_WITH_FILE, InternalError, ParseError
from fi_bump.formats.shared.beside import Leaf
from fi_bump.formats.shared.pieces import Text
from fi_bump.grammar import LazyPattern
from fi_bump.pins import BOM, Source, Span
from fi_bump.records import NamedTuple

MAX_DEPTH = 100

Path = tuple[str | int, ...]

_BLANKS = LazyPattern(rb"(?:[ \t\r\n]+|#[^\n]*|(?!))*+")
_INLINE = LazyPattern(rb"[ \t]*")
_KEY = LazyPattern(rb"(?P<bare>[A-Za-z0-9_-]+)|\"(?P<basic>(?:[^\"\\\n]|\\[^\n]|(?!))*+)\"|'(?P<literal>[^'\n]*)'")
# The longer quotes come first. A multi-line string may end with up to two quotes of its own before the closing ones.
_STRING = LazyPattern(
    rb'"""(?P<long_basic>(?:[^"\\]|\\[\s\S]|"{1,2}+(?!")|(?!))*+"{0,2})"""'
    rb"|'''(?P<long_literal>(?:[^']|'{1,2}+(?!')|(?!))*+'{0,2})'''"
    rb'|"(?P<basic>(?:[^"\\\n]|\\[^\n]|(?!))*+)"'
    rb"|'(?P<literal>[^'\n]*)'"
)
_OTHER = LazyPattern(rb"[^\[\]{}\"',#\r\n]+")
_ESCAPE = LazyPattern(
    rb"\\(?:u[0-9A-Fa-f]{4}|U[0-9A-Fa-f]{8}|x[0-9A-Fa-f]{2}|[btnfre\"\\/]|[ \t]*\r?\n[ \t\r\n]*)|\r\n"
)
_LINE_END = LazyPattern(rb"\r\n")
_SHORT = {"b": "\b", "t": "\t", "n": "\n", "f": "\f", "r": "\r", "e": "\x1b", '"': '"', "\\": "\\"}
# A key of more than 100 parts is in a line of this length.
_LONG_LINE = LazyPattern(rb"[^\n]{200}")
_LONG_NUMBER = re.compile(rb"[0-9_]{4300}")
_FAULT = re.compile(r"(?P<what>.*) \(at (?:line (?P<line>\d+), column (?P<column>\d+)|end of document)\)")


class TomlString(NamedTuple):
    """A string value: the keys and list indices that lead to it, the span between its quotes, and its decoded text."""

    path: Path
    span: Span
    passage: Text

    @property
    def value(self) -> str:
        """The decoded text as `str`."""
        return self.passage.data.decode("utf-8")


class _TomlFrame(NamedTuple):
    """An open array or inline table; `passed` counts the items of an array so far."""

    closer: bytes
    path: Path
    passed: int


class _StrayError(Exception):
    """The text is not TOML here; tomllib's error message says so in better words."""


def strings(source: Source) -> Iterator[TomlString]:
    """Yield every string value of a TOML text, in the order of the file.

    Raises ParseError, with `path:line:column`, for text that is not TOML, before it yields anything, and InternalError
    if tomllib reads different strings.
    """
    if _LONG_LINE.search(source.data):
        # tomllib takes a minute for a key of 100,000 parts.
        _refuse_depth(source)
    try:
        document = _document(source)
    except (ParseError, RecursionError):
        _refuse_depth(source)
        raise
    try:
        for string in _TomlReader(source).strings():
            if not _takes(document, string):
                raise _disagreement(source)
            yield string
    except _StrayError:
        raise _disagreement(source) from None
    if _has_string(document):
        raise _disagreement(source)


def _refuse_depth(source: Source) -> None:
    """Raise ParseError if the text is too deep before the place where it is not TOML."""
    try:
        for _ in _TomlReader(source).strings():
            continue
    except _StrayError:
        return  # tomllib says so in better words


def _disagreement(source: Source) -> InternalError:
    message = "fi-bump's own TOML reader and tomllib disagree about this file"
    return InternalError(message, place=source.path, hint=REPORT_WITH_FILE)


def _takes(document: dict[str, Any], string: TomlString) -> bool:
    """Take a string out of tomllib's document; return whether it was there."""
    holder: Any = document
    try:
        for key in string.path[:-1]:
            holder = holder[key]
        value, holder[string.path[-1]] = holder[string.path[-1]], None
    except (KeyError, IndexError, TypeError):
        return False
    return isinstance(value, str) and value == string.value


def _document(source: Source) -> dict[str, Any]:
    try:
        return tomllib.loads(source.data.removeprefix(BOM).decode("utf-8"))
    except UnicodeDecodeError as error:
        start = error.start + (len(BOM) if source.data.startswith(BOM) else 0)
        line, column = source.position(start)
        raise ParseError("not TOML: not UTF-8", place=f"{source.path}:{line}:{column}") from None
    except tomllib.TOMLDecodeError as error:
        fault = _FAULT.match(str(error))
        what = fault["what"] if fault else str(error)
        line, column = source.position(len(source.data))
        if fault and fault["line"]:
            line, column = int(fault["line"]), int(fault["column"])
        message = f"not TOML: {what[:1].lower()}{what[1:]}"
        raise ParseError(message, place=f"{source.path}:{line}:{column}") from None
    except ValueError:
        number = _LONG_NUMBER.search(source.data)
        line, column = source.position(number.start() if number else len(source.data))
        raise ParseError("a number has more digits than Python reads", place=f"{source.path}:{line}:{column}") from None


def _has_string(document: dict[str, Any]) -> bool:
    """Whether a document that tomllib parsed still has a string."""
    left: list[Any] = [document]
    while left:
        value = left.pop()
        items = value.values() if isinstance(value, dict) else value
        if any(isinstance(each, str) for each in items):
            return True
        left += [each for each in items if isinstance(each, dict | list)]
    return False


def leaves(found: Iterable[TomlString]) -> Iterator[Leaf]:
    """Yield the strings of a TOML text that are in one piece as leaves of its tree of tables and arrays."""
    for string in found:
        containers = tuple([string.path[:depth] for depth in range(len(string.path))])
        names = tuple([key for key in string.path if isinstance(key, str)])
        yield Leaf(containers, names, string.span, isinstance(string.path[-1], int))


class _TomlReader:
    """One pass over one file; raises _StrayError where the text does not follow the grammar."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._data = source.masked
        self._position = 0
        self._tables: dict[Path, int] = {}

    def strings(self) -> Iterator[TomlString]:
        table: Path = ()
        while True:
            self._skip(_BLANKS)
            if self._position == len(self._data):
                return
            if self._takes(b"["):
                table = self._header()
            else:
                path = table + self._keys()
                self._expect(b"=")
                yield from self._value(path)

    def _header(self) -> Path:
        """Return the path of `[a.b]` or `[[a.b]]`, with the indices of the arrays of tables on the way."""
        is_array = self._takes(b"[")
        keys = self._keys()
        self._expect(b"]]" if is_array else b"]")
        path: Path = ()
        for key in keys[:-1]:
            path += (key,)
            if path in self._tables:
                path += (self._tables[path],)
        path += keys[-1:]
        if is_array:
            self._tables[path] = self._tables.get(path, -1) + 1
            path += (self._tables[path],)
        return path

    def _keys(self) -> Path:
        """Read the keys of `a."b c".d`."""
        keys: list[str] = []
        while not keys or self._takes(b"."):
            self._skip(_INLINE)
            match = _KEY.match(self._data, self._position)
            if match is None:
                raise _StrayError
            style = str(match.lastgroup)
            keys.append(_decoded(self._source, Span(*match.span(style)), style).data.decode("utf-8", "replace"))
            self._position = match.end()
            self._guard(len(keys))
            self._skip(_INLINE)
        return tuple(keys)

    def _value(self, path: Path) -> Iterator[TomlString]:
        """Yield every string in the value of the key at `path`."""
        frames: list[_TomlFrame] = []
        at: Path | None = path
        while at is not None:
            self._skip(_INLINE)
            self._guard(len(at))
            if self._takes(b"["):
                frames.append(_TomlFrame(b"]", at, 0))
                at = self._next(frames, after_value=False)
            elif self._takes(b"{"):
                frames.append(_TomlFrame(b"}", at, 0))
                at = self._next(frames, after_value=False)
            else:
                found = self._scalar(at)
                if found is not None:
                    yield found
                at = self._next(frames, after_value=True)

    def _next(self, frames: list[_TomlFrame], *, after_value: bool) -> Path | None:
        """Go to the next value in the open arrays and inline tables; return its path, or None when all are closed."""
        while frames:
            closer, path, passed = frames[-1]
            self._skip(_BLANKS)
            if after_value and not self._data.startswith(closer, self._position):
                self._expect(b",")
                self._skip(_BLANKS)
            if self._takes(closer):
                frames.pop()
                after_value = True
            elif closer == b"]":
                frames[-1] = _TomlFrame(closer, path, passed + 1)
                return (*path, passed)
            else:
                path += self._keys()
                self._expect(b"=")
                return path
        return None

    def _scalar(self, path: Path) -> TomlString | None:
        """Read one scalar; return it if it is a string, or None for a number, a word or a date."""
        match = _STRING.match(self._data, self._position) or _OTHER.match(self._data, self._position)
        if match is None:
            raise _StrayError
        self._position = match.end()
        style = match.lastgroup
        if style is None:
            return None
        span = Span(*match.span(style))
        return TomlString(path, span, _decoded(self._source, span, style))

    def _skip(self, pattern: LazyPattern) -> None:
        match = pattern.match(self._data, self._position)
        self._position = match.end() if match else self._position

    def _takes(self, mark: bytes) -> bool:
        if not self._data.startswith(mark, self._position):
            return False
        self._position += len(mark)
        return True

    def _expect(self, mark: bytes) -> None:
        if not self._takes(mark):
            raise _StrayError

    def _guard(self, depth: int) -> None:
        if depth > MAX_DEPTH:
            line, column = self._source.position(self._position)
            raise ParseError(f"nested more than {MAX_DEPTH} levels deep", place=f"{self._source.path}:{line}:{column}")


def _decoded(source: Source, span: Span, style: str) -> Text:
    """Decode the string between the quotes at `span`: escapes resolved, line ends as newlines."""
    body = source.data[span.start : span.end]
    start = 0
    if style.startswith("long"):
        start = 2 if body.startswith(b"\r\n") else int(body.startswith(b"\n"))
    is_basic = style.endswith("basic")
    if b"\r" not in body and not (is_basic and b"\\" in body):
        return Text(body[start:], ((0, span.start + start),))
    parts: list[bytes] = []
    pieces = [(0, span.start + start)]
    length = 0
    for match in (_ESCAPE if is_basic else _LINE_END).finditer(body, start):
        parts += [body[start : match.start()], _meaning(match[0])]
        length += match.start() - start
        pieces.append((length, span.start + match.start()))
        length += len(parts[-1])
        start = match.end()
        pieces.append((length, span.start + start))
    return Text(b"".join([*parts, body[start:]]), tuple(pieces))


def _meaning(escape: bytes) -> bytes:
    """Return the bytes that an escape means; code points that do not exist are left for tomllib to refuse."""
    if escape == b"\r\n":
        return b"\n"
    letter = escape[1:2].decode("ascii")
    if letter in "uUx":
        return chr(min(int(escape[2:], 16), 0x10FFFF)).encode("utf-8", "replace")
    return _SHORT.get(letter, "").encode("ascii")
