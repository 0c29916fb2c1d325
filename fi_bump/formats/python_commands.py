"""Git commands in the strings of a Python file: which release of a wanted repository a program clones or checks out.

`os.system("git clone -b vV …")`, `subprocess.run(["git", "clone", "--branch", "vV", URL])`, and the commands that
Modal's `run_commands` takes. The commands of a file are one script, in the order of the file.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import zip_longest

from fi_bump.formats.python_clones import clone_calls
from fi_bump.formats.python_literals import Literal, is_searched, literals, runs, scope
from fi_bump.formats.shared.gathered import Gathered
from fi_bump.formats.shared.parts import unescaped
from fi_bump.formats.shared.pieces import Text
from fi_bump.formats.shared.searches import without_searches
from fi_bump.formats.shell_git import GitReader
from fi_bump.formats.shell_values import ShellValues
from fi_bump.grammar import LazyPattern
from fi_bump.pins import Found, Source, Span, Wanted

# A string that is commands, wherever it is: `CLONE = "git clone …"`.
_COMMAND = LazyPattern(rb"(?:\A|[;&|\n])\s*(?:sudo\s+)?git\s+(?:-C\s+\S+\s+)?(?:clone|checkout|switch|fetch|reset)\s")
# Between two strings: nothing, as in a concatenation; or the other words of a list, which may be variables.
_JOINED = LazyPattern(rb"(?:[\s\\+]|#[^\n]*\n)*\Z")
_NAME = LazyPattern(rb"(?<![\w.\"'])(?:\w+\.)*([A-Za-z_]\w*)(?![\w.(=\"'])")
_CLOSING = LazyPattern(rb"[\])]")
_SEVERAL = LazyPattern(rb"[\s&;|]")
# What an f-string inserts: a variable, or any expression.
_FIELD = LazyPattern(rb"\{(?:(?P<name>\w+)\}|[^{}\n]*\})")
# A name that is set to an address.
_ADDRESS = LazyPattern(rb"(?<![\w.])(?P<name>[A-Za-z_]\w*)[ \t]*(?::[^=\n]{1,40})?=[ \t]*\(?\s*[rbf]?\Z")
_URL = LazyPattern(rb"(?:https?://|ssh://|git://|git@)[^\s]+\Z")
_REACH = 200


def git_commands(source: Source, wanted: Wanted) -> Found:
    """Return the releases that the git commands of a Python file name, and the variables that contain one."""
    reader = _Commands(source, wanted)
    for group in _grouped(source):
        reader.read(group)
    for call in clone_calls(source):
        reader.call(call)
    return reader.found()


def _grouped(source: Source) -> Iterator[list[Literal]]:
    """Yield the strings of each call that runs something, and of each other list of commands, without docstrings."""
    group: list[Literal] = []
    for literal in literals(source):
        if group and (literal.is_statement or not _same(source, group[-1], literal)):
            yield group
            group = []
        if not literal.is_statement:
            group.append(literal)
    if group:
        yield group


def _same(source: Source, one: Literal, other: Literal) -> bool:
    """Whether two strings are arguments of one call or items of one list, or joined by Python."""
    if one.brackets and other.brackets:
        return one.brackets[0] == other.brackets[0]
    return _JOINED.match(source.masked, one.whole.end, other.whole.start) is not None


class _Commands:
    """Reads the strings of one file as one script."""

    def __init__(self, source: Source, wanted: Wanted) -> None:
        self._source = source
        self._data = source.masked
        self._gathered = Gathered(source)
        self._git = GitReader(ShellValues(self._gathered, wanted.variables), wanted.repositories)
        # Where programs run commands; other strings may be texts for people.
        self._run: list[Span] = []

    def read(self, group: list[Literal]) -> None:
        """Read the strings of one call or list."""
        first = group[0]
        body = self._data[slice(*first.body)]
        address = _URL.match(body)
        bound = _ADDRESS.search(self._data, max(first.whole.start - _REACH, 0), first.whole.start) if address else None
        if bound:
            self._git.name(bound["name"], body)
        commands: list[Literal] = []
        before = None
        for literal in group:
            goes_on = before is not None and commands[-1:] == [before] and self._joins(before, literal)
            if not is_searched(self._source, literal) and (self._is_command(literal) or goes_on):
                commands.append(literal)
            before = literal
        if commands:
            names = scope(self._source, commands[0])
            text, _ = without_searches(self._text(commands))
            self._git.run((text,), f"{names}/" if names else "", resumed=True)

    def call(self, text: Text) -> None:
        """Read a call of a Git library, which is a line of the shell here."""
        self._run.append(text.span(0, len(text.data)))
        self._git.run((text,), "", resumed=True)

    def _is_command(self, literal: Literal) -> bool:
        if runs(scope(self._source, literal)):
            self._run.append(literal.body)
            return True
        return _COMMAND.search(unescaped(self._data[slice(*literal.body)])) is not None

    def _text(self, commands: list[Literal]) -> Text:
        """Return the strings as commands: the items of a list of words make one command, other strings one each."""
        parts: list[bytes] = []
        pieces: list[tuple[int, int]] = []
        length = 0
        for literal, following in zip_longest(commands, commands[1:]):
            end = literal.whole.end
            body = unescaped(self._data[slice(*literal.body)])
            added = [(_FIELD.sub(_reference, body) if literal.is_template else body, literal.body.start)]
            same = following is not None and literal.brackets == following.brackets
            if self._is_word(literal):
                closing = _CLOSING.search(self._data, end)
                stop = following.whole.start if same else closing.start() if closing else end
                added += [(b" $" + name[1] + b" ", name.start(1)) for name in _NAME.finditer(self._data, end, stop)]
            if not (following and self._joins(literal, following)):
                added.append((b" " if same and self._is_word(literal) else b"\n", end))
            for data, offset in added:
                parts.append(data)
                pieces.append((length, offset))
                length += len(data)
        return Text(b"".join(parts), pieces)

    def _joins(self, one: Literal, other: Literal) -> bool:
        return _JOINED.match(self._data, one.whole.end, other.whole.start) is not None

    def _is_word(self, literal: Literal) -> bool:
        """Whether a string is one word of a command, and not a command itself."""
        body = self._data[slice(*literal.body)].strip()
        return bool(literal.brackets) and body != b"" and not _SEVERAL.search(body)

    def found(self) -> Found:
        """Return what the commands name."""
        self._git.finish()
        found = self._gathered.found()
        run = tuple(
            place for place in found.unpinned if any(body.start <= place.span.start < body.end for body in self._run)
        )
        return Found(found.pins, run, (), found.uses)


def _reference(match: re.Match[bytes]) -> bytes:
    """Return a field of an f-string as a reference of the shell, in as many bytes."""
    return b"$" + match["name"] + b" " if match["name"] else b"$" * len(match[0])
