"""The scalars of a JSON text with their byte offsets, which the standard library's parser does not give.

The grammar is RFC 8259, so `NaN` and a trailing comma are errors. The parser is iterative: no input exhausts the stack.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from fi_bump.errors import ParseError
from fi_bump.grammar import LazyPattern
from fi_bump.pins import Source, Span
from fi_bump.records import NamedTuple

MAX_DEPTH = 500

# Group 1 is a string, 2 a mark, 3 a number or word; no group matches at the end of the text. A BOM is blanks in the
# masked copy, so the pattern skips it.
_TOKEN = re.compile(
    rb'[ \t\r\n]*(?:("[^"\\\x00-\x1f]*(?:\\(?:["\\/bfnrt]|u[0-9A-Fa-f]{4})[^"\\\x00-\x1f]*)*")|([][{}:,])'
    rb"|(-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?|true|false|null)|\Z)"
)
_BLANKS = LazyPattern(rb"[ \t\r\n]*")
_STRING, _OTHER, _FILE_END, _NO_TOKEN = b'"', b"0", b"", b"?"
_CLOSE = {b"{": b"}", b"[": b"]"}

_VALUE = "a value"
_ITEM = "a value or ']'"
_KEY = "a string as key"
_MEMBER = "a string as key or '}'"
_COLON = "':'"
_NEXT = {b"}": "',' or '}'", b"]": "',' or ']'"}
_END = "the end of the file"


class JsonScalar(NamedTuple):
    """A string, number or word of a JSON text.

    `path` holds decoded keys and list indices. `span` is the text between the quotes of a string, else the whole value.
    """

    path: tuple[str | int, ...]
    span: Span
    is_string: bool


def scalars(source: Source) -> Iterator[JsonScalar]:
    """Yield every scalar value in the order of the file, including those of repeated keys.

    Raises ParseError, with `path:line:column`, where the text stops being JSON, after the values before that place.
    """
    path: list[str | int] = []
    closers: list[bytes] = []
    expected = _VALUE
    for start, end, kind in _tokens(source.masked):
        after = _NEXT[closers[-1]] if closers else _END
        if kind in (b"}", b"]") and closers and closers[-1] == kind and expected in (_ITEM, _MEMBER, after):
            closers.pop()
            path.pop()
            expected = _NEXT[closers[-1]] if closers else _END
        elif expected in (_VALUE, _ITEM) and kind in (b"{", b"["):
            if len(closers) == MAX_DEPTH:
                raise ParseError(f"nested more than {MAX_DEPTH} levels deep", place=_place(source, start))
            closers.append(_CLOSE[kind])
            path.append("" if kind == b"{" else 0)
            expected = _MEMBER if kind == b"{" else _ITEM
        elif expected in (_VALUE, _ITEM) and kind in (_STRING, _OTHER):
            quote = 1 if kind == _STRING else 0
            yield JsonScalar(tuple(path), Span(start + quote, end - quote), kind == _STRING)
            expected = after
        elif expected in (_KEY, _MEMBER) and kind == _STRING:
            path[-1] = decoded(source, Span(start + 1, end - 1))
            expected = _COLON
        elif expected == _COLON and kind == b":":
            expected = _VALUE
        elif expected == after and kind == b"," and closers:
            index = path[-1]
            if isinstance(index, int):
                path[-1] = index + 1
            expected = _KEY if closers[-1] == b"}" else _VALUE
        elif expected != _END or kind != _FILE_END:
            raise ParseError(f"not JSON: expected {expected} here", place=_place(source, start))


def _tokens(data: bytes) -> Iterator[tuple[int, int, bytes]]:
    """Yield (start, end, kind) of every token, ending with the end of the text or with the first byte of no token."""
    position = 0
    while True:
        token = _TOKEN.match(data, position)
        if token is None:
            blanks = _BLANKS.match(data, position)
            position = blanks.end() if blanks else position
            yield position, position, _NO_TOKEN
            return
        position = token.end()
        if token.lastindex is None:
            yield position, position, _FILE_END
            return
        kind = token[2] or (_STRING if token[1] is not None else _OTHER)
        yield token.start(token.lastindex), position, kind


def decoded(source: Source, span: Span) -> str:
    """Return the string whose quotes enclose `span`, escapes resolved; half a surrogate pair becomes `?`."""
    text = source.text(span)
    if "\\" not in text:
        return text
    value: str = json.loads(f'"{text}"')
    return value.encode("utf-8", "replace").decode("utf-8")


def _place(source: Source, offset: int) -> str:
    line, column = source.position(offset)
    return f"{source.path}:{line}:{column}"
