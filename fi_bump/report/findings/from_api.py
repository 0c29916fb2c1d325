"""How the code fits a release as results, which every report format for CI is written from."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from fi_bump.fit.model import ApiFinding, Defined, Fit
from fi_bump.pins import Place
from fi_bump.report.api.text import since_text, since_word
from fi_bump.report.findings.model import Related, Result
from fi_bump.report.findings.source_lines import Lines


def fit_results(fits: Iterable[Fit], lines: Lines, *, brief: bool = False) -> Iterator[Result]:
    """A result for each place of each finding, with the definitions in both releases as related places.

    With `brief` a message is one sentence, for reports with a migration page.
    """
    for fit in fits:
        for finding in fit.findings:
            related = tuple(_related(each) for each in (finding.old, finding.new) if each is not None)
            for use in finding.uses:
                key = " ".join(filter(None, (finding.symbol, finding.detail)))
                help_ = tuple(_help(finding))
                message = finding.message if brief else _message(finding)
                yield Result(finding.rule, lines.read(use.place), key, message, help_, related=related)


def _related(defined: Defined) -> Related:
    return Related(Place(defined.path, defined.line), f"{defined.release}: {defined.text}", defined.release)


def _message(finding: ApiFinding) -> str:
    since = f"{since_word(finding)} {since_text(finding)}" if finding.since is not None else ""
    changes = f"parameters: {', '.join(finding.changes)}" if finding.changes else ""
    return "\n".join(filter(None, (finding.message, changes, since, *finding.reasons)))


def _help(finding: ApiFinding) -> Iterator[str]:
    if finding.instead is not None:
        yield f"use {finding.instead}"
    if finding.probe is not None:
        yield f"run fi-bump smoke --only {finding.probe}"
