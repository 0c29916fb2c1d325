"""Comparisons as plain data that JSON can write, and back."""

from __future__ import annotations

from enum import Enum
from typing import Any

from fi_bump.findings.rules import Rule
from fi_bump.fit.engine.uses import (
    Acceptance,
    Caught,
    OtherTest,
    Presence,
    Protection,
    Reference,
    Use,
    UseKind,
    VersionTest,
)
from fi_bump.fit.model import ApiFinding, Compared, Defined, Fit, Since
from fi_bump.fit.releases import ReleaseAnswers
from fi_bump.fit.signature import Call
from fi_bump.pins import Place

# What a comparison is made of, beside texts, numbers, None, tuples and frozen sets.
RECORDS = (
    Compared,
    Fit,
    ApiFinding,
    Defined,
    Since,
    ReleaseAnswers,
    Use,
    Place,
    Reference,
    Call,
    Caught,
    VersionTest,
    Presence,
    Acceptance,
    OtherTest,
)
ENUMS = (Rule, UseKind, Protection)
_CLASSES: dict[str, Any] = {each.__name__: each for each in (*RECORDS, *ENUMS)}
_TUPLE, _SET = "tuple", "set"


def to_plain(value: Any) -> Any:
    """Return lists that begin with the name of what they stand for; numbers, texts and None as they are."""
    if isinstance(value, Enum):
        return [type(value).__name__, value.value]
    if isinstance(value, tuple):
        name = type(value).__name__
        return [_TUPLE if type(value) is tuple else name, *map(to_plain, value)]
    if isinstance(value, frozenset):
        return [_SET, *sorted(map(to_plain, value))]
    return value


def from_plain(data: Any) -> Any:
    """Return what `to_plain` was given. Raises ValueError for anything else."""
    if data is None or isinstance(data, (str, int)):
        return data
    if not isinstance(data, list) or not data:
        raise ValueError("no list with a name")
    name, values = data[0], map(from_plain, data[1:])
    if name == _TUPLE:
        return tuple(values)
    try:
        return frozenset(values) if name == _SET else _CLASSES[name](*values)
    except (TypeError, KeyError) as error:
        raise ValueError(str(error)) from None
