"""A package as an index describes it, whatever the format of the answer."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from packaging.version import Version


class File(NamedTuple):
    """One file of a release.

    `size` is in bytes. `yanked` is the reason (PEP 592), empty if none is given, and None for a file that is not
    yanked. `uploaded` is an ISO 8601 time. `metadata_sha256` is None without a metadata file beside it (PEP 658), and
    empty for one without a hash.
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
        """Whether it is a wheel; otherwise it is a source distribution."""
        return self.name.endswith(".whl")


class Project(NamedTuple):
    """A package on one index; `index_url` has no credentials. Without files, the index does not have the package."""

    package: str
    index_url: str
    files: tuple[File, ...]

    def of(self, version: Version, label: str | None = None) -> tuple[File, ...]:
        """Return the files of a release with the local version label, or without any if `label` is None."""
        return tuple(file for file in self._labelled(label) if file.version.public == version.public)

    def versions(self, label: str | None = None) -> list[Version]:
        """Return the public versions of all releases that have a file with the label, in rising order."""
        return sorted({Version(file.version.public) for file in self._labelled(label)})

    def _labelled(self, label: str | None) -> Iterator[File]:
        return (file for file in self.files if file.version.local == label)
