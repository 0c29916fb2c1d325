"""How Python code names what is wanted: packages and variables as they are spelled, modules in lower case."""

from __future__ import annotations

import re
from functools import lru_cache

from fi_bump.grammar import VERSION, LazyPattern, name_pattern, one_of
from fi_bump.pins import Wanted
from fi_bump.records import NamedTuple

# Where a name may start: not inside a longer one, but behind an escaped line's end.
_START = rb"(?:(?<![\w.-])|(?<=\\[nrt]))"


class Names(NamedTuple):
    """What a set of wanted names compiles to; `stem` is for code in lower case with `_` for `-`.

    One of `settings` stands in whatever `assignment` matches.
    """

    requirement: re.Pattern[bytes]
    assignment: LazyPattern
    stem: re.Pattern[bytes]
    subjects: dict[bytes, str]
    settings: tuple[bytes, ...]


@lru_cache(maxsize=64)
def names_of(wanted: Wanted) -> Names:
    """The wanted names, compiled once."""
    # How code names a subject: `flashinfer`, `flashinfer_python`, `FLASHINFER_VERSION`.
    stems = {name.replace("-", "_"): name for name in sorted(wanted.packages)}
    stems |= {name.rpartition("/")[2].replace("-", "_"): name for name in sorted(wanted.repositories)}
    stems |= {name.lower().removesuffix("_version"): name for name in sorted(wanted.variables)}
    return Names(
        re.compile(_START + _any_of([name_pattern(name) for name in wanted.packages]), re.IGNORECASE),
        LazyPattern(
            rb"(?:(?<![\w$])|(?<=\\[nrt]))(?P<name>(?:\w*_)?"
            + (one_of(wanted.variables) or rb"(?!)")
            + rb")=[\"']?v?(?=[0-9!]+\.)(?P<version>"
            + VERSION
            + rb")(?![\w.*])"
        ),
        re.compile(rb"(?:(?<![a-z0-9])|(?<=\\[nrt]))" + (one_of(stems) or rb"(?!)") + rb"(?![a-z0-9])"),
        {stem.encode("ascii"): name for stem, name in stems.items()},
        tuple(sorted({name.rpartition("_")[2].encode("ascii") + b"=" for name in wanted.variables})),
    )


def _any_of(alternatives: list[bytes]) -> bytes:
    longest = sorted(alternatives, key=lambda text: (-len(text), text))
    return rb"(?:" + b"|".join(longest) + rb")" if longest else rb"(?!)"


def subject_of(code: bytes, names: Names) -> str | None:
    """The wanted subject that a stretch of code names."""
    match = names.stem.search(code.lower().replace(b"-", b"_"))
    return names.subjects[match[0]] if match else None
