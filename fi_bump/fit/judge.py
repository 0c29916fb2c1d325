"""What of a repository's uses breaks, changes its meaning or goes stale between two releases. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from fi_bump.findings.rules import Rule
from fi_bump.fit.engine.files import is_test
from fi_bump.fit.engine.uses import Protection, Use
from fi_bump.fit.model import ApiFinding, Defined
from fi_bump.fit.release import Met, ReleaseSide, is_guarded
from fi_bump.fit.signature import Fault, Misfit, Signature, changed_defaults, shifts

_OF_FAULT = {
    Fault.ARITY: Rule.API_ARITY,
    Fault.KEYWORD: Rule.API_KEYWORD,
    Fault.REQUIRED: Rule.API_REQUIRED,
}
_ORDER = list(Rule)
# One new parameter in front moves all behind it.
_MOST_SHIFTS = 3


class Raised(NamedTuple):
    """A finding at one use, before those of one cause are put together."""

    rule: Rule
    symbol: str
    detail: str
    message: str
    use: Use
    old: Defined | None = None
    new: Defined | None = None
    changes: tuple[str, ...] = ()
    repaired: bool | None = None
    reasons: tuple[str, ...] = ()

    @property
    def cause(self) -> tuple[object, ...]:
        """What findings at several places have in common."""
        return (self.rule, self.symbol, self.detail, self.message, is_test(self.use.place.path), self.repaired)


def judge(uses: Iterable[Use], pinned: ReleaseSide, proposed: ReleaseSide | None) -> list[Raised]:
    """Hold every use against the pinned release and, where there is one, the proposed one."""
    raised: list[Raised] = []
    for use in uses:
        before = pinned.meet(use)
        after = None if proposed is None else proposed.meet(use)
        if before is not None and before.is_broken:
            raised += _at_the_pin(use, before, after, pinned, proposed)
        if proposed is not None and after is not None:
            raised += _on_the_way(use, before, after, pinned, proposed)
    return raised


def grouped(raised: Iterable[Raised]) -> list[ApiFinding]:
    """The findings by cause, the package's own code and its tests apart: what fails first, then by rule and name."""
    found: dict[tuple[object, ...], list[Raised]] = {}
    for each in raised:
        found.setdefault(each.cause, []).append(each)
    findings = [
        ApiFinding(
            rule=first.rule,
            symbol=first.symbol,
            detail=first.detail,
            message=first.message,
            # A call that a function of the repository passes on may be one of several at its place.
            uses=tuple({each.use.place[:3]: each.use for each in reversed(group)}.values())[::-1],
            old=first.old,
            new=first.new,
            changes=first.changes,
            repaired=first.repaired,
            reasons=first.reasons,
        )
        for group in found.values()
        for first in group[:1]
    ]
    return sorted(findings, key=order)


def order(finding: ApiFinding) -> tuple[object, ...]:
    """The place of a finding in a report."""
    return not finding.fails, finding.in_tests, _ORDER.index(finding.rule), finding.symbol, finding.detail, finding.uses


def _at_the_pin(
    use: Use, before: Met, after: Met | None, pinned: ReleaseSide, proposed: ReleaseSide | None
) -> Iterator[Raised]:
    """Code that does not fit the release that it is pinned to: it is ahead of its pin, or was never run."""
    if use.is_guess or (before.absent is None and before.shape is not None and before.shape.foreign):
        return  # another package's decorator may take more than the function does
    repaired = None if proposed is None or after is None else not after.is_broken
    for each in _broken(use, before, pinned):
        if each.rule is not Rule.API_GUARDED:
            old, new = each.new, None if proposed is None or after is None else defined(proposed, after, each.symbol)
            changes = _changes(before, after)
            yield each._replace(rule=Rule.API_PIN, old=old, new=new, changes=changes, repaired=repaired)


