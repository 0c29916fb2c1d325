"""Pins in Python sources: strings that are requirements. Exact gates, constants and run-time checks are reported.

A gate (`if v != "0.6.1"`) or constant is somebody's decision about one release, and a bump switches off what it
guards without a word: each is said every time, moved never. Ordered comparisons (`Version(v) < Version("0.6.1")`),
docstrings and comments say nothing.

A pin's anchor is what its string is given to, from the outermost bracket in: `setup.extras_require.vllm/kit`,
`pip_install/kit`; it survives moved lines and new neighbours, which a running number would not.
"""

from __future__ import annotations

import re
from functools import lru_cache

from fi_bump.formats.passage import Passage
from fi_bump.formats.python_literals import Literal, literals, scope
from fi_bump.formats.requirement_text import Requirement, judge, named, without_marker
from fi_bump.grammar import LOCAL, VERSION, LazyPattern, canonical_name, name_pattern
from fi_bump.pins import BY_HAND, Floor, Found, Mark, Pin, Source, Span, Unpinned, Wanted, number_anchors
from fi_bump.records import NamedTuple

# What a file must hold beside a wanted name. Each starts with one fixed byte, which the search then jumps to.
_PROMISING = (
    LazyPattern(rb"==[ \t]{0,8}v?[0-9]+[.!][0-9]"),
    LazyPattern(rb'"v?[0-9]+\.[0-9]'),
    LazyPattern(rb"'v?[0-9]+\.[0-9]"),
)
_BEFORE, _AFTER = 600, 200
_RELEASE = LazyPattern(rb"v?" + VERSION + rb"(?:" + LOCAL + rb")?\Z", re.IGNORECASE)
_TEMPLATE = LazyPattern(rb"%[(sd]|\{")
# A line of a string, which may break it by an escape.
_LINE = LazyPattern(rb"(?:\\[nrt])*((?:[^\n\\]|\\(?![nrt]))+)")
# Where a name may start: not inside a longer one, but behind an escaped line's end.
_START = rb"(?:(?<![\w.-])|(?<=\\[nrt]))"
_SHELL_WORD = LazyPattern(rb"[^\s\"'`;|&<>]+(?:[=!<>~]=[^\s\"'`;|&<>]*)?")
_CLEAN = LazyPattern(rb"(?:===?[^\s=]+|@ *\S+)\s*\Z")
# One of these stands in every requirement that says something of a version.
_MARKS = (b"=", b"<", b">", b"@")
_COMMAND = LazyPattern(rb"\b(?:pip3?|uv|install|add|requirements)\b")

_WORD = LazyPattern(rb"[A-Za-z_]\w{0,99}\Z")
_MEMBERSHIP = LazyPattern(rb"(?<=\s)in[ \t]{0,4}[\[({][^\[\](){}\n]{0,200}\Z")
_COMPARES = LazyPattern(rb"[ \t]{0,4}\)?[ \t]{0,4}[!=]=[ \t]{0,4}([\w.]{1,100}(?:\([^()\n]{0,100}\))?[\w.]{0,100})")
_CONSTANT = LazyPattern(rb"(?<![\w.])(\w{1,100})[ \t]*(?::[^=\n]{1,80})?=\Z")
_BESIDE = LazyPattern(rb"\s*,\s*(?:#[^\n]*\n\s*)*\Z")
_FLOOR_WORD = re.compile(r"(?:^|_)(?:min|minimum|floor|least|since|oldest)(?:_|\Z)", re.IGNORECASE)
_REACH = 400
_FAR = 2000

_GATE = "an exact gate: a bump switches off what it guards"
_EXACT_CONSTANT = "an exact constant: a bump may switch off what it guards"
_CHECK = f"checked at run time: {BY_HAND}"


class _Names(NamedTuple):
    """What a set of wanted names compiles to; both patterns are for code in lower case with `_` for `-`."""

    requirement: re.Pattern[bytes]
    stem: re.Pattern[bytes]
    subjects: dict[bytes, str]


