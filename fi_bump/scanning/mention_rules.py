"""Which numbers on a line are versions of a group's packages: what is between a name and a number decides."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from fi_bump.families import families
from fi_bump.grammar import VERSION, LazyPattern, canonical_name, name_pattern
from fi_bump.lock.records import Group
from fi_bump.scanning.asked import needles, wanted_by

# The number itself; what follows must not make it another version (0.6.1 in 0.6.1.post2), but may be an ending (.zip),
# or `cxx11`, which some wheels have there.
_TOKEN = LazyPattern(
    rb"(?<![0-9.+%])(?<![^*]\*)(?<!\* )[vV]?(?P<version>" + VERSION + rb")(?P<local>(?=(?:\+|%2B)[A-Za-z]))?"
    rb"(?P<any>\.[*xX](?!\w))?(?!(?!cxx)[0-9A-Za-z]|[.+][0-9]|[-_.](?:post|dev|rc)[0-9])",
    re.IGNORECASE,
)
# Words that may be between a name and its version.
_WORDS = (
    b"a above and archive as at been before branch bump bumped bumps by cache check checkout clone commit current "
    b"currently default dev dist download earlier equal exact exactly expected expects fixed for from has have heads "
    b"image in install installed instead is later latest least lib lock locked minimum must need needed needs newer "
    b"now of old older on only or package packaging parse pin pinned pip pkg prior raw recent ref refs release "
    b"released releases require required requires rev revision same since source stable still supports tag tags than "
    b"that the their then this till to tree until update updated upgrade upgraded upgrades use used uses using v value "
    b"ver version versions was wheel wheels whl with blob new min max pre post cubin jit nightly branches git "
    b"src runtime minor major not published pypi past"
).split()
_WORD_SET = frozenset(_WORDS)
_GAP = LazyPattern(
    rb"(?:\[[^\]\n]*\]|\((?:[A-Za-z][\w/-]*)?\)|[\s\"'`=<>~!^:,;(){}\[\]@/|&$#_-]|->|=>|\xe2\x86\x92"
    rb"|\.(?:__version__|git|version)|version\.parse|__version__|\*\*|\\|"
    rb"(?<![A-Za-z0-9])(?:" + b"|".join(sorted(_WORDS, reverse=True)) + rb")(?![A-Za-z0-9]))*\Z",
    re.IGNORECASE,
)
_LONGEST_GAP = 60
# Every version with a dot has this: most lines with a name have no number, and it is found in a tenth of the time.
_DOTTED = LazyPattern(rb"[0-9][\w!-]*\.")
# Before a version without a name beside it, the characters in which a word may make it a bound.
_NEAR = 24
_OPERATOR = LazyPattern(rb"(===|==|~=|!=|>=|<=|=<|<|>|=)[^=<>~!]*\Z")
# Words that make a version a lower bound: before the package's name or after it, and after the version.
_LOWER = LazyPattern(
    rb"(?<![a-z])(?:newer|at least|min|minimum|since|later|requires?|required|starting (?:from|with)|needs?)(?![a-z])"
    rb"[^\n.;]{0,24}\Z",
    re.IGNORECASE,
)
_LOWER_AFTER = LazyPattern(
    rb"[\"'`)\]]*\+(?![0-9A-Za-z])"
    rb"|[\s\"'`)\]]*(?:\(?(?:or|and)[ \t]+(?:later|newer|above|higher|up|greater)|min(?:imum)?\b"
    rb"|\xe6\x88\x96\xe6\x9b\xb4|\xe6\x88\x96\xe4\xbb\xa5|\xe5\x8f\x8a\xe4\xbb\xa5)",
    re.IGNORECASE,
)
_UPPER_AFTER = LazyPattern(rb"[\s\"'`)\]]*\(?(?:or|and)[ \t]+(?:older|earlier|lower|below|before)", re.IGNORECASE)
_UNIT = LazyPattern(
    rb"[ \t]?(?:%|\xc3\x97|[KMGT]i?B(?:/s)?\b|[num]?s\b|x\b|X\b|[TGM]?FLOPS?\b|T?FLOP\b|tokens?\b|times\b|seconds?\b"
    rb"|minutes?\b|hours?\b|days?\b|[GM]Hz\b|W\b|bits?\b|\*[ \t]*[\w(]|(?<=[ \t])/[ \t]*[\w(]|e[+-]?[0-9])"
)
# What the version of another package follows: `torchcodec==`, `OTHER_VERSION=`, `other-1.0-py3`, `other@`,
# `other-kit v`.
_REQUIRED = LazyPattern(rb"([A-Za-z][\w.-]*)(?:\\?\[[^\]\n]*\])?[ \t]*[=~!<>]=[ \t]*[\"']?v?\Z")
_ASSIGNED = LazyPattern(rb"(\w*version)[\"']?[ \t]*[?:+]?[=:][ \t]*[\"']?v?\Z", re.IGNORECASE)
_FILE = LazyPattern(rb"(?<![\w.-])([A-Za-z][\w.-]*?)[-_@]v?\Z")
_FILE_END = LazyPattern(rb"(?:(?:\+|%2B)[\w.]+)?(?:-(?:py|cp|pp)[0-9]|\.tar\.|\.zip|\.tgz|\.whl)")
# What a tag of another package begins with: `other-v`.
_TAGGED = LazyPattern(rb"(?<![A-Za-z0-9])([A-Za-z][A-Za-z0-9]*(?:[-_][A-Za-z][A-Za-z0-9]*)*)[-_]\Z")
_COMPOUND = LazyPattern(rb"(?<![\w.-])([A-Za-z]\w*(?:-\w+)+)[ \t]+v?\Z")
_WORD = LazyPattern(rb"(?<![\w./-])([A-Za-z][\w-]*)[\"'`]?:?[ \t]+[\"'`]?v?\Z")
_SECTION = LazyPattern(
    rb"(?:\A[ \t]*#+[ \t]+|(?<![a-z])(?:section|chapter|figure|table|step)s?[ \t]+|\xc2\xa7[ \t]*)\Z", re.IGNORECASE
)
_LONGEST_NAME = 100
_GENERAL_WORDS = frozenset(
    [
        "actual",
        "current",
        "expected",
        "found",
        "installed",
        "is",
        "result",
        "target",
        "v",
        "ver",
        "version",
        "versions",
        "wanted",
    ]
)
# A line that only says which version an entry has, and the name of the entry above it.
_ENTRY = LazyPattern(rb"[\s\"'-]*(?:version|tag|ref|rev|default|value)[\"']?[ \t]*[:=][ \t]*[\"']?\Z", re.IGNORECASE)
_NAMED = LazyPattern(rb"name[\"']?[ \t]*[:=][ \t]*[\"']([A-Za-z][\w.-]*)[\"']", re.IGNORECASE)
# A release by year and month (`pytorch26.06` is an image), which a package with other versions does not have.
_CALENDAR = re.compile(r"(?:20)?[2-4][0-9]\.(?:0[1-9]|1[0-2])")
# Images with a number of their own: this is no release of PyTorch.
_OWN_RELEASES = LazyPattern(rb"nvcr\.io/nvidia/\Z", re.IGNORECASE)


class Rules(NamedTuple):
    """The patterns of one group: its names, words of which one is on every line with a name, and its version.

    `foreign` are the packages of the other known families.
    """

    names: re.Pattern[bytes]
    packages: frozenset[str]
    foreign: frozenset[str]
    words: tuple[bytes, ...]
    version: str


class Number(NamedTuple):
    """A version of a group on a line: where it starts in the line, and its text."""

    start: int
    version: str


def rules_of(group: Group) -> Rules:
    """Return the patterns with which the lines of a repository are read for one group."""
    names = [name_pattern(member.name) for member in group.packages]
    names += [re.escape(name.encode()) for name in group.variables]
    names += [re.escape(name.rpartition("/")[2].encode()) for name in group.repositories]
    any_name = rb"(?:" + b"|".join(sorted(names, reverse=True)) + rb")"
    # `cu13torch2.13`: a version right after a name makes it one, whatever digit is before it.
    named = re.compile(
        rb"(?<![A-Za-z0-9])" + any_name + rb"(?![A-Za-z0-9])|(?<![A-Za-z])" + any_name + rb"(?=v?[0-9]+\.[0-9])",
        re.IGNORECASE,
    )
    own = [name.rpartition("/")[2] for name in (*group.package_names, *group.repositories)]
    packages = set(map(canonical_name, own))
    foreign = {name for family in families().values() for name in family.package_names} - packages
    return Rules(named, frozenset(packages), frozenset(foreign), needles(wanted_by((group,))), group.version)


def others(line: bytes, rules: Rules, above: bytes = b"") -> Iterator[Number]:
    """Yield each version on a line that is neither the lock's nor a bound that the lock satisfies.

    `above` is the line before, whose entry the line may describe.
    """
    return (number for number, agrees in _numbers(line, rules, above) if not agrees)


def in_same_comment(line: bytes, rules: Rules) -> Iterator[Number]:
    """Yield each other version on a line of a comment that names the group in a line above.

    Without a name on the line a version must look like the group's: three components, of which the first two are the
    lock's.
    """
    series = rules.version.split(".")[:2]
    for token in _TOKEN.finditer(line):
        text = token["version"].decode("ascii")
        if text.split(".")[:2] != series or not is_distinctive(text) or _is_no_version(line, token, text):
            continue
        near = line[max(token.start() - _NEAR, 0) : token.start()]
        operator = _operator(line, token.start(), near, token)
        if not of_another(line, token.start(), token.end(), rules) and not _agrees(line, token, operator, rules):
            yield Number(token.start("version"), text)


def with_version(line: bytes, rules: Rules, version: str) -> Iterator[Number]:
    """Yield each version on a line that is equal to one, in whatever way it is written: `torch2.13` for 2.13.0."""
    from fi_bump.versions import same_version

    return (number for number, _ in _numbers(line, rules, b"") if same_version(number.version, version))


def _numbers(line: bytes, rules: Rules, above: bytes) -> Iterator[tuple[Number, bool]]:
    """Yield each version that follows a name of the group, and whether the lock agrees with it."""
    if not _DOTTED.search(line):
        return
    ends = {match.end(): match.start() for match in rules.names.finditer(line) if _is_name(line, match, rules)}
    entry = not ends and not _TOKEN.search(above) and _names_entry(above, rules)
    last = (-1, -1, "")
    for token in _TOKEN.finditer(line):
        text = token["version"].decode("ascii")
        if "." not in text or _is_no_version(line, token, text) or _is_calendar(text, rules):
            continue
        number = Number(token.start("version"), text)
        start = max((end for end in ends if end <= token.start()), default=None)
        if start is None:
            if entry and _ENTRY.match(line[: token.start()]):
                yield number, _agrees(line, token, "", rules)
            continue
        if line[token.start() - 1 : token.start()].isalpha() and token.start() != start:
            continue
        # In `kit 0.6.1 and 0.6.2` the second version follows the first one.
        is_next = last[0] == start
        gap = line[last[1] if is_next else start : token.start()]
        if len(gap) > _LONGEST_GAP or not _GAP.match(gap) or not _may_follow(line, ends[start], gap, token, rules):
            continue
        operator = _operator(line, ends[start], gap, token) or (last[2] if is_next else "")
        last = (start, token.end(), operator)
        yield number, _agrees(line, token, operator, rules)


def _names_entry(above: bytes, rules: Rules) -> bool:
    """Whether a line names an entry of the group: `name = "kit"`, but not `name = "kit-sys"`, another package."""
    match = rules.names.search(above)
    if match is None:
        return False
    named = _NAMED.search(above)
    return named is None or canonical_name(named[1].decode()) in rules.packages


def _is_calendar(text: str, rules: Rules) -> bool:
    return _CALENDAR.fullmatch(text) is not None and not _CALENDAR.match(rules.version)


def _is_name(line: bytes, match: re.Match[bytes], rules: Rules) -> bool:
    """Whether a name on a line is not an extra of another package (`other[kit]`), and no image with own releases."""
    before = line[: match.start()]
    in_extra = line[match.end() : match.end() + 1] in (b"]", b",") and re.search(rb"[\w-]\[[\w, -]*\Z", before)
    return not in_extra and not _OWN_RELEASES.search(before)


def _may_follow(line: bytes, name: int, gap: bytes, token: re.Match[bytes], rules: Rules) -> bool:
    """Whether the name before a version is a package's whole name, where a requirement or a file must have that."""
    before = re.search(rb"[A-Za-z0-9][\w.-]*[-_.]\Z", line[:name])
    if before is None:
        return True
    is_file = gap in (b"-", b"_") and _FILE_END.match(line, token.end("version"))
    is_named = b"version" in gap.lower() or is_distinctive(token["version"].decode("ascii"))
    if not is_named and re.search(rb"(?<![=~!<>])=[^=\"'`]*\Z", gap):
        return not re.search(rb"\w_\Z", line[:name])  # a variable of a program, and a number
    if gap == b"/":
        # The name of a program that introduces itself: `other-kit/0.1.0`. In an address it is a folder of the path.
        return b"/" in line[: before.start()].rpartition(b" ")[2]
    if not is_file and not re.match(rb"(?:\[[^\]]*\])?[ \t]*[=~!<>]=", gap):
        return True
    whole = re.match(rb"[\w.-]*?(?=[-_]?(?:\[[^\]]*\])?[ \t]*[=~!<>]=|[-_]v?[0-9])", line[before.start() :])
    return whole is None or canonical_name(whole[0].decode("ascii", "replace")) in rules.packages


