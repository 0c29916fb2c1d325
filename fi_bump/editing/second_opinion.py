"""A second opinion on planned edits from parsers of other hands: packaging, json, tomlkit, dockerfile-parse, PyYAML.

A witness sees the file before and after. What it reads must differ in exactly the edited places; what it cannot read
before the edit (dockerfile-parse does not know heredocs) it has no opinion on.
"""

from __future__ import annotations

import io
import json
import re
from typing import IO, Any, cast

from dockerfile_parse import DockerfileParser
from packaging.requirements import InvalidRequirement, Requirement

from fi_bump.editing.plan import Plan, PlannedChange
from fi_bump.errors import REPORT_WITH_FILE, FileError, InternalError
from fi_bump.pins import BOM, Source, Span
from fi_bump.scanning.files import format_of

_QUOTE = "put quotes around the version there"


def confirm(plan: Plan) -> None:
    """Raise InternalError when a witness reads something else than the plan says. Nothing has been written then.

    Raises FileError for a place whose quotes must be set by hand before a version can stand there.
    """
    for change in plan.changes:
        match format_of(change.source.path):
            case "requirements":
                doubt = _requirements(change)
            case "dockerfile":
                doubt = _dockerfile(change)
            case "bake":
                doubt = _json(change)
            case "yaml":
                doubt = _yaml(change)
            case "pyproject":
                doubt = _toml(change)
            case _:  # a literal's file: nothing but its text says what it is
                doubt = None
        if doubt is not None:
            raise InternalError(f"{doubt}, so nothing was written", place=change.source.path, hint=REPORT_WITH_FILE)


def _requirements(change: PlannedChange) -> str | None:
    """packaging must read each edited requirement as the same one with the new version."""
    shift = 0
    new = Source(change.source.path, change.new)
    for pin, version, edits in change.moves:
        before = _requirement(change.source, pin.span)
        after = _requirement(new, Span(pin.span.start + shift, pin.span.start + shift + len(version)))
        shift += sum(len(edit.new) - len(edit.old) for edit in edits)
        if before is None:
            continue
        if after is None or (after.name, after.extras, str(after.marker)) != (
            before.name,
            before.extras,
            str(before.marker),
        ):
            return f"packaging does not read {pin.subject} at its new version"
        if not after.specifier.contains(version, prereleases=True) and "+" not in str(after.specifier):
            return f"packaging does not read {version} in the new {pin.subject} requirement"
    return None


def _requirement(source: Source, span: Span) -> Requirement | None:
    """The requirement of the one line around `span`, where it stands on one line."""
    text = source.line(span.start).removeprefix(BOM).decode("utf-8", "replace")
    text = text.partition(" #")[0].partition(" --")[0].rstrip("\\ \t\r")
    try:
        return Requirement(text)
    except InvalidRequirement:
        return None


def _json(change: PlannedChange) -> str | None:
    """json must read a document of the same shape that differs in as many strings as there are edits."""
    try:
        before, after = (json.loads(data.decode("utf-8-sig", "replace")) for data in (change.source.data, change.new))
    except ValueError:
        return "json does not read the new file as planned"
    differences = _differences(before, after)
    # An equal key written twice is two edits, of which a reader of the document sees the last.
    if differences is None or not 0 < differences <= len(change.edits):
        return "json does not read the new file as planned"
    return None


def _toml(change: PlannedChange) -> str | None:
    """tomlkit must read a document of the same shape that differs in exactly as many strings as there are moves.

    The finder's own authority, tomllib, has read the new file by then.
    """
    before = _toml_document(change.source.data)
    if before is not None and _differences(before, _toml_document(change.new)) != len(change.moves):
        return "tomlkit does not read the new file as planned"
    return None


def _toml_document(data: bytes) -> dict[str, Any] | None:
    """The document's values; None for what tomlkit cannot read."""
    # Few bumps edit TOML, and it takes 20 ms to import.
    import tomlkit
    from tomlkit.exceptions import TOMLKitError

    try:
        return tomlkit.parse(data.removeprefix(BOM).decode("utf-8", "replace")).unwrap()
    except (TOMLKitError, ValueError, RecursionError):
        return None


def _differences(before: Any, after: Any) -> int | None:
    if isinstance(before, dict) and isinstance(after, dict) and list(before) == list(after):
        parts = [_differences(before[key], after[key]) for key in before]
    elif isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        parts = [_differences(*pair) for pair in zip(before, after, strict=True)]
    elif before == after and type(before) is type(after):
        return 0
    else:
        return 1 if isinstance(before, str) and isinstance(after, str) else None
    return None if None in parts else sum(part for part in parts if part)


def _dockerfile(change: PlannedChange) -> str | None:
    """dockerfile-parse must cut both files into the same instructions, of which only edited ones differ."""
    try:
        before = _structure(change.source)
        after = _structure(Source(change.source.path, change.new))
    except (IndexError, KeyError, TypeError, ValueError):
        return None
    lines = {pin.place.line - 1 for pin, _, _ in change.moves}
    if len(before) != len(after):
        return "dockerfile-parse does not read the new file as planned"
    for old, new in zip(before, after, strict=True):
        span = (old["startline"], old["endline"])
        edited = any(span[0] <= line <= span[1] for line in lines)
        same = old["content"] == new["content"]
        # A line of a heredoc passes for an instruction too: there the first word may be the requirement that moves.
        renamed = old["instruction"] != new["instruction"] and old["instruction"].isalpha()
        if span != (new["startline"], new["endline"]) or renamed or not (same or edited):
            return f"dockerfile-parse reads a change in line {span[0] + 1}, where none was planned"
    return None


def _structure(source: Source) -> list[dict[str, Any]]:
    # It takes bytes, as it documents and needs for its own decoding; its stubs know only text.
    parser = DockerfileParser(fileobj=cast("IO[str]", io.BytesIO(source.masked)))
    return [dict(instruction) for instruction in parser.structure]


def _yaml(change: PlannedChange) -> str | None:
    """PyYAML must read the same events, of which only the edited scalars differ, and only in what they say."""
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
    """Whether YAML reads a plain scalar as a number that is written otherwise: 1.10 is 1.1."""
    return re.fullmatch(r"[0-9]+\.[0-9]+0", text) is not None