@lru_cache(maxsize=64)
def _names(wanted: Wanted) -> _Names:
    # How code names a subject: `flashinfer`, `flashinfer_python`, `FLASHINFER_VERSION`.
    stems = {name.replace("-", "_"): name for name in sorted(wanted.packages)}
    stems |= {name.rpartition("/")[2].replace("-", "_"): name for name in sorted(wanted.repositories)}
    stems |= {name.lower().removesuffix("_version"): name for name in sorted(wanted.variables)}
    return _Names(
        re.compile(_START + _any_of([name_pattern(name) for name in wanted.packages]), re.IGNORECASE),
        re.compile(
            rb"(?:(?<![a-z0-9])|(?<=\\[nrt]))" + _any_of([stem.encode("ascii") for stem in stems]) + rb"(?![a-z0-9])"
        ),
        {stem.encode("ascii"): name for stem, name in stems.items()},
    )


def _any_of(alternatives: list[bytes]) -> bytes:
    longest = sorted(alternatives, key=lambda text: (-len(text), text))
    return rb"(?:" + b"|".join(longest) + rb")" if longest else rb"(?!)"


def find(source: Source, wanted: Wanted) -> Found:
    """The requirements in the strings of a Python source, and its exact gates. Takes any text, Python or not."""
    names = _names(wanted)
    if not _is_promising(source.data, names):
        return Found(())
    finder = _Finder(source, wanted)
    previous: Literal | None = None
    for literal in literals(source):
        if not literal.is_statement:
            finder.literal(literal, previous)
        previous = literal
    return finder.found()


def _is_promising(data: bytes, names: _Names) -> bool:
    """Whether a version stands near a wanted name: one look that passes over nearly every file."""
    for pattern in _PROMISING:
        for match in pattern.finditer(data):
            if _subject(data[max(match.start() - _BEFORE, 0) : match.end() + _AFTER], names):
                return True
    return False


def _subject(code: bytes, names: _Names) -> str | None:
    """The wanted subject that a stretch of code names."""
    match = names.stem.search(code.lower().replace(b"-", b"_"))
    return names.subjects[match[0]] if match else None


