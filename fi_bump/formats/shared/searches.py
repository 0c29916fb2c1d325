"""Text in commands that describes what another file contains: the search side of sed, perl and bash, patterns of grep
and awk, context and removed lines of a patch. It pins nothing; what a substitution writes instead may pin something.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from fi_bump.formats.shared.pieces import Text
from fi_bump.grammar import LazyPattern, has_any

# Each text with a search contains one of these; most texts contain none.
_HINTS = (b"sed", b"grep", b"perl", b"awk", b"@@", b"rg ", b"//", b"s/", b"s|", b"s#", b"s,", b"s@", b"ack ")
# `s/SEARCH/NEW/` with any mark between the two, and `s{SEARCH}{NEW}`; outside of sed and perl only after a quote, so
# that the folders of a path are none.
_SUBSTITUTION = LazyPattern(
    # The look behind comes after the `s`, to which the search can jump.
    rb"s(?<![A-Za-z_$\\.-]s)(?:(?P<mark>[/|#,:@!~%+^])(?P<search>(?:\\.|(?!(?P=mark))[^\n\\]){1,400})(?P=mark)"
    rb"(?=(?:\\.|(?!(?P=mark))[^\n\\]){0,400}(?P=mark))"
    rb"|\{(?P<braced>[^{}\n]{1,400})\}(?=[ \t]*\{))"
)
_BEFORE = b"\"'%;"
# `/SEARCH/` and `\|SEARCH|` where a script may have an address or a pattern.
_SCRIPT = LazyPattern(rb"(?<![\w./-])(?:sed|perl|g?awk|mawk)(?=[ \t])[^\n]*")
_ADDRESS = LazyPattern(
    rb"(?<=[\"';{(!,~ \t])/(?P<search>(?:\\.|[^/\n\\]){1,400})/(?=[ \t]*(?:[^\s\w./-]|[a-zA-Z=]\b|[\"']))"
)
_GREP = LazyPattern(
    rb"(?<![\w./-])(?:(?:git[ \t]+)?(?:[efzp]?grep|rg|ag|ack))"
    rb"(?P<rest>[ \t](?:\"[^\"\n]*\"|'[^'\n]*'|\\.|[^;&|\n\"'\\])*)"
)
# Whatever `_GREP` and `_SCRIPT` match contains one of these.
_GREPS = (b"grep", b"rg ", b"rg\t", b"ag ", b"ag\t", b"ack ", b"ack\t")
_SCRIPTS = (b"sed", b"perl", b"awk")
_WORD = LazyPattern(rb"(?:\"[^\"\n]*\"|'[^'\n]*'|\\.|[^\s\"'\\])+")
_REPLACED = LazyPattern(rb"\$\{\w+//?(?P<search>[^/{}\n]{1,400})(?=/)")
_HUNK = LazyPattern(
    rb"^(?P<indent>[ \t]*)@@ -[0-9]+(?:,[0-9]+)? \+[0-9]+(?:,[0-9]+)? @@[^\n]*\n"
    rb"(?P<lines>(?:(?P=indent)[-+ \\][^\n]*\n?)*)",
    re.MULTILINE,
)
# Options of grep whose value is the next word.
_WITH_VALUE = frozenset(b"-A -B -C -m --include --exclude -f --file -d -D --type -t --glob -g -j --threads".split())
_PATTERN = frozenset({b"-e", b"--regexp"})


class Searched:
    """A text without its searches, which are looked for when they are first asked about: most texts name nothing.

    In `compared` those are left that look at what another command prints: `… | grep 0.6.1` compares an installed
    version, so it is reported like other comparisons. `whole` is the text as it is.
    """

    __slots__ = ("_both", "whole")

    def __init__(self, whole: Text) -> None:
        self.whole = whole
        self._both: tuple[Text, Text] | None = None

    @property
    def text(self) -> Text:
        """The text with other characters in place of everything that describes another file."""
        return self._searched()[0]

    @property
    def compared(self) -> Text:
        """The same with the searches of another command's output."""
        return self._searched()[1]

    def _searched(self) -> tuple[Text, Text]:
        if self._both is None:
            self._both = without_searches(self.whole)
        return self._both


def without_searches(text: Text) -> tuple[Text, Text]:
    """Return the text without its searches, and without those that describe another file (see `Searched`)."""
    if not has_any(text.data, _HINTS):
        return text, text
    found = _in_scripts(text.data)
    piped: list[tuple[int, int]] = []
    for match in _greps(text.data):
        reads_pipe, spans = _grepped(text.data, match)
        (piped if reads_pipe else found).extend(spans)
    if not found and not piped:
        return text, text
    return text.covered([*found, *piped]), text.covered(found)


def searches(data: bytes) -> list[tuple[int, int]]:
    """Return the places in a command that describe another file."""
    return [*_in_scripts(data), *(span for match in _greps(data) for span in _grepped(data, match)[1])]


def _greps(data: bytes) -> Iterable[re.Match[bytes]]:
    return _GREP.finditer(data) if has_any(data, _GREPS) else ()


def _in_scripts(data: bytes) -> list[tuple[int, int]]:
    found = []
    is_edited = has_any(data, _SCRIPTS)
    scripts = [script.span() for script in _SCRIPT.finditer(data)] if is_edited else []
    index = 0
    for match in _SUBSTITUTION.finditer(data):
        while index < len(scripts) and scripts[index][1] <= match.start():
            index += 1
        inside = index < len(scripts) and scripts[index][0] < match.start()
        if inside or data[match.start() - 1 : match.start()] in (b"", *(bytes([each]) for each in _BEFORE)):
            found.append(match.span("braced" if match["braced"] else "search"))
    for script in scripts:
        found += [match.span("search") for match in _ADDRESS.finditer(data, *script)]
    found += [match.span("search") for match in _REPLACED.finditer(data)] if b"${" in data else []
    for hunk in _HUNK.finditer(data) if b"@@ -" in data else ():
        position = hunk.start("lines")
        for line in hunk["lines"].split(b"\n"):
            if not line[len(hunk["indent"]) :].startswith(b"+"):
                found.append((position, position + len(line)))
            position += len(line) + 1
    return found


def _grepped(data: bytes, match: re.Match[bytes]) -> tuple[bool, list[tuple[int, int]]]:
    """Return whether a grep reads a pipe, and the spans of its patterns."""
    words = [word.span() for word in _WORD.finditer(data, *match.span("rest"))]
    patterns: list[tuple[int, int]] = []
    others: list[tuple[int, int]] = []
    index = 0
    while index < len(words):
        start, end = words[index]
        word = data[start:end]
        index += 1
        if word in _PATTERN or word in _WITH_VALUE:
            (patterns if word in _PATTERN else []).extend(words[index : index + 1])
            index += 1
        elif not word.startswith(b"-") or word == b"-":
            others.append((start, end))
    if not patterns:
        patterns, others = others[:1], others[1:]
    before = data[: match.start()].rstrip(b" \t\r\n\\")
    files = [each for each in others if not data[each[0] : each[1]].startswith((b">", b"2>", b"<"))]
    return before.endswith(b"|") and not before.endswith(b"||") and not files, patterns
