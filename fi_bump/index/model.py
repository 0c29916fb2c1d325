"""A package as an index describes it, whatever the format of the answer."""

from __future__ import annotations

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
        """Return the files of a release with the local version label.

        Without a label, those that have none, and if there are no such files, those with any label: `==V` accepts them
        (PEP 440, Version matching). Versions that PEP 440 calls equal are one release: 0.6 is 0.6.0.
        """
        wanted = Version(f"{version.public}+{label}" if label else version.public)
        exact = tuple(file for file in self.files if file.version == wanted)
        if exact or label is not None:
            return exact
        return tuple(file for file in self.files if file.version.local and Version(file.version.public) == wanted)

    def versions(self, label: str | None = None) -> list[Version]:
        """Return the public versions of all releases that have a file with the label, if it is given; rising order."""
        return sorted(self.by_version(label))

    def by_version(self, label: str | None = None) -> dict[Version, list[File]]:
        """Return the files of each release by its public version; see `of`."""
        found: dict[str, dict[bool, list[File]]] = {}
        for file in self.files:
            local = file.version.local
            if label is None or local == label:
                found.setdefault(file.version.public, {}).setdefault(local is None, []).append(file)
        return {Version(text): files.get(True) or files[False] for text, files in found.items()}
