"""How Python code names wanted packages, variables and repositories: as the lock spells them, or as modules."""

from __future__ import annotations

import re
from functools import lru_cache

from fi_bump.formats.shared.name_search import Search
from fi_bump.grammar import VERSION, LazyPattern, fewest, has_any, name_pattern, one_of
from fi_bump.pins import Source, Wanted
from fi_bump.records import NamedTuple

# A name may start after an escaped line end, but not inside a longer name.
_START = rb"(?:(?<![\w.-])|(?<=\\[nrt]))"
# The command, in one string or as a word of a list, or a variable of that name; and the calls of python_clones.py.
_GIT, _CALLS = LazyPattern(rb"git(?!\w)"), (b"clone_from", b"clone_repository")


class Names(NamedTuple):
    """The patterns of a set of wanted names.

    `stem` matches lower-case code with `_` in place of `-`; so does `start`, without a look at what is before it. Every
    text that names something wanted contains one of `words`, in some case.
    """

    requirement: LazyPattern
    assignment: LazyPattern
    stem: LazyPattern
    start: Search
    subjects: dict[bytes, str]
    words: tuple[bytes, ...]


@lru_cache(maxsize=64)
def names_of(wanted: Wanted) -> Names:
    """Return the patterns for the wanted names, compiled once."""
    # The spellings of a subject in code: `flashinfer`, `flashinfer_python`, `FLASHINFER_VERSION`.
    stems = {name.replace("-", "_"): name for name in sorted(wanted.packages)}
    stems |= {name.rpartition("/")[2].replace("-", "_"): name for name in sorted(wanted.repositories)}
    stems |= {name.lower().removesuffix("_version"): name for name in sorted(wanted.variables)}
    stem = one_of(stems) or rb"(?!)"
    words = {max(re.split("[-_]", name), key=len) for name in stems}
    return Names(
        requirement=LazyPattern(_START + _any_of([name_pattern(name) for name in wanted.packages]), re.IGNORECASE),
        assignment=LazyPattern(
            rb"(?:(?<![\w$])|(?<=\\[nrt]))(?P<name>(?:\w*_)?"
            + (one_of(wanted.variables) or rb"(?!)")
            + rb")=[\"']?v?(?=[0-9!]+\.)(?P<version>"
            + VERSION
            + rb")(?![\w.*])"
        ),
        stem=LazyPattern(rb"(?:(?<![a-z0-9])|(?<=\\[nrt]))" + stem + rb"(?![a-z0-9])"),
        start=Search((name, "(?![a-z0-9])") for name in stems),
        subjects={stem.encode("ascii"): name for stem, name in stems.items()},
        words=fewest(word.encode("ascii") for word in words),
    )


def _any_of(alternatives: list[bytes]) -> bytes:
    longest = sorted(alternatives, key=lambda text: (-len(text), text))
    return rb"(?:" + b"|".join(longest) + rb")" if longest else rb"(?!)"


def subject_of(code: bytes, names: Names) -> str | None:
    """Return the wanted subject that a piece of code names, or None."""
    match = names.stem.search(code.lower().replace(b"-", b"_"))
    return names.subjects[match[0]] if match else None


def may_clone(source: Source, wanted: Wanted) -> bool:
    """Whether a file names a wanted repository, and a git command that makes a clone or names where one comes from."""
    if not has_any(source.lowered, (b"clone", b"remote")):
        return False
    # The address of a page in a comment has no command beside it, and `x.clone()` is none.
    if not has_any(source.lowered, _CALLS) and not _GIT.search(source.lowered):
        return False
    return has_any(source.lowered, [name.partition("/")[2].encode("ascii") for name in wanted.repositories])
