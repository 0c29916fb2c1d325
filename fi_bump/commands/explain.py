"""`fi-bump explain`: say what a rule, a probe or an exit code means."""

from __future__ import annotations

from fi_bump.errors import Exit, UsageError, did_you_mean
from fi_bump.report.explain import explanations, names
from fi_bump.terminal.output import say


def known_names() -> list[str]:
    """Every name that can be explained."""
    return list(explanations())


def run(name: str | None) -> int:
    """Print what `name` means, or without a name the list of all, and return 0. Raises UsageError for another name.

    A name is taken as reports write it: `drift`, `[drift]`, `fi-bump/drift`.
    """
    if name is None:
        say(names())
        return int(Exit.OK)
    known = explanations()
    plain = name.strip("[]").removeprefix("fi-bump/").lower()
    if plain not in known:
        hint = did_you_mean(plain, known, "list the names: fi-bump explain")
        raise UsageError(f"'{name}' is not a rule, a probe or an exit code", hint=hint)
    say(known[plain])
    return int(Exit.OK)
