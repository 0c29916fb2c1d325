"""Where the scalars of a JSON text stand: the standard library's parser has no positions.

The grammar is RFC 8259's, so `NaN` and a trailing comma are errors. Iterative: no input exhausts the stack.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import NamedTuple

from fi_bump.errors import ParseError
from fi_bump.pins import Source, Span

MAX_DEPTH = 500

# Group 1 a string, 2 a mark, 3 a number, 4 a word; none of them at the end of the text.
_TOKEN = re.compile(
    rb'[ \t\r\n]*(?:("[^"\\\x00-\x1f]*(?:\\(?:["\\/bfnrt]|u[0-9A-Fa-f]{4})[^"\\\x00-\x1f]*)*")|([][{}:,])'
    rb"|(-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?)|(true|false|null)|\Z)"
)
_BLANKS = re.compile(rb"[ \t\r\n]*")
_CLOSE = {b"{": b"}", b"[": b"]"}

_VALUE = "a value"
_ITEM = "a value or ']'"
_KEY = "a string as key"
_MEMBER = "a string as key or '}'"
_COLON = "':'"
_NEXT = {b"}": "',' or '}'", b"]": "',' or ']'"}
_END = "the end of the file"


class Scalar(NamedTuple):
    """A string, number or word of a JSON text.

    `path` holds keys, decoded, and list indices. `span` is the body between the quotes for a string, else the whole.
    """

    path: tuple[str | int, ...]
    span: Span
    is_string: bool


def scalars(source: Source) -> Iterator[Scalar]:
    """Every scalar value, in the order of the file, of equal keys too.

    Raises ParseError, with `path:line:column`, where the text stops being JSON; some values were yielded by then.
    """
    data = source.masked
    position = 3 if data is not source.data and data.startswith(b"   ") and not source.data.startswith(b" ") else 0
    path: list[str | int] = []
    closers: list[bytes] = []
    expected = _VALUE
    while True:
        token = _TOKEN.match(data, position)
        if token is None:
            raise _error(source, _after_blanks(data, position), expected)
        string, mark, position = token[1], token[2], token.end()
        start = token.start(token.lastindex) if token.lastindex else position
        if token.lastindex is None:
            if expected is not _END:
                raise _error(source, position, expected)
            return
        if mark is not None and (mark == b"}" or mark == b"]"):
            if not closers or closers[-1] != mark or expected not in (_ITEM, _MEMBER, _NEXT[mark]):
                raise _error(source, start, expected)
            closers.pop()
            path.pop()
            expected = _NEXT[closers[-1]] if closers else _END
        elif expected is _VALUE or expected is _ITEM:
            if mark == b"{" or mark == b"[":
                if len(closers) == MAX_DEPTH:
                    raise ParseError("nested too deep", place=_place(source, start))
                closers.append(_CLOSE[mark])
                path.append("" if mark == b"{" else 0)
                expected = _MEMBER if mark == b"{" else _ITEM
            elif mark is not None:
                raise _error(source, start, expected)
            else:
                quote = 1 if string is not None else 0
                yield Scalar(tuple(path), Span(start + quote, position - quote), quote == 1)
                expected = _NEXT[closers[-1]] if closers else _END
        elif (expected is _KEY or expected is _MEMBER) and string is not None:
            path[-1] = decoded(source, Span(start + 1, position - 1))
            expected = _COLON
        elif expected is _COLON and mark == b":":
            expected = _VALUE
        elif mark == b"," and closers and expected == _NEXT[closers[-1]]:
            last = path[-1]
            if isinstance(last, int):
                path[-1] = last + 1
                expected = _VALUE
            else:
                expected = _KEY
        else:
            raise _error(source, start, expected)


def decoded(source: Source, span: Span) -> str:
    """The text of a string whose body stands at `span`, escapes resolved."""
    text = source.text(span)
    if "\\" not in text:
        return text
    value: str = json.loads(f'"{text}"')
    return value


def _after_blanks(data: bytes, position: int) -> int:
    blanks = _BLANKS.match(data, position)
    return position if blanks is None else blanks.end()


def _place(source: Source, offset: int) -> str:
    line, column = source.position(offset)
    return f"{source.path}:{line}:{column}"


def _error(source: Source, offset: int, expected: str) -> ParseError:
    return ParseError(f"not JSON: {expected} is expected here", place=_place(source, offset))