class _Finder:
    """One pass over one source."""

    def __init__(self, source: Source, wanted: Wanted) -> None:
        self._source = source
        self._data = source.masked
        self._wanted = wanted
        self._names = _names(wanted)
        self._items: list[Pin | Unpinned | Floor] = []

    def found(self) -> Found:
        """Everything in the order of the file."""
        return Found(
            number_anchors([item for item in self._items if isinstance(item, Pin)]),
            tuple(item for item in self._items if isinstance(item, Unpinned)),
            tuple(item for item in self._items if isinstance(item, Floor)),
        )

    def literal(self, literal: Literal, previous: Literal | None) -> None:
        """Judge one string; `previous` is the one before it."""
        body = self._data[literal.body.start : literal.body.end]
        if body[:1].isdigit() or body[:1] in (b"v", b"V"):
            if not _RELEASE.match(body):
                return
            told = None if literal.is_template or b"." not in body else self._told(literal, previous)
            if told is not None:
                self._items.append(Unpinned(self._source, literal.body, *told, None, Mark.EXACT_GATE))
        elif any(mark in body for mark in _MARKS) and not literal.is_template and self._names.requirement.search(body):
            for line in _LINE.finditer(self._data, *literal.body):
                self._line(literal, Span(*line.span(1)))

    def _line(self, literal: Literal, line: Span) -> None:
        """One line of a string: a requirement as a whole, or those in a command that installs them."""
        text = self._source.data[line.start : line.end]
        if _TEMPLATE.search(text):
            return
        head = named(text)
        if head is not None and head[0] in self._wanted.packages and self._requirement(literal, line, head):
            return
        if not _COMMAND.search(text):
            return
        for match in self._names.requirement.finditer(text):
            word = _SHELL_WORD.match(text, match.start())
            if word is not None:
                part = Span(line.start + word.start(), line.start + word.end())
                found = named(word[0])
                if found is not None and found[0] in self._wanted.packages:
                    self._requirement(literal, part, found)

    def _requirement(self, literal: Literal, span: Span, head: tuple[str, int]) -> bool:
        """Take the requirement that stands at `span`; False when it says nothing about a version."""
        package, start = head
        text = self._source.data[span.start : span.end]
        passage = Passage(text, ((0, span.start),))
        end = without_marker(text, start, len(text))
        names = scope(self._source, literal) or "string"
        anchor = f"{names}/{package}"
        item = judge(Requirement(self._source, passage, package, start, end, anchor, "an escape", self._wanted))
        # Prose and bare names begin with a package's name too; what is no clean requirement is none here.
        if item is None or (isinstance(item, Unpinned) and not _CLEAN.match(text, start, end)):
            return False
        self._items.append(item)
        return True

    def _told(self, literal: Literal, previous: Literal | None) -> tuple[str, str] | None:
        """The subject and the reason for a release that stands alone in a string, if it is one of a wanted subject."""
        data, start = self._data, literal.whole.start
        if previous is not None and previous.whole.end < start and _BESIDE.match(data, previous.whole.end, start):
            if _FLOOR_WORD.search(scope(self._source, literal)):
                return None  # check_at_least("kit", "V")
            name = self._source.text(previous.body)
            if canonical_name(name) in self._wanted.packages:
                return canonical_name(name), _CHECK
            if name.upper() in self._wanted.variables:
                return name.upper(), _CHECK
        before = data[max(start - _REACH, 0) : start].rstrip()
        is_inside = len(literal.brackets) > 0
        member = _MEMBERSHIP.search(before)
        if member:
            return self._gate(_operand(before[: member.start()].rstrip().removesuffix(b"not").rstrip()), start)
        if before.endswith(b"("):
            call = _operand(before[:-1])
            if call.endswith(b".startswith"):
                return self._gate(call.removesuffix(b".startswith"), start)
            before = before[: len(before) - 1 - len(call)].rstrip()
            is_inside = len(literal.brackets) > 1
        if before.endswith((b"==", b"!=")):
            return self._gate(_operand(before[:-2].rstrip()), start)
        constant = _CONSTANT.search(before, before.rfind(b"\n") + 1)
        if constant:
            name = constant[1].decode("ascii")
            return (subject, _EXACT_CONSTANT) if (subject := self._constant(name, is_inside)) else None
        compares = _COMPARES.match(data, literal.whole.end)
        return self._gate(compares[1], start) if compares else None

    def _constant(self, name: str, is_inside: bool) -> str | None:
        """The subject whose exact version a variable holds, going by its name; a floor or an argument holds none."""
        if _FLOOR_WORD.search(name) or "version" not in name.lower() or (is_inside and not name.isupper()):
            return None
        return _subject(name.encode("ascii"), self._names)

    def _gate(self, operand: bytes, offset: int) -> tuple[str, str] | None:
        """The subject and the reason of a comparison with `operand`, which names it or was set from what does."""
        subject = _subject(operand, self._names)
        if subject is None and _WORD.match(operand):
            window = self._data[max(offset - _FAR, 0) : offset]
            assigned = re.findall(rb"(?<![\w.])" + operand + rb"[ \t]*(?::[^=\n]{0,80})?:?=(?!=)([^\n]*)", window)
            subject = _subject(assigned[-1], self._names) if assigned else None
        return (subject, _GATE) if subject else None


def _operand(code: bytes) -> bytes:
    """The name or call that ends `code`: `flashinfer.__version__`, `Version(version("flashinfer-python"))`."""
    depth = 0
    start = len(code)
    while start > 0:
        mark = code[start - 1 : start]
        if mark in b")]":
            depth += 1
        elif mark in b"([":
            if depth == 0:
                break
            depth -= 1
        elif depth == 0 and not (mark.isalnum() or mark in b"._"):
            break
        start -= 1
    return code[start:]
