"""The text that a shell reads from a script: no comments or continuations, and heredoc bodies at their places.

Quotes, substitutions and heredocs are followed as far as comments require it (POSIX shell grammar, and bash's `<<<`,
`$'…'` and `((…))`). Scripts that a shell would refuse are read too: nothing here raises.
"""

from __future__ import annotations

import re
from bisect import bisect_left

from fi_bump.formats.shared.pieces import Text, joined
from fi_bump.grammar import LazyPattern
from fi_bump.pins import Span
from fi_bump.records import NamedTuple

# The marks that open or close something: in commands, in double quotes, in `${…}` (quoted or not), in `$((…))`.
_ESCAPE = rb"\\(?:\r?\n|.)"
_OPENING = rb"\$\(\(|\$\(|\$\{|`"
_BASE = _ESCAPE + rb"|\$?'|\"|\(\(|<<<|" + _OPENING + rb"|[()\n]"
_BASE += rb"|<<(?P<dash>-?)[ \t]*(?P<mark>\\?\w[\w.-]*|'[^'\n]+'|\"[^\"\n]+\")"
_IN_COMMAND = LazyPattern(_BASE + rb"|(?<![^\s;&|()`])#[^\n]*", re.DOTALL)
_IN_TICKS = LazyPattern(_BASE + rb"|(?<![^\s;&|()`])#[^\n`]*", re.DOTALL)
_IN_DOUBLE = LazyPattern(_ESCAPE + rb"|\"|" + _OPENING, re.DOTALL)
_IN_BRACES = LazyPattern(_ESCAPE + rb"|[}\"]|\$?'|" + _OPENING, re.DOTALL)
_IN_QUOTED_BRACES = LazyPattern(_ESCAPE + rb"|[}\"]|" + _OPENING, re.DOTALL)
_IN_SUM = LazyPattern(_ESCAPE + rb"|\)\)|[()]|" + _OPENING, re.DOTALL)
_SINGLE = LazyPattern(rb"[^']*'")
_ANSI = LazyPattern(rb"(?:\\.|[^'\\])*'", re.DOTALL)
_UNREAD_BODY = LazyPattern(rb"^[ \t]*#[^\n]*|\\\r?\n", re.MULTILINE)

_COMMAND, _TICKS, _DOUBLE, _BRACES, _QUOTED_BRACES, _SUM, _GROUP = range(7)
_PATTERNS = (_IN_COMMAND, _IN_TICKS, _IN_DOUBLE, _IN_BRACES, _IN_QUOTED_BRACES, _IN_SUM, _IN_SUM)
_OPENS = {b"$(": _COMMAND, b"$((": _SUM, b"((": _SUM, b"`": _TICKS}


class _Heredoc(NamedTuple):
    """A heredoc that a line starts: the text of its last line, and whether tabs may precede that."""

    end: bytes
    dash: bool


class _Lexer:
    """One pass over `data[span]`; with `indented`, blanks may precede a heredoc's last line, as in a YAML block."""

    def __init__(self, data: bytes, span: Span, indented: bool) -> None:
        self.data = data
        self.span = span
        self.indented = indented
        self.states = [_COMMAND]
        self.pending: list[_Heredoc] = []
        self.pieces: list[Span] = []
        self.kept = span.start
        self.lines: dict[bytes, dict[bytes, list[int]]] = {}

    def text(self, offset: int) -> Text:
        position = self.span.start
        while match := _PATTERNS[self.states[-1]].search(self.data, position, self.span.end):
            position = match.end()
            token = match[0]
            if token[:1] == b"\\":
                if token[-1:] == b"\n":
                    self.drop(match.start(), position)
            elif token[:1] == b"#":
                self.drop(match.start(), position)
            elif token in (b"'", b"$'"):
                position = self.quoted(token, position)
            elif token[:2] == b"<<" and token != b"<<<":
                name = match["mark"].strip(b"\\'\"")
                self.pending.append(_Heredoc(name, match["dash"] == b"-"))
            elif token == b"\n":
                position = self.bodies(position)
            else:
                self.step(token)
        self.drop(self.span.end, self.span.end)
        return joined(self.data, self.pieces, offset)

    def drop(self, start: int, end: int) -> None:
        """Remove `data[start:end]` from the text."""
        self.pieces.append(Span(self.kept, start))
        self.kept = end

    def quoted(self, token: bytes, position: int) -> int:
        """Return the offset after a single-quoted text, or `position` if it is not closed."""
        closed = (_ANSI if token == b"$'" else _SINGLE).match(self.data, position, self.span.end)
        return closed.end() if closed else position

    def step(self, token: bytes) -> None:
        """Enter or leave the construct that a mark opens or closes."""
        state = self.states[-1]
        ends = (token == b"`" and state == _TICKS) or (token == b'"' and state == _DOUBLE)
        if ends or token in (b"}", b"))"):
            self.leave()
        elif token == b")":
            # One `)` after what looked like `((`: that was a group inside a group.
            self.leave()
            if state == _SUM:
                self.states.append(_COMMAND)
        elif token == b"(":
            self.states.append(_GROUP if state in (_SUM, _GROUP) else _COMMAND)
        elif token == b"${":
            self.states.append(_QUOTED_BRACES if state in (_DOUBLE, _QUOTED_BRACES) else _BRACES)
        elif token == b'"':
            self.states.append(_DOUBLE)
        elif token in _OPENS:
            self.states.append(_OPENS[token])

    def leave(self) -> None:
        # A mark that nothing opened, as in `case x in a)`, closes nothing.
        if len(self.states) > 1:
            self.states.pop()

    def bodies(self, position: int) -> int:
        """Return the offset after the bodies of the heredocs started so far; one without an end is not a heredoc."""
        for heredoc in self.pending:
            end = self.end_line(heredoc, position)
            if end is None:
                continue
            for match in _UNREAD_BODY.finditer(self.data, position, end):
                self.drop(*match.span())
            line_end = self.data.find(b"\n", end, self.span.end)
            position = self.span.end if line_end < 0 else line_end + 1
        self.pending.clear()
        return position

    def end_line(self, heredoc: _Heredoc, position: int) -> int | None:
        """Return the start of the line that ends a heredoc, or None."""
        blanks = b" \t" if self.indented else b"\t" if heredoc.dash else b""
        if blanks not in self.lines:
            self.lines[blanks] = self.index(blanks)
        starts = self.lines[blanks].get(heredoc.end, [])
        at = bisect_left(starts, position)
        return starts[at] if at < len(starts) else None

    def index(self, blanks: bytes) -> dict[bytes, list[int]]:
        """Map each line's text, without leading blanks, to its offsets: one pass instead of one search per heredoc."""
        starts: dict[bytes, list[int]] = {}
        position = self.span.start
        for line in self.data[self.span.start : self.span.end].split(b"\n"):
            starts.setdefault(line.lstrip(blanks).rstrip(b"\r"), []).append(position)
            position += len(line) + 1
        return starts


def read(data: bytes, span: Span, *, indented: bool = False, offset: int = 0) -> Text:
    """Return what a shell reads from `data[span]`; `data` is a file's masked copy, or its part from `offset` on."""
    return _Lexer(data, span, indented).text(offset)
