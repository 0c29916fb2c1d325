"""Short names for the values of parametrized tests, so that the name of a failing test shows which row failed."""

from __future__ import annotations

import enum
import re
from collections.abc import Iterable, Mapping
from pathlib import Path

LONGEST = 40
_HEAD, _TAIL = 26, 12
# How many characters of each end are looked at. Blanks beside each other are shown as one.
_READ = 500


def readable(value: object) -> str:
    """Return a description of a value, in one line of at most LONGEST characters that is the same in every run."""
    text = _described(value)
    if len(text) > 2 * _READ:  # Of a text of a megabyte only the ends are shown.
        text = text[:_READ] + text[-_READ:]
    text = "".join(each if each.isprintable() else each.encode("unicode_escape").decode() for each in text)
    text = re.sub(" +", " ", text)
    if len(text) > LONGEST:
        text = f"{text[:_HEAD]}..{text[-_TAIL:]}"
    return text or "empty"


def _described(value: object) -> str:
    if isinstance(value, (bytes, bytearray)):
        return value.decode("utf-8", "backslashreplace")
    if isinstance(value, enum.Enum):
        return value.name
    if isinstance(value, Path):
        return value.name
    if isinstance(value, re.Pattern):
        return _described(value.pattern)
    if isinstance(value, Mapping):
        return ", ".join(f"{_described(key)}={_described(each)}" for key, each in value.items()) or "{}"
    if isinstance(value, (set, frozenset)):
        return _joined(sorted(map(_described, value)))
    if isinstance(value, (list, tuple)):
        name = type(value).__name__ if hasattr(value, "_fields") else ""
        return f"{name}({_joined(map(_described, value))})" if name else _joined(map(_described, value))
    if isinstance(value, type) or callable(value):
        return str(getattr(value, "__name__", type(value).__name__)).strip("<>")
    if isinstance(value, BaseException):
        return f"{type(value).__name__}({value})"
    plain = type(value).__str__ is object.__str__ and type(value).__repr__ is object.__repr__
    return type(value).__name__ if plain else str(value)


def _joined(texts: Iterable[str]) -> str:
    return ", ".join(texts) or "[]"
