"""Calls of compiled functions through private attributes, held against the number of their parameters."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from fi_bump.findings.rules import Rule
from fi_bump.fit.engine.uses import PrivateCall, Reference, Use, UseKind
from fi_bump.fit.judge import Raised
from fi_bump.fit.packages import NativeApi
from fi_bump.fit.release import ReleaseSide
from fi_bump.fit.wheel.native import native_source


def miscounted(
    calls: Iterable[PrivateCall], pinned: ReleaseSide, proposed: ReleaseSide, native: NativeApi
) -> Iterator[Raised]:
    """The calls whose number of arguments some function takes in the pinned release, and none in the proposed one.

    Several compiled functions share a name, such as `plan`, and it is not known which of them an attribute holds.
    """
    listed = [each for each in calls if not each.call.keywords and not each.call.more_positional]
    if not listed:
        return
    old, new = _arities(pinned, native), _arities(proposed, native)
    for each in listed:
        number = each.call.positional
        takes = new.get(each.name, set())
        if number not in old.get(each.name, set()) or not takes or number in takes:
            continue
        numbers = " or ".join(map(str, sorted(takes)))
        symbol = f"{each.attribute}.{each.name}"
        message = f"{symbol}() takes {numbers} arguments in {proposed.label}, not {number}"
        use = Use(each.place, UseKind.CALL, (Reference("", (each.attribute, each.name)),), each.call)
        yield Raised(Rule.API_ARITY, symbol, str(number), message, use)


def _arities(side: ReleaseSide, native: NativeApi) -> dict[str, set[int]]:
    """The numbers of parameters of the exported functions, by name."""
    files = side.library.files
    paths = sorted(
        path for path in files.names if path.startswith(native.folders) and native.bindings in path.rpartition("/")[2]
    )
    files.fetch(paths)
    found: dict[str, set[int]] = {}
    for path in paths:
        source = native_source(files.get(path) or b"")
        for name, functions in source.exports(native.exports).items():
            for function in functions:
                parameters = source.parameters(function)
                if parameters is not None:
                    found.setdefault(name, set()).add(len(parameters))
    return found
