"""Describe a change in sections, which both the pull request's body and the commit message show."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from fi_bump.change.model import Description, GroupChange, MovedPin
from fi_bump.compare.model import RunComparison
from fi_bump.fit.model import Fit
from fi_bump.lock.records import LOCK_NAME
from fi_bump.releases.on_the_way import Release
from fi_bump.releases.release_pages import page_of
from fi_bump.report.api.text import summary as fit_summary
from fi_bump.report.compare_text import verdict as tests_verdict
from fi_bump.report.finding_lines import count
from fi_bump.report.release_notes import note_items
from fi_bump.smoke.model import SmokeReport
from fi_bump.untrusted import printable

_LONGEST = 1000
# Hosts limit the size of a pull request's body, and nobody reads more.
_MOST_ITEMS = 100
_MOST_CALLS = 30


class Code(NamedTuple):
    """Literal text: a path, a command, a line of a file."""

    text: str


class Link(NamedTuple):
    """A text that links to an address."""

    text: str
    url: str


Words = tuple[str | Code | Link, ...]


class Rows(NamedTuple):
    """A table. `what` is the noun for counting its rows."""

    what: str
    header: tuple[str, ...]
    rows: tuple[tuple[Words, ...], ...]


class Items(NamedTuple):
    """A list. `what` is the noun for counting its items."""

    items: tuple[Words, ...]
    what: str = "line"


class Smoke(NamedTuple):
    """A smoke report, which is written in the form that `smoke` uses."""

    report: SmokeReport


class ComparedTests(NamedTuple):
    """A comparison of test runs, which is written in the form that `compare` uses."""

    comparison: RunComparison


class Section(NamedTuple):
    """A heading and its content."""

    title: str
    block: Rows | Items | Smoke | ComparedTests


def title(about: Description) -> str:
    """Return a title like `flashinfer 0.6.8.post1 -> 0.6.11.post2`; several groups are separated by commas."""
    if not about.groups:
        return f"{LOCK_NAME}: updated"
    return ", ".join(_moved(group) for group in about.groups)


def summary(about: Description) -> str:
    """Return the change in one line: pins, findings, audit, lines to review, smoke."""
    places = [place for group in about.groups for place in group.places]
    look = sum(len(group.mentions) + len(group.notes) for group in about.groups)
    findings = f"{count(len(about.findings), 'finding')} of fi-bump check" if about.findings else "in step"
    parts = [
        f"{count(len(places), 'pin')} in {count(len({place.path for place in places}), 'file')}, {findings}",
        _audit_count(about),
        f"{count(look, 'place')} to look at" if look else "nothing else to look at",
        "" if about.tests is None else f"tests {tests_verdict(about.tests)}",
        _smoke_count(about),
    ]
    return "; ".join(part for part in parts if part)


def sections(about: Description) -> Iterator[Section]:
    """Yield the sections below the title and the summary, without empty ones."""
    yield from _moves(about)
    for group in about.groups:
        if group.releases:
            yield _releases(group)
    for notes in () if about.asked is None else about.asked.release_notes:
        yield Section(f"Release notes of {notes.group}", Items(tuple(_noted(*each) for each in note_items(notes))))
    if about.findings:
        yield Section("Not in step", Items(tuple((Code(line),) for line in about.findings)))
    if about.asked is not None:
        lines = about.asked.audit or ("no conflicts",)
        yield Section("Audit", Items(tuple(_spoken(line) for line in lines)))
        yield from _code(about.asked.fits)
    look = [item for group in about.groups for item in _look(group)]
    if look:
        more = len(look) - _MOST_ITEMS
        rest: list[Words] = [(f"and {more} more: run ", Code("fi-bump check --mentions"))] if more > 0 else []
        yield Section("To look at", Items((*look[:_MOST_ITEMS], *rest), "place"))
    if about.tests is not None:
        yield Section("Tests", ComparedTests(about.tests))
    if about.report is not None:
        yield Section("Smoke", Smoke(about.report))
    left_out = tuple(_not_run(about))
    if left_out:
        yield Section("Not run", Items(left_out))


def _code(fits: Iterable[Fit]) -> Iterator[Section]:
    """Yield what of the code does not fit a release, what breaks first."""
    for fit in fits:
        if not (fit.findings or fit.skipped or fit.remarks):
            continue
        items: list[Words] = [
            (Code(str(use.place)), f": {finding.message} [{finding.rule.value}]")
            for finding in fit.findings
            for use in (finding.uses if finding.fails else finding.uses[:1])
        ]
        more = len(items) - _MOST_CALLS
        rest: list[Words] = [(f"and {more} more: run ", Code("fi-bump audit --api"))] if more > 0 else []
        closing: list[Words] = [(text,) for text in (*fit.skipped, *fit.remarks, fit_summary(fit))]
        yield Section(f"Code that calls {fit.package}", Items((*items[:_MOST_CALLS], *rest, *closing)))


def _moved(group: GroupChange) -> str:
    if group.old is None:
        return f"{group.name} {group.new}, new in the lock"
    return f"{group.name} {group.old} -> {group.new}" if group.old != group.new else f"{group.name} {group.new}"


def _moves(about: Description) -> Iterator[Section]:
    rows = [_row(place) for group in about.groups for place in group.places]
    if rows:
        yield Section("What moves", Rows("pin", ("place", "pin", "from", "to"), tuple(rows)))
    if about.removed:
        yield Section("No longer in the lock", Items(tuple((name,) for name in about.removed)))


def _row(place: MovedPin) -> tuple[Words, ...]:
    where = place.path if place.line is None else f"{place.path}:{place.line}"
    return (Code(where),), (Code(place.subject),), (place.old or "not pinned",), (place.new or "no longer pinned",)


def _releases(group: GroupChange) -> Section:
    rows = tuple(_release(group, release) for release in group.releases)
    return Section(f"Releases of {group.name} on the way", Rows("release", ("release", "uploaded"), rows))


def _release(group: GroupChange, release: Release) -> tuple[Words, ...]:
    name: str | Link = release.version
    if group.repository is not None:
        name = Link(release.version, page_of(group.repository, f"v{release.version}"))
    yanked = "" if release.yanked is None else f", yanked: {release.yanked}" if release.yanked else ", yanked"
    return (name,), (f"{release.date or 'not known'}{yanked}",)


def _noted(version: str | None, page: str | None, text: str) -> Words:
    """Return an item: a line of a release's notes after a link to their page, or a sentence without a release."""
    if version is None or page is None:
        return (text,)
    return Link(version, page), f": {text}"


