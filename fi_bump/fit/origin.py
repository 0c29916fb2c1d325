"""The release in which something broke, between one that fits and one that does not."""

from __future__ import annotations

from fi_bump.errors import FiBumpError
from fi_bump.findings.rules import Rule
from fi_bump.fit.engine.uses import Use
from fi_bump.fit.judge import judge
from fi_bump.fit.model import ApiFinding, Since
from fi_bump.fit.release import ReleaseSide
from fi_bump.fit.sources import ReleaseSources

# What can be told from one use alone; the other rules compare more than its two signatures.
TRACED = frozenset(
    [
        Rule.API_REMOVED,
        Rule.API_KEYWORD,
        Rule.API_REQUIRED,
        Rule.API_POSITIONAL,
        Rule.API_ARITY,
        Rule.API_GUARDED,
        Rule.API_DEFAULT,
    ]
)


def traced(finding: ApiFinding, sources: ReleaseSources, old: str, new: str, repository: str | None) -> ApiFinding:
    """The finding with the first release that has it, found by halving those between `old` and `new`.

    `repository` is where releases have their pages (`github.com/owner/name`). Releases that cannot be read are passed
    over: the answer is then the next one that can.
    """
    if finding.rule not in TRACED or not finding.uses[0].references[0].module:
        return finding
    between = [*sources.between(old, new), new]
    first, last = 0, len(between) - 1
    while first < last:
        middle = (first + last) // 2
        side = _readable(sources, between[middle])
        if side is None:
            del between[middle]
            last -= 1
        elif _has(finding, finding.uses[0], sources.side(old), side):
            last = middle
        else:
            first = middle + 1
    version = between[last]
    page = f"https://{repository}/releases/tag/v{version}" if repository else None
    return finding._replace(since=Since(version, sources.uploaded(version), page))


def _readable(sources: ReleaseSources, version: str) -> ReleaseSide | None:
    try:
        return sources.side(version)
    except FiBumpError:
        return None


def _has(finding: ApiFinding, use: Use, pinned: ReleaseSide, proposed: ReleaseSide) -> bool:
    return any(
        (each.rule, each.symbol, each.detail) == (finding.rule, finding.symbol, finding.detail)
        for each in judge([use], pinned, proposed)
    )
