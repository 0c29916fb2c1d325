"""Whether a path leads to a file of the repository. Every read and every write of a repository's file asks here."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable

from fi_bump.boundary.left_out import GIT_FOLDER, LOCK_NAME, MARKS, VERSION_CONTROL, is_skipped, refusal

BEHIND_LINK = "is behind a link to a folder outside the repository"
OUTSIDE = "is a link to a file outside the repository"


def inside(top: str, path: str) -> bool:
    """Whether the real path `path` is the real path `top` or below it."""
    return path == top or path.startswith(top if top.endswith(os.sep) else top + os.sep)


class Boundary:
    """The boundary of one repository, for one scan: it remembers what it has seen of each folder.

    `links_out` are the links that `leads_out` met and that lead out of the repository, `borders` the folders with a
    lock of their own that the walk met. `linked` are the links to files that are read only under the link's path, each
    with the reason why fi-bump does not change the file. `named_by_links` are the files that are read under the path of
    a link, because only the link's name says what they are.
    """

    def __init__(self, root: str) -> None:
        self._root = root
        self._folders: dict[str, str | None] = {"": None}
        self.links_out: list[str] = []
        self.borders: list[str] = []
        self.linked: dict[str, str] = {}
        self.named_by_links: set[str] = set()
        self._real_root: str | None = None

    @property
    def real_root(self) -> str:
        """The root without symbolic links."""
        if self._real_root is None:
            self._real_root = os.path.realpath(self._root)
        return self._real_root

    def enter(self, folder: str) -> None:
        """Remember that the walk has listed this folder, so that it is real and part of the repository."""
        self._folders[folder] = None

    def refusal(self, path: str) -> str | None:
        """Return why `path`, relative to the root, is not a file of the repository, or None if it is or is missing.

        A link is followed: what counts is the file behind it. The text follows the path: `is in .git, …`.
        """
        named = None if path == LOCK_NAME else refusal(path)
        return named or self.refusal_above(path) or (self.refusal_behind(path) if self._is_link(path) else None)

    def refusal_above(self, path: str) -> str | None:
        """Like `refusal`, but for the folders above the path only; `path` itself may still be a link."""
        folder = path.rpartition("/")[0]
        return self._folders[folder] if folder in self._folders else self._folder(folder)

    def refusal_behind(self, path: str) -> str | None:
        """Return why the target of the link `path` is not a file of the repository, or None."""
        target = self._behind(path)
        if target is None:
            return OUTSIDE
        # The lock itself may be a link to a file of the repository: no pin is in it.
        if not target or path == LOCK_NAME:
            return None
        return refusal(target) or self.refusal_above(target)

    def target(self, path: str) -> str | None:
        """Return the path behind a link, relative to the root; None if it is outside, or no file is there."""
        target = self._behind(path)
        return target if target and os.path.isfile(os.path.join(self.real_root, target)) else None

    def is_readable(self, target: str) -> bool:
        """Whether a link may be read although no pin is looked for at its target, as in an environment.

        Version control, another checkout and a folder with a lock of its own have nothing to do with this repository.
        """
        folders = target.split("/")[:-1]
        above = ["/".join(folders[: number + 1]) for number in range(len(folders))]
        return not any(
            name.lower() in VERSION_CONTROL or self._is_foreign(os.path.join(self.real_root, folder))
            for name, folder in zip(folders, above, strict=True)
        )

    def _is_foreign(self, folder: str) -> bool:
        marks = (".git",), (LOCK_NAME,), GIT_FOLDER
        return any(_has(folder, names) for names in marks)

    def leads_out(self, path: str) -> bool:
        """Whether `path` is a link that leads out of the repository, whether something is there or not."""
        if not self._is_link(path) or self._behind(path) is not None:
            return False
        self.links_out.append(path)
        return True

    def _behind(self, path: str) -> str | None:
        """Return the path behind a link, relative to the root, or None if it is outside."""
        real = os.path.realpath(os.path.join(self._root, path))
        if not inside(self.real_root, real):
            return None
        return "" if real == self.real_root else os.path.relpath(real, self.real_root).replace(os.sep, "/")

    def _is_link(self, path: str) -> bool:
        return os.path.islink(os.path.join(self._root, path))

    def _folder(self, folder: str) -> str | None:
        """Return why a folder is not part of the repository, and remember it."""
        if folder not in self._folders:
            # A link to itself ends here: `realpath` gives up, and the folder is then neither a folder nor a link.
            self._folders[folder] = None
            self._folders[folder] = self.refusal_above(folder) or self._folder_itself(folder)
        return self._folders[folder]

    def _folder_itself(self, folder: str) -> str | None:
        name = folder.rpartition("/")[2]
        if name in ("", ".", ".."):
            return "is not a plain path inside the repository"
        if is_skipped(name):
            return f"is in {name}, where fi-bump reads and changes no file"
        path = os.path.join(self._root, folder)
        try:
            attributes = os.lstat(path)
        except OSError:
            return None
        if stat.S_ISLNK(attributes.st_mode):
            target = self._behind(folder)
            return BEHIND_LINK if target is None else self._folder(target)
        if self._is_git(attributes):
            return "is in .git, where fi-bump reads and changes no file"
        for mark, what in MARKS.items():
            if os.path.lexists(os.path.join(path, mark)):
                return f"is in {what} ({folder}), which is not part of this repository"
        if _has(path, GIT_FOLDER):
            return f"is in a folder of git ({folder}), which is not part of this repository"
        return None

    def _is_git(self, attributes: os.stat_result) -> bool:
        """Whether a folder is .git under another name, which some file systems allow."""
        try:
            return os.path.samestat(attributes, os.lstat(os.path.join(self._root, ".git")))
        except OSError:
            return False


def _has(folder: str, names: Iterable[str]) -> bool:
    """Whether a folder has an entry of each name."""
    return all(os.path.lexists(os.path.join(folder, name)) for name in names)
