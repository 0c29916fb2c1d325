"""A migration page in Markdown: each cause with both signatures side by side, the lines to change, and the release."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

from fi_bump.fit.model import ApiFinding, Fit
from fi_bump.pins import Place
from fi_bump.report import markdown_escape
from fi_bump.report.api.text import since_word, summary

Read = Callable[[Place], Place]

_MOST_PLACES = 50
plain = markdown_escape.plain


def migration_page(fits: Sequence[Fit], read: Read) -> str:
    """The page for all packages that were compared; empty where there is nothing to change.

    `read` puts the text of its line to a place.
    """
    return "\n".join(_blocks(fits, read)).rstrip("\n")


def _blocks(fits: Iterable[Fit], read: Read) -> Iterator[str]:
    for fit in fits:
        if not fit.findings:
            continue
        yield f"### {plain(fit.label)}\n"
        yield f"{plain(summary(fit))}\n"
        for remark in (*fit.skipped, *fit.remarks):
            yield f"{plain(remark)}\n"
        for in_tests, title in ((False, "The package"), (True, "Tests, benchmarks and examples")):
            part = [each for each in fit.findings if each.in_tests is in_tests]
            if part:
                yield f"#### {title}\n"
                for finding in part:
                    yield from _finding(finding, read)


def _finding(finding: ApiFinding, read: Read) -> Iterator[str]:
    yield f"**{plain(finding.message)}** ({finding.rule.value})\n"
    sides = [each for each in (finding.old, finding.new) if each is not None]
    if sides:
        header = [plain(each.release) for each in sides]
        rows = [
            [markdown_escape.code(each.text, cell=True) for each in sides],
            [markdown_escape.code(f"{each.path}:{each.line}", cell=True) for each in sides],
        ]
        yield markdown_escape.table(header, rows)
    if finding.changes:
        yield f"Parameters: {', '.join(markdown_escape.code(each) for each in finding.changes)}\n"
    if finding.since is not None:
        page = finding.since.page
        version = markdown_escape.linked(finding.since.version, page) if page else plain(finding.since.version)
        date = f" ({plain(finding.since.date)})" if finding.since.date else ""
        yield f"{since_word(finding).capitalize()} {version}{date}.\n"
    for reason in finding.reasons:
        yield f"{plain(reason)}\n"
    if finding.instead is not None:
        yield f"Use {markdown_escape.code(finding.instead)}.\n"
    if finding.probe is not None:
        yield f"On a GPU, run {markdown_escape.code(f'fi-bump smoke --only {finding.probe}')}.\n"
    yield markdown_escape.items(_place(use.place, read) for use in finding.uses[:_MOST_PLACES])
    if len(finding.uses) > _MOST_PLACES:
        yield f"and {len(finding.uses) - _MOST_PLACES} more places\n"


def _place(place: Place, read: Read) -> str:
    """A place, and the line of the repository that is there."""
    text = (read(place).text or "").strip()
    return markdown_escape.code(str(place)) + (f": {markdown_escape.code(text)}" if text else "")
