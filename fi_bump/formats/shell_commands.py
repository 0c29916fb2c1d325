"""Pins in shell commands: variables that are set, defaults of references, requirements, git URLs.

Nothing is executed or expanded. The caller knows which part of a file the text is (a RUN, a script).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache

from fi_bump.formats.shared.conda_commands import WITH_BUILD, CondaSpec, conda_specs
from fi_bump.formats.shared.gathered import Gathered
from fi_bump.formats.shared.pieces import Text
from fi_bump.formats.shared.requirement_text import NO_VERSION
from fi_bump.formats.shared.units import downloaded, units
from fi_bump.formats.shared.unversioned import unversioned
from fi_bump.formats.shell_checksums import ChecksumReader
from fi_bump.formats.shell_git import GitReader
from fi_bump.formats.shell_reports import ReportReader
from fi_bump.formats.shell_values import ShellValues
from fi_bump.grammar import (
    LazyPattern,
    canonical_name,
    compiled,
    fewest,
    has_any,
    longest_first,
    longest_parts,
    name_pattern,
    names_any,
    variable_of,
)
from fi_bump.pins import Kind, Span, Wanted
from fi_bump.records import NamedTuple

_OPERATOR = rb"(?:===|[=~!<>]=|[<>])"
_TOKEN = rb"(?:\$?\{\{[^}\n]{0,400}\}\}|\$\{[^}\n]{0,400}\}\S*|\$\S*|[\w.!*-]*(?:\+[\w.${}-]*|\$\S*)?)"
# The lengths are limited, since no real reference is longer: an unlimited search would be quadratic in a line's length.
_VALUE = rb"(?:\$\{\{[^}\n]{0,400}\}\}|\$\{[^}\n]{0,400}\}|[^\s\"'`;|&()\\<>,}])*"
# What sets a variable of any name, the value behind it, and a reference with a default. A name is judged when it is
# found, since a pattern of all wanted names takes longer to compile than most texts to read.
_SET = LazyPattern(rb"(?<![\w${])(?P<name>\w+)=(?!=)\\?[\"']?")
_SET_TO = LazyPattern(_VALUE)
_DEFAULT = LazyPattern(rb"\$\{(?P<name>\w+):?[-=](?P<value>[^}$\s]*)\}")
_CLAUSE = _OPERATOR + rb"[ \t]{0,9}[\w.*+!]+"
# Commands that leave the files of packages in a folder.
_FETCH = LazyPattern(rb"\bpip[0-9.]*[\"', \t]+(?:download|wheel)(?![\w-])[^;&|\n()`]*")
_RANGE = LazyPattern(_CLAUSE + rb"(?:[ \t]{0,9},[ \t]{0,9}\\?" + _CLAUSE + rb")*")


class _Patterns(NamedTuple):
    """The patterns of a set of wanted names."""

    requirement: re.Pattern[bytes]
    words: tuple[bytes, ...]


@lru_cache(maxsize=64)
def _patterns(wanted: Wanted) -> _Patterns:
    names = b"|".join(name_pattern(name) for name in longest_first(wanted.packages))
    words = longest_parts(wanted.packages) | {name.lower() for name in wanted.variables}
    return _Patterns(
        compiled(
            names,
            rb"(?:(?<![\w.-])|(?<=:-))(?P<name>"
            + names
            + rb")(?:[ \t]{0,9}\\?\[[^\]\[\n]{0,200}\])?(?P<gap>[ \t]{0,9})\(?[ \t]{0,9}"
            rb"\\?(?P<operator>" + _OPERATOR + rb")[ \t]{0,9}[\\\"']{0,2}(?P<value>" + _TOKEN + rb")",
        ),
        # Every text that sets or names a wanted package or variable contains one of these, in some case.
        fewest(word.encode("ascii") for word in words),
    )


def assigned(data: bytes, variables: frozenset[str]) -> Iterator[tuple[bytes, int, int]]:
    """Yield the name of each assignment to one of the variables, with the indices of the value."""
    end = 0
    for match in _SET.finditer(data) if variables else ():
        # What looks like an assignment inside a value is a part of the value.
        if match.start() >= end and variable_of(match["name"].decode("ascii"), variables) is not None:
            value = _SET_TO.match(data, match.end())
            end = value.end() if value else match.end()
            yield match["name"], match.end(), end


def defaults(data: bytes) -> Iterable[re.Match[bytes]]:
    """Find the references with a default, to a variable of any name: `${X:-0.6.1}`."""
    return _DEFAULT.finditer(data) if b"${" in data else ()


class CommandReader:
    """Reads texts and adds what they pin to `gathered`; `git` follows the clones, `checksums` the downloads."""

    def __init__(self, gathered: Gathered, wanted: Wanted) -> None:
        self.values = ShellValues(gathered, wanted.variables)
        self.git = GitReader(self.values, wanted.repositories)
        self._reports = ReportReader(self.values, wanted)
        self.checksums = ChecksumReader(gathered)
        self._wanted = wanted
        self._patterns = _patterns(wanted)
        self.words = self._patterns.words

    def concerns(self, text: Text) -> bool:
        """Whether a text can contain a wanted name at all. Most cannot, and are not searched further."""
        return names_any(text.data, self.words)

    def variable(self, text: Text, spelled: bytes, start: int, end: int, prefix: str) -> None:
        """Judge `text.data[start:end]` as the value of the variable `spelled`, if it is a wanted one."""
        name = spelled.decode("ascii")
        self.named(text, name, start, end, f"{prefix}{name}")

    def named(self, text: Text, name: str, start: int, end: int, anchor: str) -> None:
        """Judge the value of the variable `name`, whose anchor spells the name in another way."""
        subject = variable_of(name, self._wanted.variables)
        if subject is not None:
            self.values.value(text, start, end, anchor, Kind.VARIABLE, subject)

    def assignments(self, text: Text, prefix: str) -> None:
        """Judge assignments: `X=V command`, `export X=V`, `--build-arg X=V`."""
        for name, start, end in assigned(text.data, self._wanted.variables):
            self.variable(text, name, start, end, prefix)

    def literals(self, text: Text, prefix: str) -> None:
        """Judge the defaults of references, the requirements and the git URLs anywhere in a text."""
        for match in defaults(text.data):
            self.variable(text, match["name"], *match.span("value"), prefix)
        for match in self._patterns.requirement.finditer(text.data):
            self._requirement(text, match, prefix)
        self._fetched(text)
        for spec in conda_specs(text.data, self._wanted):
            self._conda(text, spec, prefix)
        for start, end, package in unversioned(text.data, self._wanted):
            self.values.unpinned(text, start, end, package, NO_VERSION)
        self.git.addresses(text, prefix)

    def _fetched(self, text: Text) -> None:
        """Record the packages that `pip download kit==V` fetches: the file's name has the version, too."""
        for command in _FETCH.finditer(text.data) if has_any(text.data, (b"download", b"wheel")) else ():
            for match in self._patterns.requirement.finditer(text.data, *command.span()):
                name = canonical_name(match["name"].decode("ascii")).replace("-", "_").encode("ascii")
                self.values.fetched.add(name + b"-" + match["value"].partition(b"+")[0].lower())

    def requirement(self, text: Text, prefix: str) -> bool:
        """Judge a text that is exactly one requirement; return whether it is one."""
        match = self._patterns.requirement.match(text.data)
        if (
            match is None
            or self._patterns.requirement.search(text.data, match.end())
            or text.data[match.end() :].strip(b" \t\"')")[:1] not in (b"", b";", b",")
        ):
            return False
        self._requirement(text, match, prefix)
        return True

    def reports(self, text: Text, prefix: str, *, compared: Text | None, steps: bool = False) -> None:
        """Judge URLs, and report versions that are never moved; comparisons are those in `compared`.

        `steps` is explained at `ChecksumReader`.
        """
        self.addresses(text, prefix)
        self.units(text)
        if compared is not None:
            self._reports.one_liners(compared)
        self._reports.images(text)
        self._reports.tables(text)
        self.checksums.read(text, steps=steps)

    def units(self, text: Text) -> None:
        """Record the names of folders and files that contain a version."""
        found = (*units(text.data, self._wanted), *downloaded(text.data, self.values.archives))
        source = self.values.gathered.source
        self.values.gathered.units += [text.span(*place) for place in found if text.is_whole(source, *place)]

    def image(self, text: Text, match: re.Match[bytes]) -> None:
        """Report the version in an image reference; `match` comes from `shell_images.images`."""
        self._reports.image(text, match)

    def addresses(self, text: Text, prefix: str, summed: Mapping[bytes, tuple[Span, ...]] | None = None) -> None:
        """Judge the URLs of wheels and archives. `summed` has checksums from outside the text, by file name."""
        self._reports.addresses(text, prefix, summed or {})

    def _conda(self, text: Text, spec: CondaSpec, prefix: str) -> None:
        if spec.has_build:
            self.values.unpinned(text, spec.start, spec.end, spec.package, WITH_BUILD)
        else:
            self.values.value(text, spec.start, spec.end, prefix + spec.package, Kind.REQUIREMENT, spec.package)

    def _requirement(self, text: Text, match: re.Match[bytes], prefix: str) -> None:
        subject = canonical_name(match["name"].decode("ascii"))
        start, end = match.span("value")
        if match["operator"] in (b"==", b"==="):
            if match["value"].endswith(b"."):  # The end of a sentence.
                end -= 1
            self.values.value(text, start, end, f"{prefix}{subject}", Kind.REQUIREMENT, subject)
            return
        quoted = text.data[match.start() - 1 : match.start()] in (b'"', b"'") and match.start() > 0
        if len(match["operator"]) == 1 and match["gap"] and match.start() and not quoted:
            return  # `pip show flashinfer-python > 0.txt` is a redirection, not a comparison.
        clauses = _RANGE.match(text.data, match.start("operator"))
        if clauses:
            self.values.floor(text, clauses.start(), clauses.end(), subject)
