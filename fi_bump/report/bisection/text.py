"""Write a bisection as lines of text and as Markdown."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from fi_bump.bisection.model import Bisection, Candidate
from fi_bump.bisection.outcome import BisectReport
from fi_bump.fit.release_changes import ReleaseChanges
from fi_bump.report.api.text import fit_lines
from fi_bump.report.finding_lines import count
from fi_bump.untrusted import printable

# More changes of a kind than a person reads; JSON has them all.
_MOST = 8
_JUDGED = {"good": "good", "bad": "bad", "skip": "skipped"}


def bisect_lines(report: BisectReport) -> Iterator[str]:
    """Yield what was asked, each release, the one that was found, and what it changed."""
    state = report.state
    yield question_line(state)
    yield from (f"  {line}" for line in release_lines(report))
    if report.shard is not None:
        yield f"part {report.shard} of a run: join the parts with fi-bump smoke --merge DIR"
        return
    yield from found_lines(report)
    yield from (f"not certain: {problem}" for problem in report.problems)


def question_line(state: Bisection) -> str:
    """Return a line that says over which releases and with what was searched."""
    question = state.question
    asked = question.probe or (" ".join(question.tests) if question.tests else f"`{question.command}`")
    expected = "" if question.expected is None else f" with {question.expected.metric}={question.expected.value}"
    at = f" with {question.main} {question.version}" if question.of_dependency else ""
    tried = count(len(state.tried), "environment")
    return (
        f"{question.package} from {question.good} (good) to {question.bad} (bad){at}, judged by {asked}{expected}: "
        f"{tried} for {count(len(state.candidates), 'release')}"
    )


def release_lines(report: BisectReport) -> Iterator[str]:
    """Yield a line for each release, with its marks."""
    state = report.state
    width = max(len(each.version) for each in state.candidates)
    for candidate, judgement in zip(state.candidates, state.judgements, strict=True):
        tried = state.of(candidate.version)
        words = [_JUDGED[judgement] if judgement else "not tried", *_marks(report, candidate)]
        reason = f": {printable(tried.reason)}" if tried is not None and tried.reason else ""
        yield f"{candidate.version:<{width}}  {', '.join(words)}{reason}"


def _marks(report: BisectReport, candidate: Candidate) -> Iterator[str]:
    if candidate.yanked is not None:
        yield f"yanked ({printable(candidate.yanked)})" if candidate.yanked else "yanked"
    if candidate.version in report.known_bad:
        yield "known to be bad"


def found_lines(report: BisectReport) -> Iterator[str]:
    """Yield the release that was found, its date and page, and what it changed."""
    found, state = report.borders, report.state
    if found.problem is not None:
        return
    what = "the first bad release" if state.rising else "the first good release"
    named = "one of the releases between, or" if found.between else ""
    date = f", uploaded on {report.turn.date}" if report.turn.date else ""
    yield " ".join(f"{what} of {state.question.package} is {named} {report.turn.version}{date}".split())
    if report.page:
        yield f"  {report.page}"
    yield from (f"  {line}" for line in moved_lines(report))
    if report.changes is not None:
        yield from change_lines(report.changes, _failure(report))
    if report.code:
        yield "how the code of this repository fits it:"
        yield from (f"  {line}" for line in fit_lines(report.code, most=_MOST))
    if report.unread is not None:
        yield f"what it changed is not known: {report.unread}"
    if report.entry is not None:
        yield "an entry for the data of known breakages (fi_bump/data/breakages.json):"
        yield f"  {json.dumps(report.entry, ensure_ascii=False)}"
        untried = [each.version for each in state.candidates[found.first_bad :] if state.of(each.version) is None]
        if untried:
            yield f"  its range leaves out what was not tried: {_listed(untried)}"


def moved_lines(report: BisectReport) -> Iterator[str]:
    """Yield the other packages that differ between the two environments at the border, since they may be the cause."""
    before, after = (report.state.of(each.version) for each in (report.before, report.turn))
    if before is None or after is None:
        return
    own = report.state.question.package
    moved = [
        f"{name} {before.packages.get(name, '-')} -> {after.packages.get(name, '-')}"
        for name in sorted({*before.packages, *after.packages} - {own})
        if before.packages.get(name) != after.packages.get(name)
    ]
    if moved:
        yield f"other packages that differ between the two environments: {_listed(moved)}"


def _failure(report: BisectReport) -> str:
    """Return why the release at the bad side of the border is bad."""
    tried = report.state.of(report.state.candidates[report.borders.first_bad].version)
    return (tried.reason or "") if tried is not None else ""


def change_lines(changes: ReleaseChanges, failure: str = "") -> Iterator[str]:
    """Yield what a release changed: requirements, files, and the public API; first the names that a failure names."""
    yield f"what {changes.package} {changes.new} changed against {changes.old}:"
    if len(changes.parts) > 1:
        yield f"  with {', '.join(changes.parts[1:])}, which it requires at its own version"
    if changes.page:
        yield f"  project: {printable(changes.page)}"
    if changes.required:
        yield f"  no longer requires {_listed(changes.required)}"
    if changes.requires:
        yield f"  now requires {_listed(changes.requires)}"
    for each in changes.files:
        yield f"  {each.kind} files: {each.added} added, {each.removed} removed, {each.changed} changed"
    if not (changes.removed or changes.signatures or changes.added):
        yield "  public API: no change"
        return
    counts = f"{len(changes.removed)} removed, {len(changes.signatures)} changed, {len(changes.added)} added"
    yield f"  public API: {counts}"
    words = set(re.findall(r"\w+", failure))

    def order(name: str) -> bool:
        return name.rpartition(".")[2] not in words

    yield from (f"    removed: {printable(name)}" for name in sorted(changes.removed, key=order)[:_MOST])
    for change in sorted(changes.signatures, key=lambda each: order(each.name))[:_MOST]:
        yield f"    changed: {printable(change.name)}{printable(change.before)} -> {printable(change.after)}"
    yield from (f"    added: {printable(name)}" for name in sorted(changes.added, key=order)[:_MOST])


def _listed(texts: tuple[str, ...] | list[str]) -> str:
    more = f", and {len(texts) - _MOST} more" if len(texts) > _MOST else ""
    return ", ".join(map(printable, texts[:_MOST])) + more
