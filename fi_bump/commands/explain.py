"""`fi-bump explain`: say what a rule, a probe or an exit code means."""

from __future__ import annotations

from fi_bump.errors import Exit, UsageError, did_you_mean
from fi_bump.report.explain import explanations, names
from fi_bump.terminal.facts import tell
from fi_bump.terminal.output import say


def known_names() -> list[str]:
    """Return every name that can be explained."""
    return list(explanations())


def run(name: str | None) -> int:
    """Print what `name` means, or without a name the list of all names, and return 0.

    A name has the form of any report: `drift`, `[drift]`, `fi-bump/drift`. Raises UsageError for an unknown name.
    """
    if name is None:
        say(names())
        tell("names", known_names)
        return int(Exit.OK)
    known = explanations()
    plain = name.strip("[]").removeprefix("fi-bump/").lower()
    if plain not in known:
        hint = did_you_mean(plain, known, "run fi-bump explain to list the names")
        raise UsageError(f"'{name}' is not a rule, a probe or an exit code", hint=hint)
    say(known[plain])
    return int(Exit.OK)
