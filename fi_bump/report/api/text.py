"""Write how the code fits a release as lines of text, as `audit --api` and `set` print them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby

from fi_bump.findings.rules import Rule, Severity
from fi_bump.fit.model import ApiFinding, Defined, Fit
from fi_bump.report.api.signatures import paired, single
from fi_bump.report.finding_lines import count

# More differences of a signature than a person reads in a line; the migration page has them all.
_MOST_CHANGES = 8
_MOST_PLACES = 4
# Where only some findings are shown, a note with dozens of new conditions must not hide what a command did.
_MOST_REASONS = 4


def fit_lines(fits: Iterable[Fit], *, most: int | None = None) -> Iterator[str]:
    """A line for each place of each finding, with what explains it below, then a line about each package.

    What explains several findings in a row in the same words is below the last of them. With `most` only so many
    findings are shown for each package, those that fail all the same, and of long explanations the first lines.
    """
    explained = _details if most is None else _some_details
    for fit in fits:
        shown = [each for index, each in enumerate(fit.findings) if most is None or index < most or each.fails]
        for details, alike in groupby(shown, explained):
            for finding in alike:
                severity = "" if finding.rule.severity is Severity.error else "note: "
                for use in finding.uses if finding.fails else finding.uses[:1]:
                    yield f"{use.place}: {severity}{finding.message} [{finding.rule.value}]"
            yield from (f"  {line}" for line in details)
        if len(shown) < len(fit.findings):
            yield f"{count(len(fit.findings) - len(shown), 'more note')}: run {fit.command}"
        yield from (f"note: {reason}" for reason in (*fit.skipped, *fit.remarks))
        yield summary(fit)


def _details(finding: ApiFinding) -> tuple[str, ...]:
    """What is printed below the places of a finding; for a note that begins with its other places."""
    more = [] if finding.fails or len(finding.uses) == 1 else [f"also at: {_more_places(finding)}"]
    return (*more, *detail_lines(finding))


def _some_details(finding: ApiFinding) -> tuple[str, ...]:
    """Return `_details` with no more than some of a finding's reasons."""
    more = len(finding.reasons) - _MOST_REASONS
    if more <= 1:
        return _details(finding)
    return _details(
        finding._replace(reasons=(*finding.reasons[:_MOST_REASONS], f"and {more} more, which audit --api lists"))
    )


def detail_lines(finding: ApiFinding) -> Iterator[str]:
    """What explains a finding: both definitions, what differs, since when, and what to do."""
    yield from _definitions(finding)
    if finding.changes:
        more = len(finding.changes) - _MOST_CHANGES
        listed = ", ".join(finding.changes[:_MOST_CHANGES])
        yield f"parameters: {listed}{f', and {more} more' if more > 0 else ''}"
    if finding.since is not None:
        yield f"{since_word(finding)}: {since_text(finding)}"
    yield from finding.reasons
    if finding.instead is not None:
        yield f"instead: {finding.instead}"
    if finding.repaired is not None:
        yield "the proposed release fits" if finding.repaired else "the proposed release does not fit either"
    if finding.probe is not None:
        yield f"help: run fi-bump smoke --only {finding.probe}"


def _definitions(finding: ApiFinding) -> Iterator[str]:
    """Both definitions, one below the other; a note has a signature only where it is about one."""
    old, new = finding.old, finding.new
    if old is not None and new is not None:
        before, now = paired(old.text, new.text)
        yield f"before: {before}  {_where(old)}"
        yield f"now:    {now}  {_where(new)}"
    elif old is not None:
        yield f"before: {single(old.text)}  {_where(old)}"
    elif new is not None:
        yield f"now:    {single(new.text)}  {_where(new)}"


def since_word(finding: ApiFinding) -> str:
    """What the named release is: of code that is ahead of its pin it is the first one that the code fits.

    On the way back to an older release it is the one that brought what the older one lacks, the one in which what a
    note says ended, or the last one that fits.
    """
    if finding.since is not None and finding.since.is_way_back:
        came = finding.fails or finding.rule is Rule.API_GUARDED
        return "fits up to" if finding.repaired else "came with" if came else "changed in"
    return "fits since" if finding.repaired else "since"


def since_text(finding: ApiFinding) -> str:
    """`0.6.0 (2026-01-08), https://…`."""
    assert finding.since is not None
    date = f" ({finding.since.date})" if finding.since.date else ""
    page = f", {finding.since.page}" if finding.since.page else ""
    return f"{finding.since.version}{date}{page}"


def _more_places(finding: ApiFinding) -> str:
    """The places of a note behind its first one, some of them where there are many."""
    shown = finding.uses[1 : _MOST_PLACES + 1]
    more = len(finding.uses) - 1 - len(shown)
    return ", ".join(str(use.place) for use in shown) + (f", and {more} more" if more > 0 else "")


def _where(defined: Defined) -> str:
    return f"({defined.path}:{defined.line} of {defined.release})"


def summary(fit: Fit) -> str:
    """`kit 1.0 -> 2.0: 2 API findings and 1 note; 40 of 41 uses in 6 files compared, 1 not judged`."""
    failing = sum(each.fails for each in fit.findings)
    notes = len(fit.findings) - failing
    found = "no API findings" if not failing else count(failing, "API finding")
    noted = f" and {count(notes, 'note')}" if notes else ""
    if not fit.uses:
        return f"{fit.label}: " + ("not compared" if fit.skipped else "no Python file here uses it")
    left = fit.uses - fit.judged
    not_judged = f", {left} not judged" if left else ""
    return (
        f"{fit.label}: {found}{noted}; {fit.judged} of {count(fit.uses, 'use')} in {count(fit.files, 'file')} compared"
        f"{not_judged}"
    )


def failing(fits: Sequence[Fit]) -> bool:
    """Whether any code breaks."""
    return any(fit.fails for fit in fits)
