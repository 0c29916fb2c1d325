"""Whether a Python file can contain anything wanted: a few searches that rule out nearly every file.

They must let through every file in which the finder finds something (a test compares the two on all cases and on
mutated files). The finder's own limits are what they rely on: how far from a version its subject may be, and what
python_version_strings.py says of a version by the code around it.
"""

from __future__ import annotations

from functools import lru_cache

from fi_bump.formats.python_names import may_clone, names_of
from fi_bump.formats.shared.name_search import Search
from fi_bump.formats.shared.spelled import Spelling, spelling
from fi_bump.formats.shared.unversioned import COMMANDS
from fi_bump.grammar import LazyPattern, has_any
from fi_bump.pins import Source, Span, Wanted
from fi_bump.records import NamedTuple

# A string that may be a version with a dot. Each pattern starts with a fixed byte, to which the search can jump.
_VERSIONS = (
    LazyPattern(rb'"[vV]?[0-9][\w!+-]*\.[\w!+.\x80-\xff-]*(?=["\n]|\Z)'),
    LazyPattern(rb"'[vV]?[0-9][\w!+-]*\.[\w!+.\x80-\xff-]*(?=['\n]|\Z)"),
)
_LONGEST_VERSION = 200
_LONGEST_COMMAND = max(map(len, COMMANDS))
# A row in a table of releases.
_ROW_WORD, _AFTER_ROW_WORD = b"version", frozenset([b"(", b" ", b"\t"])
_ROW = LazyPattern(rb"version(?<![\w.]version)[ \t]*\(\s*\w{0,3}[\"']{1,3}[vV]?[0-9]")
# How many bytes before and after the start of a version its subject may begin: the value of a variable that is assigned
# a name and then compared, and the other side of a comparison. python_version_strings.py has the same reach in _FAR,
# _REACH and _COMPARES.
_BEFORE, _AFTER = 2500, 600
# What is right after the name of a package with a version, after a variable that is set in a string, and after a name
# with its version in the string behind it (_BESIDE in python_version_strings.py).
_OF_PACKAGE = r"\s*+(?:\[[^\[\]\n]*+\]\s*+)?[(@=!<>~]"
_OF_VARIABLE = r"=[\"']?v?[0-9]"
_BESIDE = r"[\"']{0,3}\s*[,:\]]"
# What URLs and names of files contain that may lead to a release.
_AROUND = (b".whl", b".tar.", b".zip", b"git+", b"/archive/", b"ball/", b"/releases/")
# A URL from a name on, what is before it, and how far before the name it may begin; a longer one is not judged.
_IN_URL = LazyPattern(rb"[^\s\"']*")
_NOT_IN_URL = (b" ", b"\n", b'"', b"'", b"\t", b"\r", b"\f", b"\v")
_LONGEST_URL = 2000
# What is around a package without a version.
_LISTS = (
    b"pip_install",
    b"install_requires",
    b"extras_require",
    b"pip_packages",
    b"requirements",
    b"dependencies",
    b"deps",
)
# What is right before a name that has its version in the next string, and the text from its end into that string: no
# other string may be between them.
_BEFORE_BESIDE = frozenset([b'"', b"'", b"-"])
_NAME = LazyPattern(rb"[\w.-]*")
_NEXT = LazyPattern(rb"[\"']{0,3}(?:[^\"'#]|#[^\n]*\n|(?!))*+[\"']{1,3}v?[0-9]")
# How far before a version the code is read, and how far behind it a comparison begins: _REACH and _COMPARES in
# python_version_strings.py, after the end of three quotes.
_REACH, _COMPARED = 400, 20
_PREFIXES = b"bBrRuUfFtT"
_NAMED = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_."
_WORD = frozenset(b"abcdefghijklmnopqrstuvwxyz0123456789_.-")
_ESCAPES = (b"\\n", b"\\r", b"\\t")


