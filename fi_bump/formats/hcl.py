"""Pins in HCL: `docker buildx bake`, Terraform, Packer. Defaults of variables, build arguments, other assignments.

`variable "FLASHINFER_VERSION" { default = "V" }` has the same anchor as in JSON, `variable.FLASHINFER_VERSION.default`;
so has `target "NAME" { args = { FLASHINFER_VERSION = "V" } }`. A string is a template (`${…}`). Strings and heredocs
may be commands: `user_data = <<EOT`, `inline = ["pip install …"]`.
"""

from __future__ import annotations

import re

from fi_bump.errors import ParseError
from fi_bump.formats import shell
from fi_bump.formats.hcl_tokens import HEREDOC, LINE_END, MARK, NAME, NUMBER, STRING, Token, place, tokens
from fi_bump.formats.shared.beside import Leaf, guarded
from fi_bump.formats.shared.parts import FilePart, read_parts, together, unescaped
from fi_bump.grammar import LOCAL, VERSION, LazyPattern, variable_of
from fi_bump.pins import Found, Kind, Pin, Source, Span, Unpinned, Wanted, make_pin, number_anchors
from fi_bump.records import NamedTuple

# An exact version, with white space around it in a heredoc; the label may contain a reference.
_LABEL = LOCAL + rb"|\+[A-Za-z0-9._-]*\$\{[^}]*\}[A-Za-z0-9._-]*"
_EXACT = LazyPattern(rb"v?(" + VERSION + rb")(?:" + _LABEL + rb")?\Z", re.IGNORECASE)
_REFERENCE = re.compile(rb"\$\{\s*[A-Za-z_][A-Za-z0-9_.]*\s*\}")
# A limit, because each level stores all keys above it: without one, memory would grow with the square of the depth.
_DEEPEST = 200
# The closing bracket of each opening one.
_CLOSE = {b"{": b"}", b"[": b"]", b"(": b")"}


class _HclFrame(NamedTuple):
    """An open block, object or list: its closing bracket, the keys that lead to it, and its byte offset."""

    close: bytes
    path: tuple[str, ...]
    start: int


