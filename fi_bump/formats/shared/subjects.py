"""How texts that are no Python requirements name wanted subjects: images, keys, folders, packages of other systems."""

from __future__ import annotations

from functools import lru_cache

from fi_bump.grammar import LazyTextPattern, canonical_name
from fi_bump.pins import Wanted


@lru_cache(maxsize=64)
def image_names(wanted: Wanted) -> dict[str, str]:
    """Map lower-case spellings to subjects: packages, last parts of repositories, `X` of `X_VERSION`."""
    names = {name.lower().removesuffix("_version").replace("_", "-"): name for name in sorted(wanted.variables)}
    names |= {repository.rpartition("/")[2]: repository for repository in sorted(wanted.repositories)}
    return names | {package: package for package in sorted(wanted.packages)}


# What systems put before and after the name of a Python package.
_PREFIX = LazyTextPattern(r"(?:python3?|py3?|lib)-")
_SUFFIX = LazyTextPattern(r"-(?:bin|git|wheel|cuda|src)\Z")


def distribution_subject(name: str, wanted: Wanted) -> str | None:
    """Return the subject that a package of another system is named after: `py-kit`, `python-kit-bin`; None without one.

    A name that the repository has comes before a variable's.
    """
    known = image_names(wanted)
    plain = canonical_name(name)
    bare = _SUFFIX.sub("", _PREFIX.sub("", plain, count=1))
    return next((known[each] for each in (plain, bare) if each in known and known[each] not in wanted.variables), None)