def _operator(line: bytes, name: int, gap: bytes, token: re.Match[bytes]) -> str:
    """Return how a version is compared: the operator before it, or what the words around it say; or nothing."""
    found = _OPERATOR.search(gap)
    operator = found[1].decode() if found else ""
    operator = {"=": "==", "===": "==", "=<": "<="}.get(operator, operator)
    if operator in ("", "=="):
        if _LOWER_AFTER.match(line, token.end()):
            return ">="
        if _UPPER_AFTER.match(line, token.end()):
            return "<="
    if not operator and (_LOWER.search(gap) or _LOWER.search(line[max(name - 40, 0) : name])):
        return ">="
    return operator


def _is_no_version(line: bytes, token: re.Match[bytes], text: str) -> bool:
    """Whether a number is a quantity, an address of a network, or a decimal fraction."""
    parts = text.split(".")
    if len(parts) == 4 and all(map(str.isdecimal, parts)):
        return True
    if len(parts) > 2 or not all(map(str.isdecimal, parts)):
        return False
    is_fraction = len(parts[1]) > 1 and parts[1].startswith("0") and len(parts[0]) < 2
    return is_fraction or (token["local"] is None and _UNIT.match(line, token.end()) is not None)


def _agrees(line: bytes, token: re.Match[bytes], operator: str, rules: Rules) -> bool:
    """Whether a version is the lock's, its series (2.9 for 2.9.1), or a bound or wildcard that the lock satisfies."""
    from packaging.specifiers import InvalidSpecifier, SpecifierSet

    from fi_bump.versions import same_version

    text = token["version"].decode("ascii")
    if same_version(text, rules.version):
        return True
    is_series = token["any"] is not None or (not operator and text.count(".") == 1)
    if operator in ("", "==") and not is_series:
        return False
    try:
        return SpecifierSet(f"{operator or '=='}{text}{'.*' if is_series else ''}").contains(
            rules.version, prereleases=True
        )
    except InvalidSpecifier:
        return False


