"""What an index knows of a package, whatever the form it answered in."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from packaging.version import Version


class File(NamedTuple):
    """One file of a release.

    `yanked` is the reason (PEP 592), an empty text where none is given and None for a file that is not yanked;
    `uploaded` is an ISO 8601 time; `metadata_sha256` is None without a metadata file beside it (PEP 658), and empty
    where there is one without a hash.
    """

    name: str
    url: str
    version: Version
    sha256: str | None = None
    size: int | None = None
    uploaded: str | None = None
    yanked: str | None = None
    requires_python: str | None = None
    metadata_sha256: str | None = None

    @property
    def is_wheel(self) -> bool:
        """Whether it is a wheel; else it is a source distribution."""
        return self.name.endswith(".whl")


class Project(NamedTuple):
    """A package on one index; `index_url` is its address without credentials. No file: the index does not know it."""

    package: str
    index_url: str
    files: tuple[File, ...]

    def of(self, version: Version, label: str | None = None) -> tuple[File, ...]:
        """The files of a release: those with the local label, or, without a label, those that have none."""
        return tuple(file for file in self._labelled(label) if file.version.public == version.public)

    def versions(self, label: str | None = None) -> list[Version]:
        """The public version of every release that has a file with the label, in rising order."""
        return sorted({Version(file.version.public) for file in self._labelled(label)})

    def _labelled(self, label: str | None) -> Iterator[File]:
        return (file for file in self.files if file.version.local == label)
