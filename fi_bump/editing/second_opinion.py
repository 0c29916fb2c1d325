"""A second opinion on planned edits, from third-party parsers: packaging, json, tomlkit, dockerfile-parse, PyYAML.

Each parser is imported when a file of its format changes. It reads the file before and after the edits, and must see a
change in the edited places only. A file that it cannot read before the edits gets no second opinion (dockerfile-parse
does not know heredocs).
"""

from __future__ import annotations

import io
import json
import re
from bisect import bisect_right
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import IO, TYPE_CHECKING, Any, NamedTuple, TypeAlias, cast

from fi_bump.editing.plan import Plan, PlannedChange
from fi_bump.errors import REPORT_WITH_FILE, FileError, InternalError
from fi_bump.formats.table import format_named
from fi_bump.pins import BOM, Source
from fi_bump.scanning.look import format_as_recorded

if TYPE_CHECKING:
    from packaging.requirements import Requirement

_HASH_OPTION = re.compile(rb"(?<!\S)--hash(?:=|\s|$)\s*(\S*)")
_CHECKSUM = re.compile(rb"[a-z0-9_]+:[0-9a-f]+")
_COMMENT = re.compile(rb"(?:^|\s)#.*", re.DOTALL)
# Where str.splitlines, and so pip, ends a line.
_LINE_END = re.compile(rb"\r\n|[\n\r\x0b\x0c\x1c-\x1e]|\xc2\x85|\xe2\x80[\xa8\xa9]")
# The byte offset of each logical line of a requirements file, and its text.
_Lines: TypeAlias = Sequence[tuple[int, bytes]]
_QUOTE = "put quotes around the version there, then run again"


def confirm(plan: Plan) -> None:
    """Raise InternalError if a parser reads the new file differently from the plan. Nothing has been written then.

    Raises FileError for a place that needs quotes before the version can be written there.
    """
    for change in plan.changes:
        moved = [pin for pin, _, _ in change.moves]
        form = format_as_recorded(change.source, [pin.anchor for pin in moved], {pin.subject for pin in moved})
        # A file with a literal may have no format, and some formats have no parser but their finder.
        opinion = OPINIONS.get(format_named(form).second_opinion) if form else None
        doubt = opinion(change) if opinion else None
        if doubt is not None:
            raise InternalError(f"{doubt}, so nothing was written", place=change.source.path, hint=REPORT_WITH_FILE)


def _requirements(change: PlannedChange) -> str | None:
    """Check that packaging reads each edited requirement as the same requirement with the new version."""
    shift = 0
    old_lines, new_lines = _logical_lines(change.source.data), _logical_lines(change.new)
    for pin, version, edits in change.moves:
        before = _requirement(old_lines, pin.span.start)
        after = _requirement(new_lines, pin.span.start + shift)
        shift += sum(len(edit.new) - len(edit.old) for edit in edits)
        if before is None:
            continue
        if after is None or (after.name, after.extras, str(after.marker)) != (
            before.name,
            before.extras,
            str(before.marker),
        ):
            return f"packaging does not read {pin.subject} at its new version"
        if not _has(after, version):
            return f"packaging does not read {version} in the new {pin.subject} requirement"
    return _hashes(change, old_lines, new_lines)


def _has(requirement: Requirement, version: str) -> bool:
    """Whether a requirement is met by a version, or has its text: `===v1.0` is a text that no version equals."""
    clauses = list(requirement.specifier)
    return (
        requirement.specifier.contains(version, prereleases=True)
        or "+" in str(requirement.specifier)
        or any(each.operator == "===" and each.version.lower() == f"v{version}" for each in clauses)
    )


