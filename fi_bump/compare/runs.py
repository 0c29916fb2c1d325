"""From the patterns on the command line to runs: which files belong together, and what they hold."""

from __future__ import annotations

import glob
import os
import re
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from fi_bump.compare import junit
from fi_bump.compare.cases import CaseResult, merged
from fi_bump.errors import FiBumpError, UsageError

_RUN, _SUITE = "{run}", "{suite}"
_PLACEHOLDERS = (_RUN, _SUITE)


class Damaged(NamedTuple):
    """A file that could be read to a point only, and why."""

    path: str
    reason: str


class SuiteRun(NamedTuple):
    """One run of the tests: all its files, and the result of each case by its key.

    `damaged` are files that end early, `ignored` those that are XML of another kind.
    """

    name: str
    files: tuple[str, ...]
    cases: dict[str, CaseResult]
    damaged: tuple[Damaged, ...] = ()
    ignored: tuple[str, ...] = ()

    @property
    def seconds(self) -> float:
        """The time of all cases together."""
        return sum(case.seconds or 0.0 for case in self.cases.values())


class MatchedFile(NamedTuple):
    """A file that matches a pattern, with the texts at the pattern's placeholders."""

    path: str
    run: str | None
    suite: str | None


def gather(
    option: str, patterns: Iterable[str], infrastructure: Callable[[str], str | None], *, retried: bool = False
) -> list[SuiteRun]:
    """The runs that an option's patterns name, in their order.

    All files of a pattern are one run, its shards; `{run}` in it stands for what tells runs apart, `{suite}` for what
    tells machines or jobs apart that ran the same cases. Raises UsageError for a pattern without files, and where the
    files of one run hold the same cases, and FiBumpError for files that cannot be read.
    """
    runs: list[SuiteRun] = []
    for pattern in patterns:
        groups: dict[str | None, list[MatchedFile]] = {}
        for found in matching(pattern):
            groups.setdefault(found.run, []).append(found)
        if not groups:
            hint = f"name the JUnit files of one run: {option} 'FOLDER/*.xml'"
            raise UsageError("no file is there for this pattern", place=pattern, hint=hint)
        for name, files in groups.items():
            runs.append(_read(option, name or pattern, files, infrastructure, retried))
    return runs


def matching(pattern: str) -> Iterator[MatchedFile]:
    """The files of a pattern, sorted. A folder means all XML files below it."""
    if os.path.isdir(pattern):
        pattern = os.path.join(pattern, "**", "*.xml")
    wild = pattern
    for placeholder in _PLACEHOLDERS:
        wild = wild.replace(placeholder, "*")
    if os.path.isfile(pattern):  # a name with brackets in it, say
        yield MatchedFile(pattern, None, None)
        return
    expression = re.compile(_expression(pattern))
    for path in sorted(glob.glob(wild, recursive=True)):
        match = expression.fullmatch(path)
        if match is not None and os.path.isfile(path):
            texts = match.groupdict()
            yield MatchedFile(path, texts.get("run"), texts.get("suite"))


_PIECE = re.compile(r"\*\*/|\*\*|\*|\?|\[!?\]?[^\]]*\]|\{run\}|\{suite\}")
_MEANING = {"**/": r"(?:[^/]+/)*", "**": r".*", "*": r"[^/]*", "?": r"[^/]"}


def _expression(pattern: str) -> str:
    """Return the pattern as a regular expression. A placeholder is a group; twice the same one is equal text."""
    parts: list[str] = []
    end = 0
    seen: set[str] = set()
    for piece in _PIECE.finditer(pattern):
        parts.append(re.escape(pattern[end : piece.start()]))
        text = piece[0]
        if text in _PLACEHOLDERS:
            name = text[1:-1]
            parts.append(f"(?P={name})" if name in seen else f"(?P<{name}>[^/]+)")
            seen.add(name)
        elif text.startswith("["):
            inner = text[1:-1].replace("\\", r"\\")
            parts.append(f"[^{inner[1:]}]" if inner.startswith("!") else f"[{inner}]")
        else:
            parts.append(_MEANING[text])
        end = piece.end()
    return "".join([*parts, re.escape(pattern[end:])])


def _read(
    option: str, name: str, files: list[MatchedFile], infrastructure: Callable[[str], str | None], retried: bool
) -> SuiteRun:
    """One run out of its files."""
    cases: dict[str, CaseResult] = {}
    damaged: list[Damaged] = []
    ignored: list[str] = []
    for found in files:
        own: dict[str, CaseResult] = {}
        prefix = "" if found.suite is None else f"{found.suite} "

        def take(key: str, case: CaseResult, own: dict[str, CaseResult] = own, prefix: str = prefix) -> None:
            known = own.get(prefix + key)
            own[prefix + key] = case if known is None else merged(known, case, retried=retried)

        reading = junit.read(found.path, take, infrastructure)
        if reading.root not in ("testsuites", "testsuite", None):
            ignored.append(found.path)
            continue
        if reading.damage is not None:
            damaged.append(Damaged(found.path, reading.damage))
        _refuse_same(option, found.path, own, cases, retried)
        for key, case in own.items():
            known = cases.get(key)
            cases[key] = case if known is None else merged(known, case, retried=retried)
    if not cases and not damaged:
        hint = f"name the JUnit files of one run: {option} 'FOLDER/*.xml'"
        what = "is no JUnit XML" if ignored else "holds no test case"
        raise FiBumpError(what, place=ignored[0] if ignored else files[0].path, hint=hint)
    return SuiteRun(name, tuple(found.path for found in files), cases, tuple(damaged), tuple(ignored))


def _refuse_same(
    option: str, path: str, own: dict[str, CaseResult], cases: dict[str, CaseResult], retried: bool
) -> None:
    """Raise UsageError where most cases of a file were in an earlier file of the same run."""
    common = sum(key in cases for key in own)
    if retried or not own or common * 2 <= len(own):
        return
    hint = (
        f"in the pattern of {option} write {{run}} for the part of the path that tells runs apart, {{suite}} for the "
        "part that tells machines apart; or add --retried if a job was run again"
    )
    raise UsageError(f"{common} of its {len(own)} cases are in another file of the same run too", place=path, hint=hint)
