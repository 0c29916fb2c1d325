"""Compare what a repository calls of one package with the pinned and the proposed release."""

from __future__ import annotations

import gc
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager

from fi_bump.findings.rules import Rule
from fi_bump.fit.artifacts import changed_artifacts
from fi_bump.fit.compiled import miscounted
from fi_bump.fit.engine.ahead import UsesAhead
from fi_bump.fit.engine.repository import EngineUses, engine_uses
from fi_bump.fit.engine.state import Subject
from fi_bump.fit.engine.uses import RESULT, Use
from fi_bump.fit.introduced import with_introduced
from fi_bump.fit.judge import Raised, grouped, judge, order
from fi_bump.fit.meanings import Read, found_meanings, meanings
from fi_bump.fit.model import ApiFinding, Compared, Fit
from fi_bump.fit.notes import Notes
from fi_bump.fit.origin import Step, traced
from fi_bump.fit.packages import KnownApi, NativeApi, known_api
from fi_bump.fit.release import ReleaseSide
from fi_bump.fit.releases import NoSourceError, PackageReleases
from fi_bump.fit.replacement import replacement
from fi_bump.fit.sources import ReleaseSources
from fi_bump.fit.undecided import undecided


def fit(
    read: Read, paths: Sequence[str], asked: Compared, releases: PackageReleases, ahead: UsesAhead | None = None
) -> Fit:
    """Hold the Python files at `paths`, whose bytes `read` gives, against the releases.

    `ahead` may have read them. Raises NoSourceError for a release without a wheel, and PackageIndexError for a wheel
    that cannot be read.
    """
    with _without_collector(), ReleaseSources(releases) as sources:
        return _fit(read, paths, asked, sources, ahead)


def uses_ahead(root: str, paths: Sequence[str], asked: Compared) -> UsesAhead:
    """What reads the files at `paths` in a second process for a package of which the imports are known."""
    api = known_api(asked.package)
    return UsesAhead(root, paths, _subject(api, api.imports))


def subject(asked: Compared, sources: ReleaseSources) -> Subject:
    """What to look for in the code. A wheel is opened only for a package of which no import is known."""
    api = known_api(asked.package)
    return _subject(api, api.imports or sources.library(asked.pinned).tops)


def _subject(api: KnownApi, tops: frozenset[str]) -> Subject:
    attributes = api.native.attributes if api.native is not None else frozenset()
    return Subject(tops, frozenset([api.package, api.package.replace("-", "_")]), attributes)


def _fit(read: Read, paths: Sequence[str], asked: Compared, sources: ReleaseSources, ahead: UsesAhead | None) -> Fit:
    # The tree first: where it imports nothing of the package no wheel is opened.
    looked_for = subject(asked, sources)
    if not looked_for.tops:
        raise NoSourceError(f"the wheel of {asked.package} {asked.pinned} has no Python module")
    if ahead is not None:
        # While the second process reads the code, this one would only wait.
        sources.read_ahead(filter(None, (asked.pinned, asked.proposed)), sorted(ahead.imported(looked_for)))
    found = (ahead.uses(looked_for) if ahead is not None else None) or engine_uses(read, paths, looked_for)
    answer = asked.uncompared._replace(files=found.files)
    if not found.uses:
        return answer
    sources.stored = found.stored
    pinned = sources.side(asked.pinned)
    proposed = sources.side(asked.proposed) if asked.proposed is not None else None
    side = proposed or pinned
    move = Step(sources, pinned, side, asked.repository, asked.trace_notes)
    findings = _compared(found, move)
    if proposed is not None:
        findings += _meanings(read, paths, move, looked_for.tops)
    return answer._replace(
        findings=tuple(sorted(findings, key=order)),
        uses=sum(not _is_beyond(use, side) for use in found.uses),
        judged=sum(_is_judged(use, side) for use in found.uses),
        skipped=tuple(_unread(found)),
        remarks=(*answer.remarks, *_remarks(answer, found.uses, findings, move)),
    )


def _compared(found: EngineUses, move: Step) -> list[ApiFinding]:
    """What the releases find in the uses, by cause, each with the release in which it came up and its replacement."""
    proposed = None if move.proposed is move.pinned else move.proposed
    findings = grouped(_raised(found, move.pinned, proposed, known_api(move.pinned.package).native))
    return [_explained(each, move) for each in findings]


def _remarks(fit: Fit, uses: Iterable[Use], findings: Iterable[ApiFinding], move: Step) -> Iterator[str]:
    """What is to be said of the move as a whole."""
    if move.proposed is move.pinned:
        return
    listed = known_api(fit.package).artifacts
    changed = None if listed is None else changed_artifacts(move.pinned, move.proposed, listed)
    if changed is not None:
        yield changed
    unknown = undecided(uses, move.pinned, move.proposed)
    if unknown is not None:
        yield unknown
    if not all(map(move.traces, findings)):
        between = len(move.releases()) - 1
        yield (
            f"notes do not name the release in which they came up, because {between} releases are between "
            f"{fit.pinned} and {fit.proposed}; to read those too, run {fit.command} --trace-notes"
        )


def _raised(
    found: EngineUses, pinned: ReleaseSide, proposed: ReleaseSide | None, native: NativeApi | None
) -> Iterator[Raised]:
    """All that the two releases say about the uses."""
    yield from judge(found.uses, pinned, proposed)
    yield from Notes(pinned, proposed, native).of(found.uses)
    if proposed is not None and native is not None:
        yield from miscounted(found.private, pinned, proposed, native)


def _explained(finding: ApiFinding, move: Step) -> ApiFinding:
    """A finding with the release in which it came up and, for a name that is gone, with what replaces it."""
    if finding.rule is not Rule.API_PIN and move.proposed is move.pinned:
        return finding
    found = traced(finding, move)
    if found.detail or found.rule not in (Rule.API_REMOVED, Rule.API_GUARDED):
        return found
    return found._replace(instead=replacement(found.uses[0].references[0], move.pinned, move.proposed))


def _meanings(read: Read, paths: Iterable[str], move: Step, tops: frozenset[str]) -> list[ApiFinding]:
    """The code that the proposed release gives another meaning, with what it must call now."""
    pinned, proposed = move.pinned, move.proposed
    rules = [each for each in meanings(pinned.package) if each.concerns(pinned.version, proposed.version)]
    names = {each.name: each.introduced for each in rules}
    checks = proposed.checks(known_api(pinned.package).native)
    found = (traced(each, move) for each in found_meanings(rules, paths, read, tops))
    return [with_introduced(each, names[each.detail], proposed, checks) for each in found]


def _is_beyond(use: Use, side: ReleaseSide) -> bool:
    """Whether it uses what a function returned, which is mostly a thing of another package, such as a tensor."""
    if not all(RESULT in each.path for each in use.references):
        return False
    met = side.meet(use)
    return met is not None and met.thing is None and met.absent is None


def _is_judged(use: Use, side: ReleaseSide) -> bool:
    """Whether it can be told that the use fits or does not fit."""
    met = side.meet(use)
    if met is None or met.is_broken:
        return True
    return met.shape is not None if use.call is not None else met.thing is not None


def _unread(found: EngineUses) -> Iterable[str]:
    return (f"{path}: cannot be parsed by this Python, so its calls are not compared" for path in found.unreadable)


@contextmanager
def _without_collector() -> Iterator[None]:
    """Read without the garbage collector: looking for circles in syntax trees, which have none, takes most of the time.

    What was read is frozen at the end, or the collector would go through all of it when the process ends.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        if was_on:
            gc.enable()