def of_another(data: bytes, start: int, end: int, rules: Rules) -> bool:
    """Whether a version at a place in a text is bound to the name of another package, or is a section's number."""
    before = max(start - _LONGEST_NAME, data.rfind(b"\n", 0, start) + 1)
    required = _REQUIRED.search(data, before, start)
    if required is not None:
        name = canonical_name(required[1].decode("ascii", "replace").partition(".__")[0])
        # `kit-extras` may be a package of the family that nobody has told fi-bump.
        return not rules.names.search(name.encode()) and not _is_general(name)
    assigned = _ASSIGNED.search(data, before, start)
    if assigned is not None:
        return not rules.names.search(assigned[1]) and not _is_general(assigned[1].decode("ascii", "replace"))
    text = data[before:start]
    if _SECTION.search(text):
        return True
    file = _FILE.search(text)
    is_file = file is not None and (_FILE_END.match(data, end) or data[start - 1 : start] == b"@")
    tagged = _TAGGED.search(text) if data[start : start + 1] in (b"v", b"V") else None
    if tagged and not rules.names.search(tagged[1]):
        return not _WORD_SET.issuperset(re.split(rb"[-_]", tagged[1].lower()))
    named = file if is_file else _COMPOUND.search(text)
    if named is None:
        word = _WORD.search(text)
        return word is not None and canonical_name(word[1].decode()) in rules.foreign
    return not rules.names.search(named[1]) and named[1].lower() not in (b"v", b"release", b"version")


