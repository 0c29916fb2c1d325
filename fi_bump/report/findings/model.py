"""The report of `check`, `audit`, `smoke` or `compare` as data, which every format is written from.

Lines and columns start at 1. Columns count characters; `end_column` is one past the last.
"""

from __future__ import annotations

import hashlib
import json
import posixpath
from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple

from fi_bump.findings.rules import Rule, Severity
from fi_bump.pins import Place
from fi_bump.untrusted import encodable


class Related(NamedTuple):
    """Another place of a result. `archive` names the release that its path is in, empty for one of the repository."""

    place: Place
    message: str
    archive: str = ""


class Result(NamedTuple):
    """One finding of a command.

    `key` names the result within its rule and file, independent of its line. `fix` is the replacement for the marked
    characters, if replacing them is enough. Each line of `help` says what to do.
    """

    rule: Rule
    place: Place
    key: str
    message: str
    help: tuple[str, ...] = ()
    fix: str | None = None
    related: tuple[Related, ...] = ()

    @property
    def severity(self) -> Severity:
        """Whether it fails the command."""
        return self.rule.severity


class Passed(NamedTuple):
    """One pin, statement or probe that is right. `path` and `key` mean the same as in `Result`."""

    path: str
    key: str


class Report(NamedTuple):
    """Everything that a command reports.

    `ok` is whether it exits with 0. `rules` are all rules of the command, also those without a result. `summary` are
    the closing lines, and `help` says what to do about the results together.
    """

    command: str
    ok: bool
    results: tuple[Result, ...]
    passed: tuple[Passed, ...]
    summary: tuple[str, ...]
    help: tuple[str, ...]
    rules: tuple[Rule, ...]

    @property
    def errors(self) -> int:
        """The number of results that fail the command."""
        return sum(result.rule.fails for result in self.results)

    def below(self, folder: str) -> Report:
        """Return the report with `folder` in front of every path."""
        if not folder:
            return self
        results = tuple(
            result._replace(
                place=_below(result.place, folder),
                related=tuple(
                    each if each.archive else each._replace(place=_below(each.place, folder)) for each in result.related
                ),
            )
            for result in self.results
        )
        passed = tuple(each._replace(path=posixpath.join(folder, each.path)) for each in self.passed)
        return self._replace(results=results, passed=passed)


def shown(place: Place) -> str:
    """Return the place as `path:line:column`, or as `path:line` for a whole line."""
    return encodable(str(place) if place.marks else place.at_line)


def _below(place: Place, folder: str) -> Place:
    return place._replace(path=posixpath.join(folder, place.path))


def fingerprints(results: Iterable[Result]) -> list[str]:
    """Return a hash for each result that does not change when lines move.

    It is made of the rule, the path, the key, and a number that counts results with the same rule, path and key.
    """
    seen: Counter[tuple[str, str, str]] = Counter()
    found = []
    for result in results:
        identity = (result.rule.value, encodable(result.place.path), result.key)
        text = json.dumps([*identity, seen[identity]])
        seen[identity] += 1
        found.append(hashlib.sha256(text.encode()).hexdigest())
    return found
