"""Failures that are not about the code under test, by the patterns of data/infrastructure.json and the user's own."""

from __future__ import annotations

import json
import re
from typing import Any, NamedTuple

from fi_bump import user_files
from fi_bump.boundary.reading import read_data
from fi_bump.errors import FiBumpError

_FIELDS = {"name", "meaning", "pattern", "needs", "unless"}


class Pattern(NamedTuple):
    """One known cause. A text shows it where `pattern` matches, `needs` too, and `unless` does not."""

    name: str
    meaning: str
    pattern: re.Pattern[str]
    needs: re.Pattern[str] | None = None
    unless: re.Pattern[str] | None = None

    def explains(self, text: str) -> bool:
        """Whether the text shows this cause."""
        if self.pattern.search(text) is None or (self.needs is not None and self.needs.search(text) is None):
            return False
        return self.unless is None or self.unless.search(text) is None


class Causes(NamedTuple):
    """The known causes, in the order in which they are tried."""

    patterns: tuple[Pattern, ...]

    def cause(self, text: str) -> str | None:
        """The name of the first cause that the text shows."""
        return next((each.name for each in self.patterns if each.explains(text)), None)

    def meaning(self, name: str) -> str:
        """What a cause of that name is, in words."""
        return next((each.meaning for each in self.patterns if each.name == name), name)


def known(more: tuple[str, ...] = ()) -> Causes:
    """Return the user's patterns, then those of this package. Raises FiBumpError for a file without patterns."""
    own = json.loads(read_data("infrastructure.json"))
    return Causes((*(each for path in more for each in _of_file(path)), *map(_pattern, own)))


def _of_file(path: str) -> list[Pattern]:
    hint = 'write a list of {"name": …, "meaning": …, "pattern": …}, as in fi_bump/data/infrastructure.json'
    try:
        document = json.loads(user_files.read(path).decode("utf-8-sig"))
        if not isinstance(document, list):
            raise ValueError("it is not a list")
        return [_pattern(each) for each in document]
    except re.error as error:
        raise FiBumpError(f"holds an invalid regular expression: {error}", place=path, hint=hint) from None
    except (ValueError, TypeError, KeyError, RecursionError):
        raise FiBumpError("does not hold failure patterns", place=path, hint=hint) from None


def _pattern(document: Any) -> Pattern:
    """One entry. Raises ValueError, TypeError, KeyError or re.error."""
    if not isinstance(document, dict) or not all(isinstance(value, str) for value in document.values()):
        raise TypeError(document)
    if unknown := document.keys() - _FIELDS:
        raise ValueError(unknown)
    expressions = {
        name: re.compile(document[name], re.IGNORECASE | re.MULTILINE)
        for name in ("pattern", "needs", "unless")
        if name in document
    }
    return Pattern(document["name"], document["meaning"], **expressions)
