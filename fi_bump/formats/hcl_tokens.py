"""The tokens of an HCL text with their places (hashicorp/hcl, hclsyntax/spec.md): strings, heredocs, comments.

The lexer is iterative and takes linear time: no input exhausts the stack.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from fi_bump.errors import ParseError
from fi_bump.grammar import LazyPattern
from fi_bump.pins import Source, Span
from fi_bump.records import NamedTuple

NAME, STRING, HEREDOC, NUMBER, LINE_END, MARK = range(6)

_TOKEN = LazyPattern(
    rb"(?P<blank>[ \t\r]+|\#[^\n]*|//[^\n]*)|(?P<comment>/\*)|(?P<name>[A-Za-z_][\w-]*)|(?P<number>[0-9][\w.]*)"
    rb"|(?P<heredoc><<-?(?P<mark>[A-Za-z_][\w-]*)\r?\n)|(?P<line>\n)|(?P<string>\")|(?P<other>.)",
    re.DOTALL,
)
_IN_STRING = LazyPattern(rb"[^\"\\$%\n]+|\\.|\$\$\{|%%\{|(?P<open>[$%]\{)|(?P<end>\")|(?P<line>\n)|.", re.DOTALL)
_IN_TEMPLATE = LazyPattern(rb"[^\"{}]+|(?P<open>\{)|(?P<close>\})|(?P<string>\")")
_BLANKS = b" \t"


class Token(NamedTuple):
    """A token; the span of a string is the text between its quotes, of a heredoc its lines without the marks."""

    kind: int
    span: Span
    text: bytes


def tokens(source: Source) -> Iterator[Token]:
    """Yield every token in order. Raises ParseError, with a place, for a comment, string or heredoc without an end."""
    data = source.masked
    position = 0
    while match := _TOKEN.match(data, position):
        start, position = match.span()
        if match["blank"]:
            continue
        if match["comment"]:
            end = data.find(b"*/", position)
            if end < 0:
                raise ParseError("the comment has no end", place=place(source, start))
            position = end + 2
        elif match["string"]:
            position = _string_end(source, start)
            yield Token(STRING, Span(start + 1, position - 1), data[start + 1 : position - 1])
        elif match["heredoc"]:
            span, position = _heredoc(source, match)
            yield Token(HEREDOC, span, data[span.start : span.end])
        else:
            kind = NAME if match["name"] else NUMBER if match["number"] else LINE_END if match["line"] else MARK
            yield Token(kind, Span(start, position), match[0])


def _string_end(source: Source, start: int) -> int:
    """Return the offset after the quote that closes the string at `start`; its templates may contain strings."""
    data = source.masked
    # True inside a string, False inside a template or inside braces of a template.
    states = [True]
    position = start + 1
    while states:
        match = (_IN_STRING if states[-1] else _IN_TEMPLATE).match(data, position)
        if match is None or (states[-1] and match["line"]):
            raise ParseError("the string has no end", place=place(source, start))
        position = match.end()
        if match["open"]:
            states.append(False)
        elif match.lastgroup == "string":
            states.append(True)
        elif match.lastgroup in ("end", "close"):
            states.pop()
    return position


def _heredoc(source: Source, opening: re.Match[bytes]) -> tuple[Span, int]:
    """Return the span of a heredoc's lines, and the offset after its closing mark."""
    data, mark = source.masked, opening["mark"]
    position = opening.end()
    while position < len(data):
        end = data.find(b"\n", position)
        end = len(data) if end < 0 else end
        if data[position:end].strip(_BLANKS + b"\r") == mark:
            return Span(opening.end(), position), end
        position = end + 1
    raise ParseError(f"the heredoc {mark.decode('ascii')} has no end", place=place(source, opening.start()))


def place(source: Source, offset: int) -> str:
    """Return `path:line:column` for a byte offset."""
    line, column = source.position(offset)
    return f"{source.path}:{line}:{column}"
