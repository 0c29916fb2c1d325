"""Release notes as lines of text, and as items of a list."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fi_bump.releases.notes import GroupNotes

NO_LINES = "there is no page of it, or the page has no headings"


def release_note_lines(notes: GroupNotes) -> list[str]:
    """Return a line for each release with the address of its page, and below it the lines of its notes."""
    lines: list[str] = []
    for release in notes.releases:
        lines.append(f"release notes of {notes.group} {release.version}: {release.page}")
        lines += [f"  {line}" for line in release.lines]
    return [*lines, *([f"note: {notes.problem}"] if notes.problem is not None else [])]


def note_items(notes: GroupNotes) -> Iterator[tuple[str | None, str | None, str]]:
    """Yield the release, the address of its page and the text of each line; None for a sentence without a release."""
    for release in notes.releases:
        for line in release.lines or (NO_LINES,):
            yield release.version, release.page, line
    if notes.problem is not None:
        yield None, None, notes.problem