def _hashes(change: PlannedChange, old_lines: _Lines, new_lines: _Lines) -> str | None:
    """Check the number of checksums of every requirement in the file.

    A requirement that moves has as many as planned, each of the form `--hash=ALGORITHM:HEX`, and some if it had some.
    Any other has as many as before.
    """
    before, after = _hash_options(old_lines), _hash_options(new_lines)
    if len(before) != len(after):
        return "the new file would have another number of requirements"
    starts = [start for start, _ in before]
    planned = {reading.anchor: len(reading.hashes) for reading in change.expected}
    moved = {bisect_right(starts, pin.span.start) - 1: pin for pin, _, _ in change.moves}
    for index, ((start, old), (_, new)) in enumerate(zip(before, after, strict=True)):
        pin = moved.get(index)
        if pin is None:
            fits = new == old
        else:
            fits = bool(new) is bool(old) and len(new) == planned.get(pin.anchor, len(new))
            fits = fits and all(map(_CHECKSUM.fullmatch, new))
        if not fits:
            line = change.source.position(start)[0]
            return f"the requirement in line {line} has {len(old)} checksums and would not have those of its release"
    return None


def _hash_options(lines: _Lines) -> list[tuple[int, list[bytes]]]:
    """Return the byte offset of each logical line of a requirements file, and the values of its --hash options."""
    return [(begin, _HASH_OPTION.findall(line) if line.find(b"--hash") >= 0 else []) for begin, line in lines]


def _logical_lines(data: bytes) -> _Lines:
    """Return the byte offset of each logical line of a requirements file, and its text without a comment.

    pip joins a line that ends in a backslash with the next one, and reads a comment line by itself.
    """
    found = []
    parts: list[bytes] = []
    begin = position = 0
    for end in (*_LINE_END.finditer(data), None):
        text = data[position : end.start() if end else len(data)]
        goes_on = text.endswith(b"\\") and not text.lstrip().startswith(b"#")
        parts.append(text.strip(b"\\") if goes_on else text)
        if end:
            position = end.end()
        if not goes_on or end is None:
            found.append((begin, _COMMENT.sub(b"", b"".join(parts))))
            begin, parts = position, []
    return found


def _requirement(lines: _Lines, offset: int) -> Requirement | None:
    """Return the requirement in the logical line at a byte offset, or None if packaging cannot read it."""
    line = lines[bisect_right(lines, offset, key=lambda each: each[0]) - 1][1]
    return _parsed(line.removeprefix(BOM).decode("utf-8", "replace").partition(" --")[0].rstrip("\\ \t\r"))


# Many files of a tree have the same line.
@lru_cache(maxsize=1024)
def _parsed(text: str) -> Requirement | None:
    from packaging.requirements import InvalidRequirement, Requirement

    try:
        return Requirement(text)
    except InvalidRequirement:
        return None


def _json(change: PlannedChange) -> str | None:
    """Check that json reads a document of the same shape that differs in as many strings as there are edits."""
    try:
        before, after = (
            json.loads(data.decode("utf-8-sig", "replace"), object_pairs_hook=_members)
            for data in (change.source.data, change.new)
        )
    except ValueError:
        return "json does not read the new file as planned"
    differences = _differences(before, after)
    # One string may take two edits: a URL has its version in the folder and in the file name.
    if differences is None or not 0 < differences <= len(change.edits):
        return "json does not read the new file as planned"
    return None


class _Members(NamedTuple):
    """The members of an object of JSON, with every repeated key."""

    keys: tuple[str, ...]
    values: list[Any]


def _members(pairs: list[tuple[str, Any]]) -> _Members:
    return _Members(tuple(key for key, _ in pairs), [value for _, value in pairs])


def _toml(change: PlannedChange) -> str | None:
    """Check that tomlkit reads a document of the same shape that differs in as many strings as there are moves.

    A checksum that moves with its version is one more string, or a part of the same one. tomllib, on which the finder
    relies, has read the new file already.
    """
    before = _toml_document(change.source.data)
    if before is None:
        return None
    differences = _differences(before, _toml_document(change.new))
    checksums = sum(len(move.edits) - 1 - len(move.pin.repeats) for move in change.moves if move.pin.guard)
    if differences is None or not len(change.moves) <= differences <= len(change.moves) + checksums:
        return "tomlkit does not read the new file as planned"
    return None


def _toml_document(data: bytes) -> dict[str, Any] | None:
    """Return the document's values, or None if tomlkit cannot read it."""
    # Imported here because it takes 20 ms and few bumps edit TOML.
    import tomlkit
    from tomlkit.exceptions import TOMLKitError

    try:
        return tomlkit.parse(data.removeprefix(BOM).decode("utf-8", "replace")).unwrap()
    except (TOMLKitError, ValueError, RecursionError):
        return None


