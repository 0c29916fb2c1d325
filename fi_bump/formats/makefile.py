"""Pins in Makefiles: variables, target-specific ones included, and what recipes pin as shell scripts.

Anchors are the same as in scripts: `FLASHINFER_VERSION`, `flashinfer-python`. Lines are cut as GNU make cuts them:
continuations joined, and comments removed except in recipes, where the shell removes them.
"""

from __future__ import annotations

import re

from fi_bump.formats.shared.pieces import Text, joined
from fi_bump.formats.shell_script import ScriptReader
from fi_bump.grammar import LazyPattern
from fi_bump.pins import Found, Source, Span, Wanted

# One logical line: everything up to a line end that no backslash escapes.
_LINE = LazyPattern(rb"(?:[^\\\n]+|\\(?:\r?\n|[^\n]))+")
_CONTINUATION = LazyPattern(rb"\\\r?\n")
_COMMENT = LazyPattern(rb"(?<!\\)#(?:\\\r?\n|[^\n])*")
_DEFINE = LazyPattern(rb"[ \t]*(?:(?:override|export|private)[ \t]+)*define\b")
_ENDEF = LazyPattern(rb"[ \t]*endef\b")
_VARIABLE = LazyPattern(
    rb"[ \t]*+(?:[^\t =#:?+!][^=#:?+!\n]*:(?![:=])[ \t]*)?(?:(?:override|export|private|unexport)[ \t]+)*"
    rb"(?P<name>[\w.-]+)[ \t]*(?::{0,3}|\?)=[ \t]*(?P<value>[^\n]*)"
)
# make's `$(NAME)` is the shell's `${NAME}`, and its `$$` is the shell's `$`; the replacements keep every offset.
_REFERENCE = LazyPattern(rb"\$\((?P<name>\w+)\)|\$(?=\$)")


class _MakefileFinder:
    """Finds the pins in a Makefile, in one pass."""

    def __init__(self, source: Source, wanted: Wanted) -> None:
        self.data = _REFERENCE.sub(_as_shell, source.masked)
        self.scripts = ScriptReader(source, wanted, self.data)
        self.inside_define = False

    def line(self, span: Span) -> None:
        if self.inside_define or self.data.startswith(b"\t", span.start):
            self.inside_define = self.inside_define and not _ENDEF.match(self.data, *span)
            # make runs each line of a recipe in its own shell, and passes `$$` on as `$`.
            self.scripts.script(span, steps=True)
            return
        self.inside_define = _DEFINE.match(self.data, *span) is not None
        text = self.read(span)
        bound = _VARIABLE.match(text.data)
        if bound:
            self.scripts.commands.variable(text, bound["name"], *bound.span("value"), "")
            self.scripts.commands.git.name(bound["name"], bound["value"].strip())
            self.scripts.commands.checksums.variable(text, bound["name"], *bound.span("value"))
        # A value may also be a command or a list of requirements; a span that was added above is not added again.
        self.scripts.text(text, "", compared=False)

    def read(self, span: Span) -> Text:
        """Return a line as make reads it: without its comment, continuations joined."""
        pieces = []
        start = span.start
        comment = _COMMENT.search(self.data, *span)
        end = comment.start() if comment else span.end
        for mark in _CONTINUATION.finditer(self.data, start, end):
            pieces.append(Span(start, mark.start()))
            start = mark.end()
        return joined(self.data, [*pieces, Span(start, end)])


def _as_shell(match: re.Match[bytes]) -> bytes:
    return b"${" + match["name"] + b"}" if match["name"] else b" "


def find(source: Source, wanted: Wanted) -> Found:
    """Return every pin, unpinned mention and range of wanted names in a Makefile. No input is an error."""
    finder = _MakefileFinder(source, wanted)
    for line in _LINE.finditer(finder.data):
        finder.line(Span(*line.span()))
    return finder.scripts.found()
