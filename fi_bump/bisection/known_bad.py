"""The data about releases that are known to be bad (data/breakages.json): marks for a list, and a new entry."""

from __future__ import annotations

from collections.abc import Iterable

from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from fi_bump.audit.breakages import Breakage
from fi_bump.bisection.model import Bisection
from fi_bump.bisection.search import borders
from fi_bump.smoke.ranges import name_of
from fi_bump.smoke.registry import PROBES


def known_bad(state: Bisection, breakages: Iterable[Breakage]) -> dict[str, str]:
    """Return why a release is known to be bad, for each candidate that is: it breaks with what is held beside it."""
    question = state.question
    beside = _versions([*(state.held or ()), *question.extra])
    found: dict[str, str] = {}
    for breakage in breakages:
        for candidate in state.candidates:
            versions = {**beside, question.main: question.version, question.package: candidate.version}
            if _applies(breakage, versions):
                found.setdefault(candidate.version, breakage.reason)
    return found


def _applies(breakage: Breakage, versions: dict[str, str]) -> bool:
    version = versions.get(breakage.package)
    if version is None or not breakage.versions.contains(version, prereleases=True):
        return False
    if breakage.breaks_with is None:
        return True
    other = versions.get(canonicalize_name(breakage.breaks_with.name))
    return other is not None and breakage.breaks_with.specifier.contains(other, prereleases=True)


def _versions(requirements: Iterable[str]) -> dict[str, str]:
    """Return the packages that are required at one version, without its local label."""
    found = {}
    for each in requirements:
        version = each.partition("==")[2].partition(";")[0].strip()
        try:
            found[name_of(each)] = Version(version).public
        except InvalidVersion:
            continue
    return found


def entry_of(state: Bisection) -> dict[str, str] | None:
    """Return the entry for data/breakages.json that the bisection shows; None if it found no release.

    Its range is the first bad release and those beside it that were tried and are bad too; the reason names the last
    good release. What was not tried is not in it, even between two bad releases. A release of the group breaks with a
    dependency if the failure names it.
    """
    question, found = state.question, borders(state.judgements)
    first = state.of(state.candidates[found.first_bad].version)
    if found.problem is not None or found.between or first is None or first.judgement != "bad":
        return None
    versions = _shown_bad(state, found.first_bad)
    good = state.candidates[found.last_good].version
    asked = question.probe or (f"the test {question.tests[0]}" if question.tests else f"`{question.command}`")
    reason = f"{asked} fails there, and not with {question.package} {good}: {first.reason}"
    if question.of_dependency:
        return {
            "package": question.main,
            "versions": f"=={question.version}",
            "breaks_with": f"{question.package}{versions}",
            "reason": reason,
        }
    entry = {"package": question.main, "versions": versions}
    used = PROBES[question.probe].packages if question.probe is not None else ()
    named = [name for name in used if name != question.main and name in reason and name in first.packages]
    if named:
        entry["breaks_with"] = f"{named[0]}=={Version(first.packages[named[0]]).public}"
    return {**entry, "reason": reason}


def _shown_bad(state: Bisection, first_bad: int) -> str:
    """Return a specifier of the first bad release and the bad ones beside it, up to one that was not tried."""
    after = first_bad
    while after < len(state.candidates) and state.judgements[after] == "bad":
        after += 1
    oldest, newest = state.candidates[first_bad].version, state.candidates[after - 1].version
    if not state.rising:
        oldest, newest = newest, oldest
    return f"=={oldest}" if oldest == newest else f">={oldest},<={newest}"
