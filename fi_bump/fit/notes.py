"""What a release says about calls that still fit: new checks, names that are going away, and names that moved."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator

from fi_bump.findings.rules import Rule
from fi_bump.fit.engine.uses import RESULT, Use, UseKind
from fi_bump.fit.judge import Raised, defined, symbol_of
from fi_bump.fit.packages import NativeApi
from fi_bump.fit.release import Met, ReleaseSide
from fi_bump.fit.wheel.deprecations import deprecations
from fi_bump.fit.wheel.library import Thing, ThingKind
from fi_bump.fit.wheel.preconditions import concerns


class Notes:
    """Looks at the calls that fit, each function once."""

    def __init__(self, pinned: ReleaseSide, proposed: ReleaseSide | None, native: NativeApi | None) -> None:
        self._pinned = pinned
        self._proposed = proposed
        self._old = pinned.checks(native)
        self._new = proposed.checks(native) if proposed is not None else self._old

    def of(self, uses: Iterable[Use]) -> Iterator[Raised]:
        """The notes about the uses."""
        side = self._proposed or self._pinned
        for use in uses:
            met, before = side.meet(use), self._pinned.meet(use)
            if met is None or met.is_broken or met.thing is None or len(use.references) > 1:
                continue
            yield from self._going_away(use, met, side)
            if self._proposed is None or before is None or before.is_broken or before.thing is None:
                continue
            if use.call is not None:
                yield from self._checked(use, before, met, self._proposed)
            elif use.kind is UseKind.IMPORT:
                yield from self._moved(use, before.thing, met.thing, self._proposed)

    def _going_away(self, use: Use, met: Met, side: ReleaseSide) -> Iterator[Raised]:
        if met.thing is None or (use.call is None and use.kind is not UseKind.IMPORT):
            return
        symbol = symbol_of(use, met)
        for each in deprecations(met.thing):
            if each.parameter is not None and each.parameter not in _given(use, met):
                continue
            if each.parameter is None and use.call is not None and use.kind is not UseKind.CALL:
                continue
            what = f"{symbol}()" if each.parameter is None else f"{each.parameter} of {symbol}()"
            if each.parameter is not None and each.parameter.startswith("*"):
                what = f"passing more arguments by position to {symbol}()"
            message = f"{what} is deprecated in {side.label}" + (f": {each.words}" if each.words else "")
            found = Raised(Rule.API_DEPRECATED, symbol, each.parameter or "", message, use)
            yield found._replace(new=defined(side, met, symbol))

    def _checked(self, use: Use, before: Met, after: Met, proposed: ReleaseSide) -> Iterator[Raised]:
        if before.thing is None or after.thing is None:
            return
        old, new = self._old.of(before.thing), self._new.of(after.thing)
        symbol, given = symbol_of(use, after), _given(use, after)
        known = {each.words for each in old.values()}
        added = [each for identity, each in new.items() if identity not in old and each.words not in known]
        words = sorted({each.words for each in added if concerns(each, old.values(), given)})
        if words:
            message = f"{symbol}() checks more in {proposed.label}"
            found = Raised(Rule.API_PRECONDITION, symbol, "; ".join(words), message, use)
            yield found._replace(new=defined(proposed, after, symbol), reasons=tuple(f"new: {each}" for each in words))

    def _moved(self, use: Use, before: Thing, after: Thing, proposed: ReleaseSide) -> Iterator[Raised]:
        """A name that is imported from the module that defined it, and that another one defines now."""
        reference = use.references[0]
        kinds = (ThingKind.FUNCTION, ThingKind.CLASS)
        if RESULT in reference.path or before.kind not in kinds or after.kind not in kinds:
            return
        if before.home == reference.module and after.home != before.home:
            symbol = reference.shown
            message = f"{symbol} is defined in {after.home} in {proposed.label}"
            yield Raised(Rule.API_MOVED, symbol, "", message, use)


def _given(use: Use, met: Met) -> set[str]:
    """The names of the parameters that a call passes."""
    if use.call is None:
        return set()
    slots = () if met.shape is None else met.shape.signature.positional
    found = {*(each.name for each in slots[: use.call.positional]), *use.call.keywords, *use.call.maybe}
    node = met.thing.node if met.thing is not None else None
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and node.args.vararg is not None:
        found |= {f"*{node.args.vararg.arg}"} if use.call.positional > len(slots) else set()
    return found
