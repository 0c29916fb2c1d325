"""Tables of releases in Python: Spack's `version("V", sha256="…")`, one line for each release that it can build."""

from __future__ import annotations

import re

from fi_bump.formats.python_literals import Literal
from fi_bump.formats.shared.gathered import TABLE
from fi_bump.formats.shared.subjects import distribution_subject
from fi_bump.grammar import LazyPattern, canonical_repository
from fi_bump.pins import Mark, Source, Span, Unpinned, Wanted

_CALL = LazyPattern(rb"(?<![\w.])version[ \t]*\(\s*\Z")
_FILE = LazyPattern(rb"(?:\A|/)(?P<name>[A-Za-z][\w.-]*?)-v?[0-9][\w.]*\.(?:tar\.|tgz|zip)")
_CLASS = LazyPattern(rb"^class[ \t]+(?P<name>[A-Z]\w*)[ \t]*[(:]", re.MULTILINE)
_CAPITAL = re.compile("(?<=[a-z0-9])(?=[A-Z])")
_LONGEST_CALL = 60


class ReleaseTable:
    """The rows of the table in one file, and what the table is of."""

    def __init__(self, source: Source, wanted: Wanted) -> None:
        self._source = source
        self._wanted = wanted
        self._rows: list[Literal] = []
        folders = source.path.split("/")[:-1]
        self._subject = distribution_subject(folders[-1], wanted) if folders else None

    def row(self, literal: Literal) -> bool:
        """Add a version that is the first argument of a call of `version`; return whether it is."""
        start = literal.whole.start
        if not _CALL.search(self._source.masked, max(start - _LONGEST_CALL, 0), start):
            return False
        self._rows.append(literal)
        return True

    def address(self, body: bytes) -> None:
        """Take note of a string that may be the URL of a wanted repository, or lead to a release of a package."""
        if self._subject is not None:
            return
        repository = canonical_repository(body.decode("ascii"))
        file = _FILE.search(body)
        if repository in self._wanted.repositories:
            self._subject = repository
        elif file is not None:
            self._subject = distribution_subject(file["name"].decode("ascii"), self._wanted)

    def _of_class(self, start: int) -> str | None:
        """Return the subject that the class around a row is named after: `class PyKitPython(PythonPackage)`."""
        names = [match["name"].decode("ascii") for match in _CLASS.finditer(self._source.masked, 0, start)]
        return distribution_subject(_CAPITAL.sub("-", names[-1]), self._wanted) if names else None

    def found(self, digests: list[Literal]) -> Unpinned | None:
        """Return the report of the table, or None if no row has one of the checksums or it is of something else."""
        if self._subject is None and self._rows:
            self._subject = self._of_class(self._rows[0].whole.start)
        calls = {digest.brackets[-1] for digest in digests if digest.brackets}
        if self._subject is None or not any(row.brackets and row.brackets[-1] in calls for row in self._rows):
            return None
        versions = tuple(self._source.text(row.body).removeprefix("v") for row in self._rows)
        first = self._rows[0].body
        return Unpinned(
            source=self._source,
            span=Span(*first),
            subject=self._subject,
            reason=TABLE,
            mark=Mark.HASH_NEEDED,
            rows=versions,
        )