class _HclFinder:
    """Finds the pins in an HCL file, in one pass."""

    def __init__(self, source: Source, wanted: Wanted) -> None:
        self.source = source
        self.wanted = wanted
        self.pins: list[Pin] = []
        # The strings, for the checksums among them: their blocks, the names that lead to them, and their spans.
        self.leaves: list[Leaf] = []
        self.unpinned: list[Unpinned] = []
        self.frames = [_HclFrame(b"", (), 0)]
        # The open brackets within an expression: the closing bracket and the byte offset of each.
        self.brackets: list[tuple[bytes, int]] = []
        # The words before `=` or `{`, and the tokens after `=`, or None where no value is expected.
        self.head: list[str] = []
        self.value: list[Token] | None = None

    def token(self, token: Token) -> None:
        mark = token.text if token.kind == MARK else b""
        if self.brackets:
            self.within_brackets(token, mark)
        elif token.kind == LINE_END or mark == b"," or (mark and mark == self.frames[-1].close):
            self.end_value()
            if mark and mark == self.frames[-1].close:
                self.frames.pop()
            self.value = [] if self.frames[-1].close == b"]" else None
        elif mark in _CLOSE and (mark == b"(" or self.value):
            self.brackets.append((_CLOSE[mark], token.span.start))
            self.take(token)
        elif mark in _CLOSE:
            if len(self.frames) > _DEEPEST:
                raise self.error(f"nested more than {_DEEPEST} levels deep", token.span.start)
            self.frames.append(_HclFrame(_CLOSE[mark], (*self.frames[-1].path, *self.head), token.span.start))
            self.head, self.value = [], [] if mark == b"[" else None
        elif mark in _CLOSE.values():
            raise self.error(f"'{mark.decode('ascii')}' has no opening bracket", token.span.start)
        elif self.value is not None:
            self.take(token)
        elif mark in (b"=", b":"):
            self.value = []
        elif token.kind in (NAME, STRING):
            self.head.append(self.source.text(token.span))

    def within_brackets(self, token: Token, mark: bytes) -> None:
        """Take a token inside the brackets of an expression; line ends inside them do not end it."""
        if mark in _CLOSE:
            self.brackets.append((_CLOSE[mark], token.span.start))
        elif mark in _CLOSE.values() and self.brackets.pop()[0] != mark:
            raise self.error(f"'{mark.decode('ascii')}' has no opening bracket", token.span.start)
        self.take(token)

    def take(self, token: Token) -> None:
        if self.value is not None and token.kind != LINE_END:
            self.value.append(token)

    def end_value(self) -> None:
        """Judge `NAME = …` if NAME is a wanted variable, or `default = …` in the block of one."""
        value, head = self.value, self.head
        self.head, self.value = [], None
        if not value or len(head) != 1:
            return
        path = (*self.frames[-1].path, *head)
        if len(value) == 1 and value[0].kind == STRING:
            self.leaves.append(Leaf(tuple([frame.start for frame in self.frames]), path, value[0].span))
        name = path[1] if len(path) == 3 and path[0] == "variable" and path[2] == "default" else path[-1]
        subject = variable_of(name, self.wanted.variables)
        if subject is not None:
            self.judge(value, ".".join(path), subject)

    def judge(self, value: list[Token], anchor: str, subject: str) -> None:
        """Judge a whole string as a version; in an expression, report a version instead."""
        token = value[0]
        if len(value) > 1:
            token = next((each for each in value if each.kind == STRING and _EXACT.match(each.text)), token)
            if token.kind == STRING and token.text:
                self.report(token.span, subject, "a part of an expression, not one version")
        elif token.kind in (STRING, HEREDOC):
            self.string(token, anchor, subject)
        elif token.kind == NUMBER:
            self.report(token.span, subject, "a number, not a string: quote it")
        elif token.text in (b"true", b"false"):
            self.report(token.span, subject, "true or false, not a version")

    def string(self, token: Token, anchor: str, subject: str) -> None:
        start = token.span.start + len(token.text) - len(token.text.lstrip())
        text = token.text.strip() if token.kind == HEREDOC else token.text
        start = start if token.kind == HEREDOC else token.span.start
        span = Span(start, start + len(text))
        exact = _EXACT.match(text)
        shown = f"'{self.source.text(span)}'"
        if exact:
            where = (start + exact.start(1), start + exact.end(1))
            self.pins.append(make_pin(self.source, *where, anchor, Kind.VARIABLE, subject))
        elif b"${" in text or b"%{" in text:
            if re.search(rb"[0-9]", _REFERENCE.sub(b"", text)):
                self.report(span, subject, f"{shown} is assembled from a variable")
        elif b"\\" in text:
            self.report(span, subject, "written with escapes")
        elif text:
            self.report(span, subject, f"{shown} is not a version")

    def report(self, span: Span, subject: str, reason: str) -> None:
        self.unpinned.append(Unpinned(self.source, span, subject, reason))

    def error(self, message: str, start: int) -> ParseError:
        return ParseError(message, place=place(self.source, start))

    def finish(self) -> Found:
        self.end_value()
        opened = [start for _, start in self.brackets] + [frame.start for frame in self.frames[:0:-1]]
        if opened:
            mark = self.source.text(Span(opened[0], opened[0] + 1))
            raise self.error(f"'{mark}' is not closed", opened[0])
        return guarded(self.source, Found(number_anchors(self.pins), tuple(self.unpinned)), self.leaves)


def find(source: Source, wanted: Wanted) -> Found:
    """Return the values of wanted variables in an HCL file. Raises ParseError, with a place, if it is not HCL."""
    finder = _HclFinder(source, wanted)
    commands = []
    for token in tokens(source):
        finder.token(token)
        if token.kind in (STRING, HEREDOC) and token.text:
            text = unescaped(token.text) if token.kind == STRING else token.text
            commands.append(FilePart(text, token.span.start))
    # What is bound by a key comes first: it has the longer anchor.
    return together(finder.finish(), read_parts(source, wanted, shell.find, commands))
