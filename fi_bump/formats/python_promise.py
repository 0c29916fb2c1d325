"""Whether a Python file can contain anything wanted: a few searches that rule out nearly every file.

They must let through every file in which the finder finds something (a test compares the two on all cases and on
mutated files). The finder's own limits are what they rely on: how far from a version its subject may be.
"""

from __future__ import annotations

from functools import lru_cache

from fi_bump.formats.python_names import names_between, names_of
from fi_bump.formats.shared.spelled import Search, whole_names
from fi_bump.formats.shared.subjects import distribution_subject
from fi_bump.grammar import LazyPattern
from fi_bump.pins import Source, Wanted

# A string that may be a version with a dot. Each pattern starts with a fixed byte, to which the search can jump.
_VERSIONS = (LazyPattern(rb'"[vV]?[0-9][\w!+-]*\.'), LazyPattern(rb"'[vV]?[0-9][\w!+-]*\."))
# A row in a table of releases.
_ROW = LazyPattern(rb"version(?<![\w.]version)[ \t]*\(")
# How many bytes before and after the start of a version its subject may begin: the value of a variable that is assigned
# a name and then compared, and the other side of a comparison. See _FAR, _REACH and _COMPARES in python_gates.py.
_BEFORE, _AFTER = 2500, 600
# Where a package may be named without a version.
_INSTALLED = (b"pip_install", b"pip install", b"install_requires")
# What URLs and names of files contain that may lead to a release.
_ADDRESSED = (b".whl", b".tar.", b".zip", b"git+", b"/archive/", b"ball/", b"/releases/")


@lru_cache(maxsize=64)
def _requirements(wanted: Wanted) -> Search:
    return Search((name.replace("-", "_"), r"\s*(?:\[[^\]\n]*\])?\s*[(@=!<>~]") for name in wanted.packages)


def is_promising(source: Source, wanted: Wanted) -> bool:
    """Whether the finder may find something in a Python file."""
    if _has_version_near_a_name(source, wanted):
        return True
    data = source.data
    if whole_names(wanted).found(source.lowered):
        return (
            _requirements(wanted).found(source.lowered)
            or any(f"{name}=".encode("ascii") in data for name in wanted.variables)
            or any(map(source.lowered.__contains__, (*_ADDRESSED, *_INSTALLED)))
            or any(pattern.search(data) for pattern in (*_VERSIONS, _ROW))
        )
    # The recipe of a package: its folder alone has the name.
    folders = source.path.split("/")[:-1]
    return bool(folders) and distribution_subject(folders[-1], wanted) is not None and _ROW.search(data) is not None


def _has_version_near_a_name(source: Source, wanted: Wanted) -> bool:
    names = names_of(wanted)
    code = b""
    for pattern in _VERSIONS:
        for match in pattern.finditer(source.data):
            code = code or source.lowered.replace(b"-", b"_")
            if names_between(code, max(match.start() - _BEFORE, 0), match.start() + _AFTER, names):
                return True
    return False
