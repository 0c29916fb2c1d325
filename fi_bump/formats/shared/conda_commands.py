"""Versions in conda's spelling in commands: `conda install kit=V`, `micromamba create "channel::kit V"`.

Conda's match specifications (docs of conda, "Package match specifications") take one `=` or a blank before the version,
and a second `=` before the build. A requirement of pip's spelling, `kit==V`, is found elsewhere.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from fi_bump.grammar import VERSION, LazyPattern, canonical_name, compiled, longest_first, name_pattern
from fi_bump.pins import Wanted
from fi_bump.records import NamedTuple

WITH_BUILD = "pinned with a build string, which changes with the version"
_COMMAND = LazyPattern(
    rb"(?<![\w./-])(?:conda|mamba|micromamba)[ \t]+(?:install|create|update|upgrade)(?![\w-])(?P<words>[^;&|\n()`]*)"
)


class CondaSpec(NamedTuple):
    """The version of a wanted package: its place in the text, and whether a build follows it."""

    package: str
    start: int
    end: int
    has_build: bool


def conda_specs(data: bytes, wanted: Wanted) -> Iterator[CondaSpec]:
    """Yield the versions of wanted packages in conda's commands."""
    # Compiling the patterns takes longer than most texts.
    if b"conda" not in data and b"mamba" not in data:
        return
    for command in _COMMAND.finditer(data):
        for match in _pattern(wanted).finditer(data, *command.span("words")):
            package = canonical_name(match["name"].decode("ascii"))
            yield CondaSpec(package, *match.span("value"), match["build"] is not None)


@lru_cache(maxsize=64)
def _pattern(wanted: Wanted) -> re.Pattern[bytes]:
    names = b"|".join(name_pattern(name) for name in longest_first(wanted.packages))
    return compiled(
        names,
        rb"(?<![\w.=-])(?P<name>"
        + names
        + rb")(?:=(?!=)|[ \t]+(?=[0-9]))(?P<value>"
        + VERSION
        + rb"(?:\.?\*)?)(?P<build>=[\w.*]+)?(?=[\s\"',]|\Z)",
    )