def _on_the_way(
    use: Use, before: Met | None, after: Met, pinned: ReleaseSide, proposed: ReleaseSide
) -> Iterator[Raised]:
    """What the proposed release changes for a use."""
    changes = _changes(before, after)
    if after.absent is None and _has_other_decorators(before, after):
        return  # what another package's decorator makes of it is not known, and not the same
    if after.is_broken:
        known = set() if before is None else {*before.misfits, *([before.absent] if before.absent else [])}
        for each in _broken(use, after, proposed, known):
            old = None if before is None else defined(pinned, before, each.symbol)
            yield each._replace(old=old, changes=changes)
        return
    if before is None or before.is_broken or use.call is None or before.shape is None or after.shape is None:
        return
    if len(use.references) > 1:
        return  # which of them is meant is not known, and on the two sides it may be another one
    symbol = symbol_of(use, after)
    old, new = defined(pinned, before, symbol), defined(proposed, after, symbol)
    moved = shifts(before.shape.signature, after.shape.signature, use.call)
    if moved:
        said = [f"argument {each.position + 1} was {each.old} and is {each.new}" for each in moved]
        what = ", ".join(said)
        more = len(said) - _MOST_SHIFTS
        shown = what if more <= 0 else f"{', '.join(said[:_MOST_SHIFTS])}, and {more} more"
        message = f"{symbol}() takes arguments in another order in {proposed.label}: {shown}"
        rule = Rule.API_GUARDED if is_guarded(use, Protection.CALL) else Rule.API_POSITIONAL
        yield Raised(rule, symbol, what, message, use)._replace(old=old, new=new, changes=changes)
    for was, now in changed_defaults(before.shape.signature, after.shape.signature, use.call):
        message = f"{symbol}(): the default of {was.name} is {now.default} in {proposed.label}, not {was.default}"
        found = Raised(Rule.API_DEFAULT, symbol, was.name, message, use)
        yield found._replace(old=old, new=new, changes=changes)


def _has_other_decorators(before: Met | None, after: Met) -> bool:
    """Whether other decorators of other packages are around a function than before."""
    if before is None or before.shape is None or after.shape is None:
        return False
    return before.shape.foreign != after.shape.foreign


def _broken(use: Use, met: Met, side: ReleaseSide, known: Iterable[object] = ()) -> Iterator[Raised]:
    """Why a use fails in a release, without what is `known` of it already."""
    if met.absent is not None:
        if met.absent not in known:
            guarded = is_guarded(use, Protection.ABSENCE, met.absent)
            rule = Rule.API_GUARDED if guarded else Rule.API_REMOVED
            yield Raised(rule, met.absent, "", f"{met.absent} is not in {side.label}", use)
        return
    symbol = symbol_of(use, met)
    for each in met.misfits:
        if each not in known:
            rule = Rule.API_GUARDED if is_guarded(use, Protection.CALL) else _OF_FAULT[each.fault]
            yield Raised(rule, symbol, each.name, _said(each, symbol, met, side), use, new=defined(side, met, symbol))


def _said(misfit: Misfit, symbol: str, met: Met, side: ReleaseSide) -> str:
    """A misfit in words."""
    signature = met.shape.signature if met.shape is not None else Signature(())
    match misfit.fault:
        case Fault.KEYWORD if signature.parameter(misfit.name) is not None:
            return f"{symbol}() gets {misfit.name} by position and by name in {side.label}"
        case Fault.KEYWORD:
            return f"{symbol}() does not take the keyword {misfit.name} in {side.label}"
        case Fault.REQUIRED:
            return f"{symbol}() needs {misfit.name} in {side.label}, and the call does not pass it"
        case Fault.ARITY:
            most = len(signature.positional)
            return f"{symbol}() takes at most {most} positional arguments in {side.label}, not {misfit.name}"


def _changes(before: Met | None, after: Met | None) -> tuple[str, ...]:
    """What differs between two signatures, one text each: `- gone`, `+ new=None`, `~ kept: 1 -> 2`."""
    if before is None or after is None or before.shape is None or after.shape is None:
        return ()
    old, new = before.shape.signature, after.shape.signature
    gone = [f"- {each.name}" for each in old.parameters if new.parameter(each.name) is None]
    added = [
        f"+ {each.name}" + ("" if each.default is None else f"={each.default}")
        for each in new.parameters
        if old.parameter(each.name) is None
    ]
    changed = [
        f"~ {now.name}: {was.default or 'required'} -> {now.default or 'required'}"
        for was in old.parameters
        if (now := new.parameter(was.name)) is not None and now.default != was.default
    ]
    return (*gone, *added, *changed)


def symbol_of(use: Use, met: Met) -> str:
    """The name that a reader knows: the use's own, with its class for a method."""
    names = [each for each in use.references[0].path if each.isidentifier()]
    is_method = met.thing is not None and met.thing.owner is not None
    return ".".join(names[-2:] if is_method else names[-1:])


def defined(side: ReleaseSide, met: Met, symbol: str) -> Defined | None:
    """Where a use ends in a release."""
    return None if met.thing is None else side.defined(met.thing, symbol.rpartition(".")[2], met.shape)
