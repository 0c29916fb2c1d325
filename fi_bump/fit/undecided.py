"""Names that the pinned release defines and the proposed one may make at run time: it is not known if they are gone."""

from __future__ import annotations

from collections.abc import Iterable

from fi_bump.fit.engine.uses import Use
from fi_bump.fit.release import ReleaseSide
from fi_bump.pins import Place

_MOST_NAMES = 5


def undecided(uses: Iterable[Use], pinned: ReleaseSide, proposed: ReleaseSide) -> str | None:
    """A sentence with these names, each with the first place that uses it; None where there is none."""
    found: dict[str, Place] = {}
    for use in uses:
        for reference in use.references if proposed.meet(use) is not None else ():
            before, _, name = pinned.resolve(reference)
            after, _, _ = proposed.resolve(reference)
            if before.things and not before.is_open and after.is_open and not after.things:
                found.setdefault(name, use.place)
    if not found:
        return None
    shown = [f"{name} ({place})" for name, place in sorted(found.items())[:_MOST_NAMES]]
    more = f", and {len(found) - _MOST_NAMES} more" if len(found) > _MOST_NAMES else ""
    them, are = ("them", "they are") if len(found) > 1 else ("it", "it is")
    return (
        f"{proposed.label} does not define {', '.join(shown)}{more} by name, as {pinned.version} does, but may make "
        f"{them} at run time: it is not known whether {are} gone"
    )
