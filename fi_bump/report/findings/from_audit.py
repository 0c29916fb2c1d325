"""What `audit` found, as a report."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from fi_bump.audit.audit import Audit
from fi_bump.audit.conflicts import Conflict
from fi_bump.audit.notes import Note
from fi_bump.audit.resolve import Verdict
from fi_bump.findings.rules import Rule, rules_of
from fi_bump.fit.model import Fit
from fi_bump.lock.records import LOCK_NAME, Group, Lock
from fi_bump.pins import Place
from fi_bump.report.api.text import summary as fit_summary
from fi_bump.report.findings.from_api import fit_results
from fi_bump.report.findings.model import Passed, Related, Report, Result
from fi_bump.report.findings.source_lines import Lines


class Closing(NamedTuple):
    """How an audit ends: its summary, the command that ends its conflicts (`help: …`), and whether it exits with 0."""

    summary: str
    command: str | None
    ok: bool


def audit_report(
    root: str,
    lock: Lock,
    found: Audit,
    verdicts: Sequence[Verdict],
    closing: Closing,
    fits: Sequence[Fit] = (),
    *,
    brief: bool = False,
) -> Report:
    """Conflicts, then notes, a resolver's refusals, and what of the code does not fit.

    A group without a conflict has passed. `brief` leaves out what a migration page says of the code.
    """
    lines = Lines(root)
    help_ = () if closing.command is None else (closing.command.removeprefix("help: "),)
    results = [_conflict(each, lines) for each in found.conflicts]
    results += [_note(each, lines) for each in found.notes]
    results += [_verdict(each, lines) for each in verdicts if not each.ok]
    results += fit_results(fits, lines, brief=brief)
    content = [line for each in verdicts if each.ok for line in each.lines]
    content += [line for each in fits for line in (*each.skipped, *each.remarks, fit_summary(each))]
    passed = tuple(_passed(lock.groups, found.conflicts))
    return Report(
        command="audit",
        ok=closing.ok,
        results=tuple(results),
        passed=passed,
        summary=(closing.summary, *content),
        help=help_,
        rules=rules_of("audit"),
    )


def _conflict(each: Conflict, lines: Lines) -> Result:
    pin = lines.read(each.demand.place)
    package, _, version = each.demand.by.partition(" ")
    # The line has another version if the audit is of a move that is not made.
    here = pin.text is None or version in pin.text
    message = f"{each.demand.by} is pinned here" if here else f"{package} is pinned here and would move to {version}"
    return Result(
        Rule.CONFLICT,
        lines.read(each.stated.place),
        f"{each.stated.package} against {each.demand.package}",
        each.message,
        related=(Related(pin, message),),
    )


def _note(note: Note, lines: Lines) -> Result:
    package = note.message.partition(" ")[0]  # every note begins with it
    return Result(Rule.RISK, lines.read(note.place), package, note.message)


def _verdict(verdict: Verdict, lines: Lines) -> Result:
    first, *rest = verdict.lines
    said = first.removeprefix(f"{verdict.path}: ")
    return Result(Rule.UNRESOLVED, Place(verdict.path), said, "\n".join([said, *rest]))


def _passed(groups: Iterable[Group], conflicts: Sequence[Conflict]) -> Iterator[Passed]:
    concerned = {name for each in conflicts for name in (each.stated.package, each.demand.package)}
    for group in groups:
        if not any(member.name in concerned for member in group.packages):
            yield Passed(LOCK_NAME, f"{group.name} agrees with what is stated")
