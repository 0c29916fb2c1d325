"""Packages under the names that they had before, which data/former_names.json lists with the names of today.

A release under a former name is reported as what it is. fi-bump never moves it, because the new releases have the new
name.
"""

from __future__ import annotations

import json
import re
from functools import lru_cache

from fi_bump.boundary.reading import read_data
from fi_bump.formats.finders import finder
from fi_bump.formats.shared.name_search import Search
from fi_bump.grammar import LazyPattern
from fi_bump.pins import Found, Kind, Pin, Source, Span, Unpinned, Wanted

_ARCHIVE = LazyPattern(rb"\.(?:tar(?:\.[a-z0-9]+)?|tgz|zip)(?![\w.])")
_EQUALS = r"(?:[ \t]{0,9}(?:\[[^\]\n]{0,99}\])?[ \t]{0,9}==|-[0-9])"
# The same, wider, as `re` and `grep -E` read it.
_EQUALS_IN_TEXT = "([ \t]*(\\[[^]]*\\])?[ \t]*==|-[0-9])"


@lru_cache(maxsize=1)
def former_names() -> dict[str, str]:
    """Return the former names, each with the name of today."""
    names: dict[str, str] = json.loads(read_data("former_names.json"))
    return names


def former_evidence(wanted: Wanted) -> tuple[str, ...]:
    """Return patterns for `grep -E`, in any case: each file in which a release under a former name is found has one."""
    return tuple(f"{old.replace('-', '[-_.]+')}{_EQUALS_IN_TEXT}" for old in _formerly(wanted))


# Asked of every file in which a finder runs.
@lru_cache(maxsize=64)
def _formerly(wanted: Wanted) -> tuple[str, ...]:
    names = former_names().items()
    return tuple(old for old, new in names if new in wanted.packages and old not in wanted.packages)


def with_former_names(source: Source, wanted: Wanted, form: str, found: Found) -> Found:
    """Return what was found in a file, and a report for each release of a wanted package under its former name."""
    names = {old: former_names()[old] for old in _formerly(wanted) if _release_of(old).is_in(source)}
    if not names:
        return found
    again = finder(form)(source, Wanted(frozenset(names), frozenset(), frozenset()))
    reports = [*(_pinned(pin, names) for pin in again.pins), *(_report(place, names) for place in again.unpinned)]
    pinned = [span for pin in found.pins for span in (pin.span, *pin.repeats)]
    new = [each for each in reports if each and not any(_overlap(each.span, span) for span in pinned)]
    # To a finder that does not know the name, `kit==V` looks like a comparison with the installed version.
    others = [each for each in found.unpinned if not any(_overlap(each.span, report.span) for report in new)]
    return found._replace(unpinned=tuple(sorted((*others, *new), key=lambda place: place.span)))


@lru_cache(maxsize=64)
def _release_of(name: str) -> Search:
    """Return the search for `NAME==V` and the file name of a wheel."""
    return Search([(name, rf"(?<![\w.-]{re.escape(name)}){_EQUALS}")])


def _pinned(pin: Pin, names: dict[str, str]) -> Unpinned | None:
    """Return the report for a requirement `NAME==V` or a file, or None for the value of a key of that name."""
    before = pin.source.data[: pin.span.start].rstrip(b" \t\"'\\vV")
    if pin.kind is Kind.REQUIREMENT and not before.endswith(b"=="):
        return None
    if pin.kind is Kind.URL and _is_archive(pin.source, pin.span):
        return None
    return Unpinned(pin.source, pin.span, names[pin.subject], _reason(pin.subject, names))


def _is_archive(source: Source, span: Span) -> bool:
    """Whether a file is an archive: those of a repository have its name, which may be a package's former one."""
    return _ARCHIVE.match(source.data, span.end) is not None or _ARCHIVE.search(source.text(span).encode()) is not None


def _report(place: Unpinned, names: dict[str, str]) -> Unpinned | None:
    """Return the report for a file that fi-bump could not move under the new name either."""
    if "pinned by" not in place.reason or _is_archive(place.source, place.span):
        return None
    return place._replace(subject=names[place.subject], reason=_reason(place.subject, names))


def _reason(old: str, names: dict[str, str]) -> str:
    return f"a release under the former name {old}, which fi-bump does not update; the package is now {names[old]}"


def _overlap(one: Span, other: Span) -> bool:
    return one.start < other.end and other.start < one.end