def _differences(before: Any, after: Any) -> int | None:
    if isinstance(before, _Members) and isinstance(after, _Members) and before.keys == after.keys:
        parts = [_differences(*pair) for pair in zip(before.values, after.values, strict=True)]
    elif isinstance(before, dict) and isinstance(after, dict) and list(before) == list(after):
        parts = [_differences(before[key], after[key]) for key in before]
    elif isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        parts = [_differences(*pair) for pair in zip(before, after, strict=True)]
    elif before == after and type(before) is type(after):
        return 0
    else:
        return 1 if isinstance(before, str) and isinstance(after, str) else None
    return None if None in parts else sum(part for part in parts if part)


def _dockerfile(change: PlannedChange) -> str | None:
    """Check that dockerfile-parse cuts both files into the same instructions, and only edited ones differ."""
    try:
        before = _structure(change.source)
        after = _structure(Source(change.source.path, change.new))
    except (IndexError, KeyError, TypeError, ValueError):
        return None
    spans = [span for pin, _, _ in change.moves for span in (pin.span, *pin.repeats)]
    spans += [span for pin, _, _ in change.moves if pin.guard for span in pin.guard.checksums]
    lines = {change.source.position(span.start)[0] - 1 for span in spans}
    if len(before) != len(after):
        return "dockerfile-parse does not read the new file as planned"
    for old, new in zip(before, after, strict=True):
        span = (old["startline"], old["endline"])
        edited = any(span[0] <= line <= span[1] for line in lines)
        same = old["content"] == new["content"]
        # The parser takes a line of a heredoc for an instruction: its first word may be the requirement that moves.
        renamed = old["instruction"] != new["instruction"] and old["instruction"].isalpha()
        if span != (new["startline"], new["endline"]) or renamed or not (same or edited):
            return f"dockerfile-parse reads a change in line {span[0] + 1}, where none was planned"
    return None


def _structure(source: Source) -> list[dict[str, Any]]:
    from dockerfile_parse import DockerfileParser

    # It accepts bytes, as it documents and needs for its own decoding; its type stubs know only str.
    parser = DockerfileParser(fileobj=cast("IO[str]", io.BytesIO(source.masked)))
    return [dict(instruction) for instruction in parser.structure]


def _yaml(change: PlannedChange) -> str | None:
    """Check that PyYAML reads the same events, and that only the edited scalars differ, and only in their values."""
    from fi_bump.formats.yaml_events import read_events

    before = read_events(change.source)
    after = read_events(Source(change.source.path, change.new))
    if before is None:
        return None
    if after is None or len(before) != len(after):
        return "PyYAML does not read the new file as planned"
    edits = sorted(edit.span for edit in change.edits)
    index = 0
    for old, new in zip(before, after, strict=True):
        while index < len(edits) and edits[index].end <= old.span.start:
            index += 1
        edited = old.is_value and index < len(edits) and edits[index].end <= old.span.end
        if old.shape != new.shape or (old.value == new.value) is edited:
            line = change.source.place(old.span).line
            return f"PyYAML reads something else than planned in line {line}"
        if old.plain and _is_cut(new.value) and not _is_cut(old.value):
            place = str(change.source.place(old.span))
            shown = new.value.rstrip("0")
            raise FileError(f"YAML would read {new.value} as the number {shown} here", place=place, hint=_QUOTE)
    return None


def _is_cut(text: str) -> bool:
    """Whether YAML reads a plain scalar as a number that is written differently: 1.10 as 1.1."""
    return re.fullmatch(r"[0-9]+\.[0-9]+0", text) is not None


# The parsers that formats/table.py names, each with what it must read in a changed file.
OPINIONS: dict[str, Callable[[PlannedChange], str | None]] = {
    "packaging": _requirements,
    "dockerfile-parse": _dockerfile,
    "json": _json,
    "PyYAML": _yaml,
    "tomlkit": _toml,
}
