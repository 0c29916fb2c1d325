"""A command that does not exist: the error names the command that was meant."""

import shlex
from collections.abc import Sequence

from fi_bump.errors import UsageError, did_you_mean

# The words of other tools for what a command of fi-bump does. None of them is a command.
OTHER_WORDS = {
    "bump": "set",
    "fix": "check --fix",
    "help": "--help",
    "outdated": "latest",
    "update": "set",
    "upgrade": "set",
    "verify": "check",
    "version": "--version",
}


def unknown_command(arguments: Sequence[str], path: str, names: Sequence[str], *, is_first: bool) -> UsageError:
    """Return the error for `arguments`, whose first word is not one of the commands `names` of `path`.

    `is_first` tells a command of fi-bump itself from one of `site` and `member`, for which other tools have no words.
    """
    name, *rest = arguments
    return UsageError(f"there is no command '{name}'", hint=_hint(name.lower(), rest, path, names, is_first))


def _hint(name: str, rest: Sequence[str], path: str, names: Sequence[str], is_first: bool) -> str:
    other = OTHER_WORDS.get(name) if is_first else None
    if other is None:
        return did_you_mean(name, names, f"run {path} --help to list the commands")
    if other == "set" and not rest:
        return "run fi-bump set VERSION; fi-bump latest shows the versions"
    return f"run fi-bump {shlex.join([*other.split(), *rest])}"
