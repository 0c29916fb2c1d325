r"""Patterns for `grep -E`, one of which is on a line of every Python file in which the finder finds something.

They say of one line what python_promise.py says of a whole file, and let through more: what belongs together may be on
different lines. tests/formats/test_promise.py compares them with the finder. They have only what `grep -E` and `re`
read alike (see `pattern_search` of scanning/search.py), so that a backslash is `[\\]`, and no letter stands for a
class. They are few and simple, since fi-bump waits for grep: a pattern of what is before and after a version would rule
out half of the files that are left, and grep would take twice as long.
"""

from __future__ import annotations

from collections.abc import Iterable

from fi_bump.formats.shared.name_search import BETWEEN
from fi_bump.formats.shared.spelled import spelling
from fi_bump.pins import Wanted

# After the name of a package: the operator of a requirement, or the end of a string; and before both its extras.
_BLANK = "[ \t\r\f\v]*"
_SPECIFIER = f"{_BLANK}[(@=!<>~[]"
_NO_MORE = f"{_BLANK}([\"'[]|$)"
# A command that installs packages: `_INSTALL` of shared/unversioned.py.
_INSTALL = (
    "(pip[0-9.]*|pipx|uv|poetry|pdm|conda|mamba|pixi)[\"', \t]+(pip[\"', \t]+)?"
    "(install|add|inject|download|wheel)[^a-z0-9_-]"
)
# A string that begins like a version.
_VERSION = "[\"']v?[0-9][a-z0-9_!+-]*[.]"
# A table of releases counts only with a checksum in it: `_DIGEST` of python.py.
_DIGEST = "[\"'](sha(256|512)(-|[:=][0-9a-f])|[0-9a-f]{64})"
# `git` as a word of a command, and the calls of a library (python_clones.py).
_GIT = "(^|[^a-z0-9_.@:-]|[\\\\][nrt])git([ \t\r\f\v\"',\\\\]|$)|clone_(from|repository)"
_SCRIPT = "# /// script"
# The characters of a URL, and what is in one that may lead to a release; a URL may also be split after a slash.
_IN_URL = "[^ \t\r\f\v\"']*"
_RELEASE = "([.]whl|[.]tar[.]|[.]zip|git[+]|/archive/|ball/|/releases/)"


def evidence(wanted: Wanted) -> tuple[str, ...]:
    """Return the patterns, in lower case; none if the wanted names have characters for which there are none."""
    names = spelling(wanted)
    if not names.is_plain:
        return ()
    starts = "|".join(names.starts)
    packages = _alternatives(name.replace("-", "_") for name in wanted.packages)
    variables = _alternatives(name.lower() for name in wanted.variables)
    # The beginning of a package's name before a reference, as in `kit-cu$X`.
    begun = _alternatives(name.partition("-")[0] for name in wanted.packages if "-" in name)
    return (
        f"({starts}){_IN_URL}({_RELEASE}|/[\"'])",
        f"{_RELEASE}{_IN_URL}({starts})",
        # A package with a version, a string that is one, and one in an install command; a variable that is set in a
        # string, and one that is a string.
        *(
            [f"({packages}){_SPECIFIER}", f"[\"']({packages}){_NO_MORE}", f"{_INSTALL}.*({packages})"]
            if packages
            else ()
        ),
        *([f"({variables})(=[\"']?v?[0-9]|[\"'])"] if variables else ()),
        *([f"({begun})[-_.][a-z0-9_.-]*[$]"] if begun else ()),
        _VERSION,
        _DIGEST,
        _GIT,
        _SCRIPT,
    )


def _alternatives(names: Iterable[str]) -> str:
    """Return the pattern of one of several names, with any separators between their parts."""
    return "|".join(sorted({name.replace("_", BETWEEN) for name in names}))
