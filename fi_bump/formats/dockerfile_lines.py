"""Dockerfile instructions as bytes, cut as BuildKit's parser cuts them (moby/buildkit, frontend/dockerfile/parser).

It handles parser directives, a BOM, CRLF, continuations with comments and blank lines inside, ONBUILD and heredocs.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from fi_bump.errors import ParseError
from fi_bump.formats.shared.pieces import Text, joined
from fi_bump.grammar import LazyPattern
from fi_bump.pins import Source, Span
from fi_bump.records import NamedTuple

_BLANK = b" \t\v\f\r\n"
# How a line without content begins, after blanks.
_EMPTY = frozenset([b"", b"#"])
_DIRECTIVE = LazyPattern(rb"#\s*([A-Za-z][A-Za-z0-9]*)\s*=\s*(\S.*?)\s*\Z", re.DOTALL)
_KEYWORD = LazyPattern(rb"\s*(?:ONBUILD\s+)*([^\s]+)", re.IGNORECASE)
_HEREDOC = LazyPattern(rb"[0-9]*<<(-?)(\s*)([^<\s]+)\Z")
_UNQUOTE = LazyPattern(rb"\\(.)|['\"]", re.DOTALL)
_EXEC_FORM = LazyPattern(rb"\s*(?:--\S+\s+)*\[\s*(?:\"|\]).*\]\s*\Z", re.DOTALL)
_HEREDOC_KEYWORDS = frozenset({"RUN", "COPY", "ADD"})


@lru_cache(maxsize=2)
def _word_pattern(escape: bytes) -> re.Pattern[bytes]:
    e = re.escape(escape)
    return re.compile(
        rb"(?:" + e + rb".|'[^']*'|\"(?:" + e + rb".|[^\"" + e + rb"])*\"|<<\s*|[^\s'\"" + e + rb"])+|['\"" + e + rb"]",
        re.DOTALL,
    )


@lru_cache(maxsize=2)
def _continuation_pattern(escape: bytes) -> re.Pattern[bytes]:
    e = re.escape(escape)
    return re.compile(rb"(?<!" + e + rb")" + e + rb"[ \t]*\Z")


_ESCAPES = (b"\\", b"`")


class Instruction(NamedTuple):
    """One instruction with its continuation lines joined.

    `keyword` is the upper-case keyword after any ONBUILD. `line` starts with the keyword as the file spells it, and
    `args` is the index after it. `bodies` holds the bodies of heredocs without comment lines.
    """

    keyword: str
    line: Text
    args: int
    bodies: tuple[Text, ...]
    escape: bytes

    def words(self) -> Iterator[re.Match[bytes]]:
        """Yield the words after the keyword with their quotes; a quote without a partner is a word by itself."""
        return _word_pattern(self.escape).finditer(self.line.data, self.args)


class _Scanner:
    """Reads the lines of one file in order; `position` is the start of the next line."""

    def __init__(self, source: Source, words: tuple[bytes, ...]) -> None:
        self.source = source
        self.data = source.masked
        # Where each wanted word is next, and a heredoc, whose end must be found; empty if every instruction is wanted.
        self._next = dict.fromkeys((*words, b"<<"), -1) if words else {}
        self._lowered = self.data.lower() if words else b""
        self.position = 0
        self.escape = b"\\"

    def next_line(self) -> Span:
        """Return the next line with its line end, and go past it."""
        start = self.position
        self.position = self._end_of(start)
        return Span(start, self.position)

    def more(self) -> bool:
        return self.position < len(self.data)

    def next_instruction(self) -> int | None:
        """Return where the next relevant instruction begins, or None after the last one."""
        while (place := self._next_place()) < len(self.data):
            start = self._first_line(self.data.rfind(b"\n", 0, place) + 1)
            if start is not None:
                return start
            self.position = self._end_of(place)
        return None

    def _next_place(self) -> int:
        """Return where the next wanted word is, or the end of the file without one."""
        first = len(self.data) if self._next else self.position
        for word, place in self._next.items():
            if place < self.position:
                place = self._lowered.find(word, self.position)
                place = self._next[word] = len(self.data) if place < 0 else place
            first = min(first, place)
        return first

    def _first_line(self, line: int) -> int | None:
        """Return where the instruction that has a line begins; None for an empty line or a comment outside of any.

        Most instructions are irrelevant, so those between the last one and this line are not read.
        """
        data, above = self.data, line
        start = None if self._is_empty(line, self._end_of(line)) else line
        while above > self.position:
            before = max(data.rfind(b"\n", 0, above - 1) + 1, self.position)
            if not self._is_empty(before, above):
                if not self._goes_on(data[before:above].rstrip(b"\r\n").rstrip(b" \t")):
                    break
                start = before
            above = before
        return start

    def _end_of(self, place: int) -> int:
        """Return where the line that has a place ends, its line end included."""
        return self.data.find(b"\n", place) + 1 or len(self.data)

    def _is_empty(self, line: int, end: int) -> bool:
        return self.data[line:end].lstrip(_BLANK)[:1] in _EMPTY

    def _goes_on(self, bare: bytes) -> bool:
        """Whether the instruction goes on after a line, without the blanks at its end."""
        return bare[-1:] == self.escape and bare[-2:-1] != self.escape

    def directives(self) -> None:
        """Read the parser directives at the top, up to the first line that is not one."""
        seen = set()
        while self.more():
            start = self.position
            line = self.next_line()
            match = _DIRECTIVE.match(self.data[line.start : line.end].strip(_BLANK))
            name = match[1].lower() if match else b""
            if match is None or name not in (b"syntax", b"escape", b"check") or name in seen:
                self.position = start
                return
            seen.add(name)
            if name == b"escape":
                if match[2] not in _ESCAPES:
                    raise ParseError("the escape directive takes \\ or ` only", place=place(self.source, start))
                self.escape = match[2]

    def instruction(self, start: int) -> Instruction | None:
        """Return the instruction that starts on the line at `start`, or None if it has no keyword.

        Its continuations and heredocs are included.
        """
        data, size = self.data, len(self.data)
        pieces = []
        begin, end, goes_on = start, self._end_of(start), True
        while goes_on:
            whole = data[begin:end].rstrip(b"\r\n")
            bare = whole.rstrip(b" \t")
            goes_on = self._goes_on(bare)
            pieces.append((begin, begin + (len(bare) - 1 if goes_on else len(whole))))
            while goes_on:
                begin, end = end, self._end_of(end)
                if begin == size:
                    goes_on = False
                elif not self._is_empty(begin, end):
                    break
        self.position = end
        text = joined(data, [Span(*piece) for piece in pieces])
        match = _KEYWORD.match(text.data)
        if match is None:
            return None
        keyword = match[1].decode("ascii").upper()
        bodies: list[Text] = []
        if keyword in _HEREDOC_KEYWORDS and b"<<" in text.data and not _EXEC_FORM.match(text.data, match.end()):
            bodies = self.heredocs(text, match.end())
        return Instruction(keyword, text, match.end(), tuple(bodies), self.escape)

    def heredocs(self, text: Text, args: int) -> list[Text]:
        """Return the bodies of the heredocs that a line starts, and go past their ends."""
        words = list(_word_pattern(self.escape).finditer(text.data, args))
        if any(word[0] in (b"'", b'"') for word in words):
            return []
        bodies = []
        for word in words:
            announced = _HEREDOC.match(word[0])
            if announced is None:
                continue
            name = _UNQUOTE.sub(rb"\1", announced[3])
            body = self.body(name, announced[1] == b"-")
            if body is not None:
                bodies.append(body)
            elif not announced[2] and name.replace(b"_", b"").isalnum():
                where = place(self.source, text.span(word.start(), word.end()).start)
                raise ParseError(f"the heredoc {name.decode('ascii')} has no end", place=where)
        return bodies

    def body(self, name: bytes, strip_tabs: bool) -> Text | None:
        """Return a heredoc's body up to the line `name`, continuations joined; if that is missing, None and no move."""
        begin = self.position
        pieces: list[Span] = []
        while self.more():
            line = self.next_line()
            text = self.data[line.start : line.end].rstrip(b"\r\n")
            if (text.lstrip(b"\t") if strip_tabs else text) == name:
                return joined(self.data, pieces)
            if text.lstrip(_BLANK).startswith(b"#"):
                continue
            mark = _continuation_pattern(b"\\").search(text)
            pieces.append(Span(line.start, line.start + mark.start() if mark else line.end))
        self.position = begin
        return None


def place(source: Source, offset: int) -> str:
    """Return `path:line:column` for a byte offset."""
    line, column = source.position(offset)
    return f"{source.path}:{line}:{column}"


def scan(source: Source, words: tuple[bytes, ...] = ()) -> Iterator[Instruction]:
    """Yield the instructions of a Dockerfile in order; with `words` (lower case) only those that may contain a word.

    Raises ParseError where BuildKit certainly refuses the file.
    """
    scanner = _Scanner(source, words)
    scanner.directives()
    while (start := scanner.next_instruction()) is not None:
        instruction = scanner.instruction(start)
        if instruction is not None:
            yield instruction