class _PythonSearches(NamedTuple):
    """The searches for a set of wanted names.

    `judge` knows whether a whole name is in a file. `stems` are names as code has them, `whole` packages and owners of
    repositories, `packages` and `variables` those that have a version, and `beside` names beside a string.
    """

    judge: Spelling
    stems: Search
    whole: Search
    packages: Search
    variables: Search
    beside: Search


@lru_cache(maxsize=64)
def _searches(wanted: Wanted) -> _PythonSearches:
    packages = [name.replace("-", "_") for name in wanted.packages]
    variables = [name.lower() for name in wanted.variables]
    begun = [(name.partition("_")[0], r"[-_.][\w.-]*\$") for name in packages if "_" in name]
    return _PythonSearches(
        judge=spelling(wanted),
        stems=names_of(wanted).start,
        whole=Search([*((name, "") for name in packages), *begun]),
        packages=Search((name, _OF_PACKAGE) for name in packages),
        variables=Search((name, _OF_VARIABLE) for name in variables),
        beside=Search((name, _BESIDE) for name in (*packages, *variables)),
    )


def is_promising(source: Source, wanted: Wanted) -> bool:
    """Whether the finder may find something in a Python file."""
    searches = _searches(wanted)
    kind = searches.judge.kind(source)
    if kind and (
        _has_address(source, searches.judge)
        or (kind > 1 and _is_bound(source, searches))
        or may_clone(source, wanted)
        or source.data.find(b"# /// script") >= 0
    ):
        return True
    for first, last in searches.stems.runs(source, _AFTER + _BEFORE):
        if _has_gate(source, wanted, max(first - _AFTER, 0), last + _BEFORE):
            return True
    # The recipe of a package: it may be named by its folder or its class alone. Few files have such a row.
    return _has_row(source)


def _has_address(source: Source, judge: Spelling) -> bool:
    """Whether a name is in a URL or the name of a file that may lead to a release. A URL may be split after a slash."""
    lowered = source.lowered
    if not judge.is_plain:
        return has_any(lowered, _AROUND)
    end = 0
    for place, _ in judge.places(source):
        if place < end:
            continue
        word = _IN_URL.match(lowered, place)
        end = word.end() if word else place
        before = lowered[max(place - _LONGEST_URL, 0) : place]
        begin = max([before.rfind(each) for each in _NOT_IN_URL])
        if lowered[end - 1 : end] == b"/" and lowered[end : end + 1] in (b'"', b"'"):
            return True
        if (begin < 0 and len(before) == _LONGEST_URL) or has_any(before[begin + 1 :] + lowered[place:end], _AROUND):
            return True
    return False


def _is_bound(source: Source, searches: _PythonSearches) -> bool:
    """Whether a string may say which version of a whole name is meant, or installs it without one."""
    if not searches.judge.is_plain:
        return True
    lowered = source.lowered
    whole = []
    for place in searches.judge.places_of_names(source):
        if searches.variables.is_at(lowered, place):
            return True
        if searches.packages.is_at(lowered, place) and _begins_word(lowered, place):
            return True
        before = lowered[place - 1 : place]
        is_beside = before in _BEFORE_BESIDE and searches.beside.is_at(lowered, place)
        if is_beside and _NEXT.match(lowered, _end_of_word(lowered, place)):
            return True
        # A longer name that ends with this one is none.
        if before != b"_" and searches.whole.is_at(lowered, place):
            whole.append(place)
    return bool(whole) and _installs(source, _may_install(lowered, whole))


def _may_install(lowered: bytes, places: list[int]) -> list[int]:
    """Return the places that begin a string, as in a list of requirements, or have an install command before in a line.

    Each part of a line is searched once: a line may have thousands of names.
    """
    found = []
    has_list, has_command = has_any(lowered, _LISTS), False
    line = searched = 0
    for place in places:
        begin = lowered.rfind(b"\n", searched, place) + 1
        if begin:
            line, has_command = begin, False
        searched = max(line, searched - _LONGEST_COMMAND)
        has_command = has_command or has_any(lowered[searched:place], COMMANDS)
        searched = place
        if has_command or (has_list and lowered[place - 1 : place] in (b'"', b"'")):
            found.append(place)
    return found


