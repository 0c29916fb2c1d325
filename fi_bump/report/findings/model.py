"""One report of `check`, `audit` or `smoke` before it is written in any format. Pure data: no format, no file.

Lines and columns count from 1, columns in characters; `end_column` is one past the last.
"""

from __future__ import annotations

import hashlib
import json
import posixpath
from collections import Counter
from collections.abc import Iterable
from enum import StrEnum

from fi_bump.pins import Place
from fi_bump.records import NamedTuple


class Severity(StrEnum):
    """`error` fails the command, `note` does not."""

    error = "error"
    note = "note"


class Related(NamedTuple):
    """Another place that a result is about."""

    place: Place
    message: str


class Result(NamedTuple):
    """One thing to say.

    `key` names it among the results of its rule in its file, whatever line it stands on. `fix` is what the marked
    characters must be replaced by, where that alone mends it. `help` is what to do, a line each.
    """

    rule: str
    severity: Severity
    place: Place
    key: str
    message: str
    help: tuple[str, ...] = ()
    fix: str | None = None
    related: tuple[Related, ...] = ()


class RuleText(NamedTuple):
    """What a rule means and what to do about it, in one sentence each."""

    name: str
    severity: Severity
    meaning: str
    help: str


class Passed(NamedTuple):
    """One thing that was looked at and is right: `path` and `key` as in a result."""

    path: str
    key: str


class Report(NamedTuple):
    """Everything that a command says. `ok` is whether it exits with 0; `rules` are all it knows, found or not.

    `summary` are its closing lines, `help` what to run for the whole of it.
    """

    command: str
    ok: bool
    results: tuple[Result, ...]
    passed: tuple[Passed, ...]
    summary: tuple[str, ...]
    help: tuple[str, ...]
    rules: tuple[RuleText, ...]

    @property
    def errors(self) -> int:
        """How many results fail the command."""
        return sum(result.severity is Severity.error for result in self.results)

    def below(self, folder: str) -> Report:
        """The same report with every path as it is named from a folder above."""
        if not folder:
            return self
        results = tuple(
            result._replace(
                place=_below(result.place, folder),
                related=tuple(each._replace(place=_below(each.place, folder)) for each in result.related),
            )
            for result in self.results
        )
        passed = tuple(each._replace(path=posixpath.join(folder, each.path)) for each in self.passed)
        return self._replace(results=results, passed=passed)


def shown(place: Place) -> str:
    """`path:line:column`, or `path:line` for a whole line."""
    return printable(str(place) if place.marks else place.at_line)


def _below(place: Place, folder: str) -> Place:
    return place._replace(path=posixpath.join(folder, place.path))


def fingerprints(results: Iterable[Result]) -> list[str]:
    """A hash for each result that stays when lines move: of rule, path, key, and the how-manieth of these it is."""
    seen: Counter[tuple[str, str, str]] = Counter()
    found = []
    for result in results:
        identity = (result.rule, printable(result.place.path), result.key)
        text = json.dumps([*identity, seen[identity]])
        seen[identity] += 1
        found.append(hashlib.sha256(text.encode()).hexdigest())
    return found


def printable(text: str) -> str:
    """Text that every encoding of Unicode can hold: half a surrogate pair (a byte of a path) becomes U+FFFD."""
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