def _is_general(name: str) -> bool:
    """Whether the name of a variable says only that there is a version: `version`, `installed_version`, `expected`."""
    words = name.lower().replace("-", "_").split("_")
    return words[0].startswith("version") or _GENERAL_WORDS.issuperset(words)


def required_package(data: bytes, start: int, end: int) -> str | None:
    """Return the package whose requirement (`other[kit]==`) or file (`other-1.0-py3-`) has the version at a place.

    A quoted version is compared by a program, and its name is no package: `version == "1.0"`.
    """
    before = max(start - _LONGEST_NAME, data.rfind(b"\n", 0, start) + 1)
    if data[start - 1 : start] in (b"v", b"V"):
        start -= 1
    required = _REQUIRED.search(data, before, start)
    if required is not None and data[start - 1 : start] not in (b'"', b"'"):
        is_variable = data[required.start() - 1 : required.start()] in (b"$", b"{", b"%")
        return None if is_variable else canonical_name(required[1].decode())
    file = _FILE.search(data, before, start)
    if file is None or not _FILE_END.match(data, end):
        return None
    return canonical_name(file[1].decode())


def is_distinctive(version: str) -> bool:
    """Whether a version needs no name beside it: three components or more, or a post, pre or development release."""
    parts = version.split(".")
    return len(parts) > 2 or not all(map(str.isdecimal, parts))


def is_quantity(line: bytes, start: int) -> bool:
    """Whether the number that starts at a place of a line is a quantity rather than a version."""
    token = _TOKEN.match(line, start)
    return token is not None and _is_no_version(line, token, token["version"].decode("ascii"))