def _audit_count(about: Description) -> str:
    if about.asked is None:
        return "audit not run"
    conflicts = count(about.asked.conflicts, "conflict") if about.asked.conflicts else "no conflicts"
    return f"{conflicts}, {count(about.asked.notes, 'note')}" if about.asked.notes else conflicts


def _smoke_count(about: Description) -> str:
    if about.report is not None:
        return "smoke ok" if about.report.ok else "smoke not ok"
    return "smoke not run" if any(group.probed for group in about.groups) else ""


def _look(group: GroupChange) -> Iterator[Words]:
    for mention in group.mentions:
        yield Code(f"{mention.path}:{mention.line}"), f" {mention.kind}: ", Code(mention.text)
    for note in group.notes:
        yield _spoken(note)


def _spoken(line: str) -> Words:
    """Mark the place in `place: message`, and the command in `help: run COMMAND`, as code."""
    place, colon, message = line.partition(": ")
    if place == "help" and message.startswith("run fi-bump"):
        return "to resolve this, run ", Code(message.removeprefix("run "))
    return (Code(place), f": {message}") if colon else (line,)


def _not_run(about: Description) -> Iterator[Words]:
    if about.asked is None:
        yield "audit and release dates: offline, no package index was asked; run ", Code("fi-bump audit")
    else:
        for note in about.asked.members:
            yield (note,)
    if about.report is not None:
        yield from _probes(about.report)
    for group in about.groups:
        if not group.probed:
            yield "smoke of ", Code(group.name), ": no probe tests it"
        elif about.report is None or about.report.group != group.name:
            command = f"fi-bump smoke --group {group.name} --output smoke.json"
            yield "smoke of ", Code(group.name), ": not run; run ", Code(command), " on a GPU"


def _probes(report: SmokeReport) -> Iterator[Words]:
    for probe in report.probes:
        if probe.outcome in ("not-run", "compiled"):
            what = "not run" if probe.outcome == "not-run" else "only compiled"
            yield Code(probe.name), f": {what}: {printable(probe.reason or 'no reason given', _LONGEST)}"


def flat(words: Sequence[str | Code | Link]) -> str:
    """Return words as plain text, each link as its text and its address."""
    pieces = [
        f"{each.text} {each.url}" if isinstance(each, Link) else each.text if isinstance(each, Code) else each
        for each in words
    ]
    return printable("".join(pieces), _LONGEST)
