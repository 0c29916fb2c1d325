"""One PEP 508 requirement in any format: which package it names, and whether it pins that package.

The patterns run on raw bytes, not on the masked copy: all of them are ASCII classes, and a byte of 0x80 or more must
not match as the `x` of a name.
"""

from __future__ import annotations

import re

from fi_bump.formats.shared.pieces import Text
from fi_bump.grammar import VERSION, LazyPattern, canonical_name, exact_span
from fi_bump.pins import Floor, Kind, Pin, Source, Unpinned, Wanted, make_pin
from fi_bump.records import NamedTuple

_HEAD = LazyPattern(rb"\s*([A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)\s*(?:\[[^\]]*\])?\s*")
_CLAUSE = LazyPattern(rb"\s*(===|==|~=|!=|<=|>=|<|>)\s*([^\s,;()]+)\s*")
# An exact version; group 1 is its public part. The label may contain a reference.
_WILDCARD = LazyPattern(rb"v?(?:[0-9]+!)?[0-9]+(?:\.[0-9]+)*\.\*\Z", re.IGNORECASE)
_ORDERED = LazyPattern(rb"v?" + VERSION + rb"\Z", re.IGNORECASE)
_COMPATIBLE = LazyPattern(rb"v?(?=(?:[0-9]+!)?[0-9]+\.[0-9])" + VERSION + rb"\Z", re.IGNORECASE)

_REFERENCE = LazyPattern(rb"\$\{[^}]*\}")

NO_VERSION = "has no version specifier"


class Requirement(NamedTuple):
    """A requirement on a wanted package: `passage.data[start:end]` is the text after the name and its extras.

    `broken_by` names what joins the passage's pieces, for the report of a version that is not in one piece.
    """

    source: Source
    passage: Text
    package: str
    start: int
    end: int
    anchor: str
    broken_by: str
    wanted: Wanted


class _Clause(NamedTuple):
    """One clause such as `==V`; `start` is the version's index in the passage."""

    operator: bytes
    version: bytes
    start: int


def named(text: bytes) -> tuple[str, int] | None:
    """Return the canonical name at the start of a requirement and the index after its extras and blanks, or None."""
    head = _HEAD.match(text)
    return (canonical_name(head[1].decode("ascii")), head.end()) if head else None


def without_marker(text: bytes, start: int, end: int) -> int:
    """Return the end of a requirement without its marker; `start` is the end of its name. A URL keeps its marker."""
    marker = -1 if text.startswith(b"@", start) else text.find(b";", start, end)
    return end if marker < 0 else marker


def judge(requirement: Requirement) -> Pin | Unpinned | Floor | None:
    """Return the pin, report or floor for a requirement; None for a variable reference and for other text."""
    text, start = requirement.passage.data, requirement.start
    body = text[start : requirement.end].rstrip()
    if not body:
        head = text[:start].rstrip()
        return _report(requirement, len(head) - len(head.lstrip()), len(head), NO_VERSION)
    if body[:1] not in (b"(", b"@", b"=", b"!", b"<", b">", b"~"):
        return None
    if body[:1] == b"@":
        return _addressed(requirement, start + len(body))
    clauses = _clauses(requirement)
    if clauses is None:
        if is_reference(body):
            return None
        return _report(requirement, start, start + len(body), f"{_show(body)} is not a version specifier")
    exact = [clause for clause in clauses if clause.operator in (b"==", b"===")]
    if len(exact) > 1:
        return _report(requirement, start, start + len(body), f"{_show(body)} names more than one version")
    if exact:
        return _exact(requirement, exact[0])
    if any(b"${" in clause.version for clause in clauses):
        return None
    specifier = b",".join([clause.operator + clause.version for clause in clauses]).decode("ascii", "replace")
    first, last = clauses[0], clauses[-1]
    span = requirement.passage.span(text.index(first.operator, start), last.start + len(last.version))
    return Floor(requirement.source, span, requirement.package, specifier)


def is_reference(text: bytes) -> bool:
    """Whether `text` contains `${VAR}` and no digit outside it, so that the variable alone decides the version."""
    return b"${" in text and re.search(rb"[0-9]", _REFERENCE.sub(b"", text)) is None


def _addressed(requirement: Requirement, end: int) -> Pin | Unpinned | None:
    """Return the pin or report for `@ URL`, or None for a reference; a URL of anything but the package is reported."""
    # Imported here because few files contain a URL.
    from fi_bump.formats.shared.addresses import NOT_MOVED
    from fi_bump.formats.shared.requirement_address import Addressed, judge_address

    text, start = requirement.passage.data, requirement.start
    begin = end - len(text[start + 1 : end].lstrip())
    item = judge_address(
        Addressed(
            source=requirement.source,
            passage=requirement.passage,
            start=begin,
            end=end,
            wanted=requirement.wanted,
            anchor=requirement.anchor,
            broken_by=requirement.broken_by,
        )
    )
    if item is not None or is_reference(text[begin:end]):
        return item
    return _report(requirement, start, end, NOT_MOVED)


def _clauses(requirement: Requirement) -> list[_Clause] | None:
    """Return the clauses of `==V,!=W` or `(==V,!=W)`, at least one; None where packaging would refuse them."""
    text, position, end = requirement.passage.data, requirement.start, requirement.end
    end = position + len(text[position:end].rstrip())
    if text.startswith(b"(", position):
        if text[end - 1 : end] != b")":
            return None
        position, end = position + 1, end - 1
    clauses: list[_Clause] = []
    while position < end:
        match = _CLAUSE.match(text, position, end)
        if match is None:
            return None if text[position:end].strip() else clauses or None
        clause = _Clause(match[1], match[2], match.start(2))
        if not _allowed(clause):
            return None
        clauses.append(clause)
        position = match.end()
        if position < end:
            if text[position : position + 1] != b",":
                return None
            position += 1
    return clauses or None


def _allowed(clause: _Clause) -> bool:
    """Whether PEP 440 allows this clause; `_exact` judges exact versions and references later."""
    if clause.operator in (b"==", b"===") or b"${" in clause.version:
        return True
    if clause.operator == b"!=":
        return bool(exact_span(clause.version) or _WILDCARD.match(clause.version))
    return (_COMPATIBLE if clause.operator == b"~=" else _ORDERED).match(clause.version) is not None


def _exact(requirement: Requirement, clause: _Clause) -> Pin | Unpinned | None:
    """Return the pin of the only `==` clause, or the report that says why it is not a pin."""
    start, end = clause.start, clause.start + len(clause.version)
    exact = exact_span(clause.version)
    if exact is None:
        if _WILDCARD.match(clause.version) and clause.operator == b"==":
            return _report(requirement, start, end, f"{_show(clause.version)} is a wildcard, not one version")
        if b"${" not in clause.version:
            return _report(requirement, start, end, f"{_show(clause.version)} is not a version")
        if is_reference(clause.version):
            return None
        return _report(requirement, start, end, f"{_show(clause.version)} is assembled from a variable")
    public = requirement.passage.span(start + exact[0], start + exact[1])
    if requirement.source.data[public.start : public.end] != clause.version[slice(*exact)]:
        return _report(requirement, start, end, f"the version is split by {requirement.broken_by}")
    return make_pin(
        requirement.source, public.start, public.end, requirement.anchor, Kind.REQUIREMENT, requirement.package
    )


def _report(requirement: Requirement, start: int, end: int, reason: str) -> Unpinned:
    return Unpinned(requirement.source, requirement.passage.span(start, end), requirement.package, reason)


def _show(text: bytes) -> str:
    return f"'{text.decode('utf-8', 'replace')}'"