def _end_of_word(lowered: bytes, place: int) -> int:
    word = _NAME.match(lowered, place)
    return word.end() if word else place


def _installs(source: Source, places: list[int]) -> bool:
    """Whether one of the names is in a string that installs it, by the code around the string."""
    from fi_bump.formats.python_literals import installs, literals, runs, scope

    waiting = iter(places)
    place = next(waiting, None)
    for literal in literals(source) if place is not None else ():
        while place is not None and place < literal.body.start:
            place = next(waiting, None)
        if place is None:
            return False
        if place < literal.body.end:
            names = scope(source, literal)
            if runs(names) or installs(names):
                return True
    return False


def _begins_word(lowered: bytes, start: int) -> bool:
    """Whether a name at `start` is not the end of a longer name."""
    return start == 0 or lowered[start - 1] not in _WORD or lowered[max(start - 2, 0) : start] in _ESCAPES


def _has_row(source: Source) -> bool:
    # To look for the word alone takes less time than to try the pattern at every byte.
    data = source.data
    place = data.find(_ROW_WORD)
    while place >= 0:
        end = place + len(_ROW_WORD)
        if data[end : end + 1] in _AFTER_ROW_WORD and _ROW.match(data, place):
            return True
        place = data.find(_ROW_WORD, end)
    return False


def _has_gate(source: Source, wanted: Wanted, start: int, end: int) -> bool:
    """Whether a version there is a gate or a constant of something wanted, as far as the code around it says."""
    for pattern in _VERSIONS:
        for version in pattern.finditer(source.data, start, end + _LONGEST_VERSION):
            if _is_gate(source, wanted, *version.span()):
                return True
    return False


def _may_be_gate(data: bytes, start: int, end: int, words: tuple[bytes, ...]) -> bool:
    """Whether the code next to a version, between a quote and its end, is of a kind that `GateReader` reads."""
    # A comparison is right behind the string; of three quotes, two are.
    if data[end + 1 : end + _COMPARED].lstrip(b" \t)\"'")[:2] in (b"==", b"!="):
        return True
    tail = data[max(start - _REACH, 0) : start]
    # The letters before the quote may be a name or a prefix.
    for before in {tail.rstrip(), tail.rstrip(b"\"'").rstrip(_PREFIXES).rstrip()}:
        # `in ("V"`: the last bracket that opens follows the word.
        opened = max(before.rfind(b"("), before.rfind(b"["), before.rfind(b"{"))
        if opened >= 0 and before[:opened].rstrip(b" \t").endswith(b"in"):
            return True
        if before.endswith(b"("):
            call = before[:-1].rstrip(_NAMED)
            if call.endswith((b")", b"]")) or before.endswith(b"startswith("):
                return True
            before = call.rstrip()
        if before.endswith((b"==", b"!=")):
            return True
        if before.endswith(b"=") and has_any(before[before.rfind(b"\n") + 1 :].lower(), words):
            return True
    return False


def _is_gate(source: Source, wanted: Wanted, start: int, end: int) -> bool:
    """Whether a string that is a version, between a quote and its end, is reported for the code around it."""
    data = source.masked
    if not _may_be_gate(data, start, end, names_of(wanted).words):
        return False
    # Imported here because few files have a version near a name.
    from fi_bump.formats.python_literals import Literal, start_with_prefix
    from fi_bump.formats.python_version_strings import GateReader

    reader = GateReader(source, wanted)
    wholes = [Span(start, end + 1)]
    if data[max(start - 2, 0) : start] == data[start : start + 1] * 2:
        wholes.append(Span(start - 2, end + 3))
    for whole in wholes:
        begin = start_with_prefix(data, whole.start)
        literal = Literal(Span(begin, whole.end), Span(start + 1, end), False, False, ())
        if reader.classify(literal, None) is not None:
            return True
    return False
