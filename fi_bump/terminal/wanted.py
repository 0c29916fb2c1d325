"""What the options of every command ask of the output: -q, -v and --color. `__main__` sets it once, from the words."""

from __future__ import annotations

import os
import sys

from fi_bump.records import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from fi_bump.errors import FiBumpError

COLOURS = ("auto", "always", "never")
_NAMES = {"-q": "quiet", "--quiet": "quiet", "-v": "verbose", "--verbose": "verbose"}


class OutputChoices:
    """The choices of this process."""

    quiet = False
    verbose = False
    colour = "auto"
    # With --format json: prints the document of an error. And whether the command line's document is printed already.
    document_of: Callable[[FiBumpError], None] | None = None
    documented = False


def on_terminal() -> bool:
    """Return whether standard output is shown as on a terminal: in colour, with the lines that findings are in."""
    return OutputChoices.colour == "always" or sys.stdout.isatty()


def taken(words: list[str], values: frozenset[str]) -> list[str]:
    """Carry out the options wherever they are, and return the other words.

    `values` are the options that take a value, which may be a word like `-v`. A wrong --color is left for the parser.
    """
    rest: list[str] = []
    place = 0
    while place < len(words):
        word = words[place]
        place += 1
        if word == "--":
            return [*rest, word, *words[place:]]
        if word in _NAMES:
            setattr(OutputChoices, _NAMES[word], True)
        elif word == "--color" and words[place : place + 1] and words[place] in COLOURS:
            _colour(words[place])
            place += 1
        elif word.startswith("--color=") and word[len("--color=") :] in COLOURS:
            _colour(word[len("--color=") :])
        else:
            rest.append(word)
            if word in values and place < len(words):
                rest.append(words[place])
                place += 1
    return rest


def _colour(choice: str) -> None:
    """Set the variables that rich and other programs read, too."""
    OutputChoices.colour = choice
    for name in ("NO_COLOR", "FORCE_COLOR"):
        if choice != "auto":
            os.environ.pop(name, None)
    if choice != "auto":
        os.environ["NO_COLOR" if choice == "never" else "FORCE_COLOR"] = "1"
